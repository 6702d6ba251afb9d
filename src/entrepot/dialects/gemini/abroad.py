"""What of a Gemini request no other dialect can say."""

from __future__ import annotations

from entrepot.dialects.unsaid import cannot
from entrepot.values.conversation import Conversation

_CACHED = ("cachedContent", "cached_content")
MIME = "generationConfig.responseMimeType"


def abroad(conversation: Conversation) -> tuple[str, ...]:
    """Notes on what is left out. raises InvalidRequest, where the answer would then be to another question"""
    extra = conversation.extra
    for name in _CACHED:
        if name in extra:
            raise cannot(
                name, "the contents themselves", "a name of contents that Google keeps", "Send what is cached with the request."
            )
    if MIME in extra:
        told = bytes(extra[MIME]).decode(errors="replace").strip('"')
        raise cannot(MIME, "text/plain or application/json", told, "Ask for JSON, with an `enum` in its schema.")
    return tuple([f"{name}: left out, only Google's API knows it" for name in extra])
