"""Messages to contents: turns of user and model, all results of parallel calls in one content, in the order of the calls.

From Gemini 3 on the first call of each turn must bear a signature; where another maker's model made the call, Google's
placeholder stands for it. State that came apart from its part (a thought without text) goes onto the part after it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import msgspec
from msgspec import Raw

from entrepot.dialects.gemini.read import DIALECT, MADE_UP
from entrepot.dialects.gemini.thinking import PLACEHOLDER, Kind
from entrepot.dialects.turns import Turn, left_out, names_of_calls, turns
from entrepot.dialects.unsaid import arguments_of, cannot, text_in
from entrepot.values.conversation import (
    Audio,
    File,
    Foreign,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Source,
    Text,
    ToolCall,
    ToolResult,
    Video,
)

Json = dict[str, Any]
_MADE_UP = re.compile(MADE_UP + r"[0-9a-f]{24}|" + MADE_UP + r"\d+_\d+")
_KINDS = {
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp", "gif": "image/gif", "heic": "image/heic",
    "pdf": "application/pdf", "txt": "text/plain", "md": "text/markdown", "html": "text/html", "csv": "text/csv",
    "json": "application/json", "mp3": "audio/mp3", "wav": "audio/wav", "ogg": "audio/ogg", "flac": "audio/flac",
    "m4a": "audio/mp4", "aac": "audio/aac", "mp4": "video/mp4", "mov": "video/quicktime", "webm": "video/webm",
}  # fmt: skip
_SOUNDS = {"mp3": "audio/mp3", "pcm16": "audio/l16", "m4a": "audio/mp4"}
_MEDIA = (Image, Video, Audio, File)
_USUAL: dict[type, str] = {Image: "image/jpeg", Video: "video/mp4", File: "application/pdf", Audio: "audio/wav"}
_decode_object = msgspec.json.Decoder(dict[str, Raw]).decode


class Speaker:
    """Knows which model is spoken to, and notes what is left out."""

    __slots__ = ("_family", "_kind", "_names", "_notes", "_order")

    def __init__(self, messages: Sequence[Message], kind: Kind, family: str, notes: list[str]) -> None:
        self._kind = kind
        self._family = family
        self._notes = notes
        self._names = names_of_calls(messages)
        self._order = {name: place for place, name in enumerate(self._names)}

    def contents(self, messages: Iterable[Message]) -> list[Json]:
        """raises  InvalidRequest, for what the dialect has no form for"""
        messages = list(messages)
        if any(message.role in ("system", "developer") for message in messages):
            self._notes.append("messages: a system message in mid-conversation became a turn of the user")
        said = [(turn, self._said(turn.parts) if turn.role == "assistant" else self._heard(turn)) for turn in turns(messages)]
        return [{"role": "model" if turn.role == "assistant" else "user", "parts": parts} for turn, parts in said if parts]

    def system(self, messages: Iterable[Message]) -> Json | None:
        texts = [text_in(part) for message in messages for part in message.parts]
        parts = [{"text": text} for text in texts if text]
        return {"parts": parts} if parts else None

    # The user's side: a turn that says nothing stays, for a call of the model must follow one

    def _heard(self, turn: Turn) -> list[Json]:
        results = [part for part in turn.parts if isinstance(part, ToolResult)]
        results.sort(key=lambda result: self._order.get(result.call_id, len(self._order)))
        beside: list[Json] = []
        parts = [{"functionResponse": self._response(result, beside)} for result in results]
        rest = [self._plain(part) for part in turn.parts if not isinstance(part, ToolResult)]
        told = [*parts, *beside, *[part for part in rest if part]]
        return told or [{"text": ""} for part in turn.parts[:1] if isinstance(part, Text)]

    def _response(self, result: ToolResult, beside: list[Json]) -> Json:
        """`beside` gets the pictures and the like that the model takes only outside of results."""
        told: Json = {}
        if self._kind.ids and not _MADE_UP.fullmatch(result.call_id):
            told["id"] = result.call_id
        told["name"] = result.name or self._names.get(result.call_id) or result.call_id
        texts = [text_in(part) for part in result.parts]
        told["response"] = _answer("".join([text for text in texts if text]), result.is_error)
        media = [self._plain(part) for part, text in zip(result.parts, texts, strict=True) if text is None]
        inside = [part for part in media if part and self._kind.ids and part.keys() == {"inlineData"}]
        if inside:
            told["parts"] = inside
        beside += [part for part in media if part and part not in inside]
        return told

    # The model's side

    def _said(self, parts: Sequence[Part]) -> list[Json]:
        told: list[Json] = []
        waiting: Opaque | None = None
        unsigned = True
        for part in parts:
            if isinstance(part, Reasoning):
                waiting = self._thought(part, told) or waiting
                continue
            said = self._plain(part)
            state = self._own(getattr(part, "state", None)) or waiting
            if isinstance(part, Text) and not part.text and state is None:
                continue
            if said is None:
                continue
            if state is not None:
                said["thoughtSignature"] = state.data
                waiting = None
            elif isinstance(part, ToolCall) and unsigned and self._kind.signed_calls:
                said["thoughtSignature"] = PLACEHOLDER
            unsigned = unsigned and not isinstance(part, ToolCall)
            told.append(said)
        if waiting is not None:
            told.append({"text": "", "thoughtSignature": waiting.data})
        return told

    def _thought(self, part: Reasoning, told: list[Json]) -> Opaque | None:
        """Says a thought that has text and a signature; gives back the state of one without text, for the part after it."""
        state = self._own(part.state)
        if state is None:
            if part.state is None and part.family != self._family:
                self._notes.append(f"reasoning: text without state left out for {self._family}")
            return None
        if not part.text:
            return state
        told.append({"text": part.text, "thought": True, "thoughtSignature": state.data})
        return None

    def _own(self, state: Opaque | None) -> Opaque | None:
        if state is None or state.family == self._family:
            return state
        self._notes.append(left_out(state, self._family))
        return None

    def _plain(self, part: Part) -> Json | None:
        """A part without its signature; None for what cannot be said, which is noted."""
        if isinstance(part, ToolCall):
            return {"functionCall": self._call(part)}
        if isinstance(part, _MEDIA):
            return self._media(part)
        if isinstance(part, Foreign):
            if part.dialect == DIALECT:
                return dict(_decode_object(part.raw))
            self._notes.append(f"messages: {part.name} of {part.dialect} left out")
            return None
        text = text_in(part)
        bears = isinstance(part, Text) and part.state is not None
        return {"text": text} if text or (text is not None and bears) else None

    def _call(self, part: ToolCall) -> Json:
        told: Json = {"id": part.id} if self._kind.ids and part.id and not _MADE_UP.fullmatch(part.id) else {}
        arguments = Raw(msgspec.json.encode({"input": part.arguments})) if part.custom else arguments_of(part, self._notes)
        return told | {"name": part.name, "args": arguments}

    def _media(self, part: Image | Video | Audio | File) -> Json | None:
        source = part.source
        if isinstance(part, File) and part.text and not source.data:
            source = Source(data=base64.b64encode(part.text.encode(errors="replace")).decode(), media_type="text/plain")
        if source.url[:5].lower() == "data:":
            source = _inline(source)
        kind = source.media_type or _kind_of(part, source)
        if source.data:
            return {"inlineData": {"mimeType": kind or _USUAL[type(part)], "data": source.data}}
        if source.url or "://" in source.file_id:
            return {"fileData": {"mimeType": kind, "fileUri": source.url or source.file_id} if kind
                    else {"fileUri": source.url or source.file_id}}  # fmt: skip
        if source.file_id:
            raise cannot("messages", "bytes, an address or a file of Google", source.file_id, "Send the bytes of the file.")
        if isinstance(part, Audio) and part.transcript:
            return {"text": part.transcript}
        self._notes.append("messages: sound that only its provider keeps left out")
        return None


def _inline(source: Source) -> Source:
    """A data URL whose bytes are not base64."""
    data = unquote_to_bytes(source.url.partition(",")[2])
    return Source(data=base64.b64encode(data).decode(), media_type=source.media_type)


def _kind_of(part: Image | Video | Audio | File, source: Source) -> str:
    """The media type that goes without saying; "" when it does not."""
    if isinstance(part, Audio) and part.format:
        return _SOUNDS.get(part.format, f"audio/{part.format}")
    named = part.name if isinstance(part, File) and part.name else ""
    try:
        path = named or urlsplit(source.url or source.file_id).path
    except ValueError:
        return ""
    return _KINDS.get(path.rpartition(".")[2].lower(), "")


def _answer(text: str, is_error: bool) -> Any:
    """A result as an object: JSON that is one stays to the byte, anything else is wrapped."""
    if is_error:
        return {"error": text}
    stripped = text.strip()
    if stripped.startswith("{"):
        try:
            _decode_object(stripped)
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            return {"result": text}
        return Raw(stripped.encode())
    return {"result": text}
