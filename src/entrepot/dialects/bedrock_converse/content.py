"""Canonical parts to Converse's content blocks. Bytes are base64; there are no URLs but those of S3."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw

from entrepot.dialects.bedrock_converse.wire import NAME
from entrepot.dialects.turns import Turn, left_out, safe_id, takes_back
from entrepot.dialects.unsaid import arguments_of, cannot
from entrepot.errors import InvalidRequest
from entrepot.values.conversation import (
    Audio,
    Cache,
    File,
    Foreign,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Source,
    Text,
    ToolCall,
    ToolResult,
    Video,
)

Object = dict[str, Any]
_IMAGES = {"image/png": "png", "image/jpeg": "jpeg", "image/jpg": "jpeg", "image/gif": "gif", "image/webp": "webp"}
_DOCUMENTS = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
}
_VIDEOS = {
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/x-matroska": "mkv",
    "video/webm": "webm",
    "video/x-flv": "flv",
    "video/mpeg": "mpeg",
    "video/x-ms-wmv": "wmv",
    "video/3gpp": "three_gp",
}
_SOUNDS = frozenset({"mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv"})
_UNFIT = re.compile(r"[^a-zA-Z0-9\-()\[\] ]+")


class Blocks:
    """Parts of one request, one by one. `notes` grows with what is left out; `family` takes its own opaque state back."""

    def __init__(self, messages: Sequence[Message], family: str, notes: list[str]) -> None:
        self._messages = messages
        self._family = family
        self._notes = notes
        self._documents: set[str] = set()
        self._part: Part | None = None

    def of(self, turn: Turn) -> list[Object]:
        """The blocks of one turn. raises InvalidRequest, for what cannot be left out"""
        blocks: list[Object] = []
        for part in turn.parts:
            self._part = part
            if turn.role == "assistant" and isinstance(part, Image | Audio | Video | File):
                self._notes.append(f"{self._where()}: {type(part).__name__.lower()} of the assistant left out")
                continue
            block = self._block(part)
            if block is not None:
                blocks.append(block)
            cache = getattr(part, "cache", None)
            if cache is not None and blocks:
                blocks.append(cache_point(cache))
        if any("document" in block for block in blocks) and not any("text" in block for block in blocks):
            blocks.append({"text": "See the document."})
            self._notes.append("messages: a text stands beside a document, without which it is refused")
        return blocks

    def _where(self) -> str:
        """The path of the part that is being rendered."""
        for position, message in enumerate(self._messages):
            for number, part in enumerate(message.parts):
                if part is self._part:
                    return f"messages[{position}].content[{number}]"
        return "messages"

    def _block(self, part: Part) -> Object | None:
        if isinstance(part, Text | Refusal):
            return {"text": part.text} if part.text else None
        if isinstance(part, ToolCall):
            use = {"toolUseId": safe_id(part.id), "name": part.name, "input": arguments_of(part, self._notes)}
            return {"toolUse": use}
        if isinstance(part, ToolResult):
            return {"toolResult": self._result(part)}
        if isinstance(part, Reasoning):
            return self._thought(part)
        if isinstance(part, Foreign):
            return self._foreign(part)
        return self._media(part)

    def _result(self, part: ToolResult) -> Object:
        inner = [self._block(piece) for piece in part.parts]
        told: Object = {"toolUseId": safe_id(part.call_id), "content": [block for block in inner if block is not None]}
        return told | ({"status": "error"} if part.is_error else {})

    def _thought(self, part: Reasoning) -> Object | None:
        state = part.state
        if state is None:
            self._notes.append("reasoning: text without its maker's state left out")
            return None
        if state.family == "unknown" or not takes_back(state, self._family):
            self._notes.append(left_out(state, self._family))
            return None
        if state.kind == "encrypted":
            return {"reasoningContent": {"redactedContent": _text_as_bytes(state)}}
        return {"reasoningContent": {"reasoningText": {"text": part.text, "signature": state.data}}}

    def _foreign(self, part: Foreign) -> Object | None:
        if part.dialect != NAME:
            self._notes.append(f"{self._where()}: {part.name} left out, Converse does not know it")
            return None
        return {part.name: _inner(part.raw, part.name)}

    def _media(self, part: Image | Audio | Video | File) -> Object:
        if isinstance(part, Image):
            kind = self._format(part.source, _IMAGES)
            return {"image": {"format": kind, "source": self._source(part.source, "image")}}
        if isinstance(part, Video):
            kind = self._format(part.source, _VIDEOS)
            return {"video": {"format": kind, "source": self._source(part.source, "video")}}
        if isinstance(part, Audio):
            kind = part.format or part.source.media_type.removeprefix("audio/")
            if kind not in _SOUNDS:
                raise cannot(
                    self._where(), f"sound as one of {', '.join(sorted(_SOUNDS))}", kind, "Send it in one of these formats."
                )
            return {"audio": {"format": kind, "source": self._source(part.source, "audio")}}
        return {"document": self._document(part)}

    def _document(self, part: File) -> Object:
        if part.text:
            data = base64.b64encode(part.text.encode(errors="replace")).decode()
            told: Object = {"format": "txt", "name": self._name(part.name), "source": {"bytes": data}}
        else:
            kind = self._format(part.source, _DOCUMENTS)
            told = {"format": kind, "name": self._name(part.name), "source": self._source(part.source, "document")}
        if part.context:
            told["context"] = part.context
        return told | ({"citations": {"enabled": True}} if part.citable else {})

    def _name(self, said: str) -> str:
        """A document's name with the signs Bedrock accepts, different from those before it."""
        stem = " ".join(_UNFIT.sub(" ", said.rpartition(".")[0] or said).split())[:180] or "Document"
        name, number = stem, 2
        while name in self._documents:
            name, number = f"{stem} {number}", number + 1
        self._documents.add(name)
        return name

    def _format(self, source: Source, known: dict[str, str]) -> str:
        kind = known.get(source.media_type.partition(";")[0].strip().lower())
        if kind is None and source.url.startswith("s3://"):
            ending = source.url.rpartition(".")[2].lower()
            kind = ending if ending in known.values() else None
        if kind is None:
            told = source.media_type or source.url or source.file_id
            raise cannot(self._where(), f"one of {', '.join(known)}", told, "Send it inline, as a data URL with its media type.")
        return kind

    def _source(self, source: Source, what: str) -> Object:
        if source.data:
            return {"bytes": source.data}
        if source.url.startswith("s3://"):
            return {"s3Location": {"uri": source.url}}
        raise cannot(self._where(), f"the {what} inline, or in S3", source.url or source.file_id, "Send it as a data URL.")


def cache_point(cache: Cache) -> Object:
    return {"cachePoint": {"type": "default", **({"ttl": cache.ttl} if cache.ttl in ("5m", "1h") else {})}}


def _text_as_bytes(state: Opaque) -> str:
    """The reverse of `read._bytes_as_text`."""
    try:
        return base64.b64encode(state.data.encode("latin-1")).decode()
    except UnicodeEncodeError:
        raise InvalidRequest(
            "Hidden reasoning in the conversation is not as it was given.",
            expected="the encrypted reasoning of the earlier answer, unchanged",
            remedy="Send it back as it came, or leave the reasoning of that turn out.",
        ) from None


def _inner(raw: Raw, name: str) -> Raw:
    """What stands under the name of a block that came from here."""
    return _decode_names(raw)[name]


_decode_names = msgspec.json.Decoder(dict[str, Raw]).decode
