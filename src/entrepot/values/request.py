"""What the rooms look at in a request, whichever dialect it came in.

`Request` is what they may ask of it. A Chat Completions request (`values.chat.Request`) answers from its own body, at no cost
for a call whose bytes stay bytes; every other dialect's parser fills an `Asked`. The whole conversation is made only when a
provider of another dialect is to be asked: `dialects.translated.conversation_of(request)`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

import msgspec
from msgspec import Raw

from entrepot.values.conversation import Conversation
from entrepot.values.media import NO_MEDIA, Media
from entrepot.values.preferences import Preferences


class Request(Protocol):
    """dialect     the client's
    fields      top-level members of the body, raw, under the client's own names
    unknown     names of members this dialect does not know; they pass to a provider of the same dialect
    heard       the conversation, once it was made
    rewritten   the conversation was changed here, so the request's own bytes no longer say what is asked
    media       what the messages carry beside text
    """

    dialect: str
    fields: dict[str, Raw]
    unknown: tuple[str, ...]
    size: int
    heard: Conversation | None
    rewritten: bool
    media: Media

    @property
    def slugs(self) -> tuple[str, ...]:
        """The models wished, in order, each once; empty when none was named."""
        ...

    @property
    def stream(self) -> bool: ...

    @property
    def effort(self) -> str | None: ...

    @property
    def max_tokens(self) -> int | None: ...

    @property
    def preferences(self) -> Preferences | None: ...

    @property
    def parameters(self) -> Collection[str]:
        """The parameters given, under their names in Chat Completions."""
        ...

    def gives(self, parameter: str) -> bool:
        """Whether a parameter is given and is not null."""
        ...

    @property
    def may_point(self) -> bool:
        """Whether something in it may have to be fetched or read: cheap to say, and right when it says no."""
        ...

    @property
    def user(self) -> str: ...

    @property
    def session_id(self) -> str: ...

    @property
    def wishes_reasoning_text(self) -> bool: ...

    def countable(self) -> tuple[Any, Any]:
        """Messages and tools as plain JSON values, for counting tokens of a prompt whose usage nobody told."""
        ...


class Asked(msgspec.Struct, kw_only=True):
    """A request of any dialect but Chat Completions, as its parser understood it. Members are explained at `Request`."""

    dialect: str
    fields: dict[str, Raw]
    size: int
    slugs: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    stream: bool = False
    effort: str | None = None
    max_tokens: int | None = None
    preferences: Preferences | None = None
    parameters: frozenset[str] = frozenset()
    media: Media = NO_MEDIA
    user: str = ""
    session_id: str = ""
    wishes_reasoning_text: bool = True
    said: Any = None
    """what the parser decoded, for its own `converse`"""
    heard: Conversation | None = None
    rewritten: bool = False
    passed: dict[str, str] = {}
    """headers of the client that a provider of the same dialect gets, by lower-case name"""

    @property
    def may_point(self) -> bool:
        told = [bytes(memoryview(self.fields[name])) for name in _PROMPTS if name in self.fields]
        return any(sign in text for text in told for sign in _SIGNS_OF_FILES)

    def gives(self, parameter: str) -> bool:
        return parameter in self.parameters

    def countable(self) -> tuple[Any, Any]:
        told = [_without_media(msgspec.json.decode(self.fields[name])) for name in _PROMPTS if name in self.fields]
        messages = [message for value in told for message in (value if isinstance(value, list) else [{"content": value}])]
        return messages, msgspec.json.decode(self.fields["tools"]) if "tools" in self.fields else None


def _without_media(value: Any) -> Any:
    """Plain JSON in which pictures, sound and files are one flat mark each: their bytes are not text."""
    if isinstance(value, list):
        return [_without_media(item) for item in value]
    if not isinstance(value, dict):
        return value
    if not _MEDIA.isdisjoint(value):
        return {"type": "image_url"}
    return {name: _without_media(item) for name, item in value.items()}


_MEDIA = frozenset(
    {"source", "image_url", "video_url", "input_audio", "file", "file_data", "file_url", "file_id", "inlineData", "inline_data",
     "fileData", "file_uri"}
)  # fmt: skip
_SIGNS_OF_FILES = (b"http", b'"input_file"', b'"document"', b"application/pdf")
_PROMPTS = ("system", "systemInstruction", "system_instruction", "instructions", "messages", "input", "contents", "prompt")
