"""Makes a request whole for one endpoint: what its provider cannot fetch is fetched, a PDF that its model cannot read is read.

The conversation is changed in place of the request's bytes (`Request.rewritten`), and stays so for the endpoints tried after this
one, who can all read bytes and text.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

import msgspec
from msgspec import Raw

from entrepot.dialects.translated import conversation_of, dialect
from entrepot.errors import InvalidRequest
from entrepot.files.fetch import Fetcher
from entrepot.files.pdf import PdfReader, hash_of
from entrepot.providers import Quirk
from entrepot.routing.plan import Candidate
from entrepot.settings import Files
from entrepot.values.chat import Request as ChatRequest
from entrepot.values.conversation import Audio, File, Image, Message, Part, Source, Text, ToolResult, Video
from entrepot.values.messages import AssistantMessage
from entrepot.values.request import Request

_KINDS: dict[type, str] = {Image: "image", Audio: "audio", Video: "video", File: "file"}
_OF_THE_PROVIDER = ("www.youtube.com", "youtube.com", "youtu.be", "generativelanguage.googleapis.com", "storage.googleapis.com")
"""Places whose URLs Google reads as a video or as a file of its own; what stands there is no file to be fetched."""


class Attachments:
    def __init__(self, settings: Files, fetcher: Fetcher | None = None, reader: PdfReader | None = None) -> None:
        self._fetcher = fetcher or Fetcher(settings)
        self._reader = reader or PdfReader(settings.pdf_s)
        self._max_files = settings.max_files
        self._max_bytes = settings.max_file_bytes * 4

    async def attach(self, request: Request, candidate: Candidate, quirks: frozenset[Quirk]) -> None:
        """raises  InvalidRequest, naming what cannot be had or read"""
        speaks = dialect(candidate.endpoint.dialect)
        same = request.dialect == speaks.name and not request.rewritten
        if Quirk.KEEPS_OPENROUTER_FIELDS in quirks and candidate.endpoint.provider != "sandbox":
            return
        if same and not (isinstance(request, ChatRequest) and request.has_files):
            return
        conversation = conversation_of(request)
        work = _Work(self._fetcher, self._reader, frozenset(_KINDS.values()) - speaks.fetches, _as_text(request, candidate))
        work.known = _known_texts(request)
        changed = await work.through(conversation.messages, self._max_files, self._max_bytes)
        if changed is not conversation.messages:
            request.heard = msgspec.structs.replace(conversation, messages=changed)
            request.rewritten = True
            if isinstance(request, ChatRequest):
                request.parsed = work.annotations or request.parsed


def _as_text(request: Request, candidate: Candidate) -> bool:
    """Whether PDFs are to be given as their text: the client says so, or the model reads no files."""
    if isinstance(request, ChatRequest) and request.pdf_engine in ("pdf-text", "cloudflare-ai"):
        return True
    return "file" not in candidate.model.input_modalities


def _known_texts(request: Request) -> dict[str, str]:
    """The text of files that were read on an earlier turn, by their hash: the client sends our annotations back."""
    found: dict[str, str] = {}
    if not isinstance(request, ChatRequest):
        return found
    for message in request.chat.messages:
        for raw in (message.annotations or ()) if isinstance(message, AssistantMessage) else ():
            told = msgspec.json.decode(raw)
            file = told.get("file") if isinstance(told, dict) else None
            content = file.get("content") if isinstance(file, dict) else None
            if isinstance(file, dict) and isinstance(content, list) and isinstance(file.get("hash"), str):
                texts = [part.get("text") for part in content if isinstance(part, dict)]
                found[file["hash"]] = "".join([text for text in texts if isinstance(text, str)])
    return found


class _Work:
    """One request's pictures and files. `annotations` tell a chat client what was read."""

    def __init__(self, fetcher: Fetcher, reader: PdfReader, fetches: frozenset[str], as_text: bool) -> None:
        self._fetcher = fetcher
        self._reader = reader
        self._ours = fetches
        self._as_text = as_text
        self.known: Mapping[str, str] = {}
        self.annotations: list[Raw] = []

    async def through(self, messages: tuple[Message, ...], max_files: int, max_bytes: int) -> tuple[Message, ...]:
        """The messages, the same object when nothing of them had to change."""
        found = [(path, part) for path, part in _all(messages) if self._concerns(part)]
        if not found:
            return messages
        if len(found) > max_files:
            raise InvalidRequest(
                f"The request has {len(found)} pictures and files to be fetched or read.",
                field=found[max_files][0],
                expected=f"at most {max_files}",
                received=str(len(found)),
                remedy="Send fewer, send their bytes, or have the operator raise files.max_files.",
            )
        done = await asyncio.gather(*[self._ready(part, path) for path, part in found])
        if sum(len(part.source.data) for part in done if not isinstance(part, Text)) > max_bytes * 4 // 3:
            raise InvalidRequest(
                f"The files of the request come to more than {max_bytes:,} bytes.",
                field=found[0][0],
                expected=f"at most {max_bytes} bytes together",
                received="more",
                remedy="Send fewer or smaller ones.",
            )
        return _with(messages, dict(zip([id(part) for _, part in found], done, strict=True)))

    def _concerns(self, part: Part) -> bool:
        if not isinstance(part, Image | Audio | Video | File):
            return False
        if isinstance(part, File) and self._as_text and not part.text and not part.source.file_id:
            return True
        url = part.source.url
        if _KINDS[type(part)] not in self._ours or url[:4].lower() != "http":
            return False
        return urlsplit(url).hostname not in _OF_THE_PROVIDER

    async def _ready(self, part: Part, path: str) -> Image | Audio | Video | File | Text:
        assert isinstance(part, Image | Audio | Video | File)
        source = part.source
        if source.url and not source.data:
            got = await self._fetcher.fetch(source.url, _KINDS[type(part)], path)
            source = Source(data=base64.b64encode(got.data).decode(), media_type=got.media_type)
            part = msgspec.structs.replace(part, source=source)
        if isinstance(part, File) and self._as_text:
            return await self._text(part, path)
        return part

    async def _text(self, file: File, path: str) -> Text:
        try:
            data = base64.b64decode(file.source.data, validate=True)
        except ValueError:
            raise InvalidRequest(
                f"`{path}` is not base64.", field=path, expected="the file's bytes in base64", received="something else"
            ) from None
        name = file.name or "file"
        if file.source.media_type.startswith("text/"):
            return Text(_framed(name, data.decode(errors="replace")), cache=file.cache)
        text = self.known.get(hash_of(data))
        if text is None:
            text = (await self._reader.read(data, path)).text
        told = {"hash": hash_of(data), "name": name, "content": [{"type": "text", "text": text}]}
        self.annotations.append(Raw(msgspec.json.encode({"type": "file", "file": told})))
        return Text(_framed(name, text), cache=file.cache)


def _framed(name: str, text: str) -> str:
    return f'<file name="{name.replace(chr(34), chr(39))}">\n{text}\n</file>'


def _all(messages: Iterable[Message]) -> Iterable[tuple[str, Part]]:
    for position, message in enumerate(messages):
        for number, part in enumerate(message.parts):
            path = f"messages[{position}].content[{number}]"
            if isinstance(part, ToolResult):
                yield from ((f"{path}.content[{inner}]", piece) for inner, piece in enumerate(part.parts))
            else:
                yield path, part


def _with(messages: tuple[Message, ...], changed: Mapping[int, Part]) -> tuple[Message, ...]:
    def new(part: Part) -> Part:
        if isinstance(part, ToolResult):
            return msgspec.structs.replace(part, parts=tuple([new(inner) for inner in part.parts]))
        return changed.get(id(part), part)

    return tuple([msgspec.structs.replace(message, parts=tuple([new(part) for part in message.parts])) for message in messages])
