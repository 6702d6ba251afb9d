"""What the messages of a chat request carry, as canonical parts."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from entrepot.values import messages as sent
from entrepot.values.conversation import (
    Audio,
    Cache,
    File,
    Image,
    Part,
    Reasoning,
    Refusal,
    Source,
    Text,
    Video,
    source_of,
)


def parts_of(content: sent.Content | None) -> tuple[Part, ...]:
    if content is None:
        return ()
    if isinstance(content, str):
        return (Text(content),)
    return tuple([_part(part) for part in content])


def _part(part: sent.Part) -> Part:
    if isinstance(part, sent.TextPart):
        return Text(part.text, cache=cache_of(part.cache_control) or (Cache() if part.prompt_cache_breakpoint else None))
    if isinstance(part, sent.ImagePart):
        return Image(source_of(part.image_url.url), part.image_url.detail or "", cache_of(part.cache_control))
    if isinstance(part, sent.AudioPart):
        told = part.input_audio
        kind = "audio/mpeg" if told.format == "mp3" else f"audio/{told.format}"
        return Audio(Source(data=told.data, media_type=kind), told.format, cache=cache_of(part.cache_control))
    if isinstance(part, sent.VideoPart | sent.InputVideoPart):
        return Video(source_of(part.video_url.url))
    if isinstance(part, sent.FilePart):
        return File(_file_source(part.file), part.file.filename or "", cache=cache_of(part.cache_control))
    if isinstance(part, sent.RefusalPart):
        return Refusal(part.refusal)
    return Reasoning(_thoughts(part.thinking))


def _file_source(file: sent.File) -> Source:
    if file.file_id:
        return Source(file_id=file.file_id)
    data = file.file_data or ""
    if data[:5].lower() == "data:" or data[:4].lower() == "http":
        return source_of(data)
    return Source(data=data, media_type="application/pdf")


def _thoughts(thinking: Any) -> str:
    if isinstance(thinking, str):
        return thinking
    pieces = thinking if isinstance(thinking, list) else ()
    return "".join([piece["text"] for piece in pieces if isinstance(piece, dict) and isinstance(piece.get("text"), str)])


def cache_of(marker: dict[str, Raw] | None) -> Cache | None:
    if marker is None:
        return None
    ttl = marker.get("ttl")
    told = msgspec.json.decode(ttl) if ttl else ""
    return Cache(told if isinstance(told, str) else "")
