"""Chat Completions as a dialect of both sides."""

from __future__ import annotations

from typing import cast

from entrepot.dialects.dialect import Dialect, Hearing, Plain, Rendered, Streamed, Wishes
from entrepot.dialects.openai_chat.answer import PlainAnswer
from entrepot.dialects.openai_chat.converse import converse
from entrepot.dialects.openai_chat.parse import parse_request
from entrepot.dialects.openai_chat.read import ChatStreamReader, read
from entrepot.dialects.openai_chat.render import render
from entrepot.dialects.openai_chat.respeak import respeak
from entrepot.dialects.openai_chat.stream import StreamedAnswer
from entrepot.dialects.openai_chat.write import ChatStreamWriter, render_error, write
from entrepot.dialects.voice import Voice
from entrepot.errors import GatewayError
from entrepot.providers import Quirk
from entrepot.values.chat import Request as ChatRequest
from entrepot.values.request import Request


def _respeak(request: Request, wishes: Wishes) -> Rendered:
    return Rendered(respeak(cast(ChatRequest, request), wishes))


def _plain(body: bytes, voice: Voice, request: Request, hearing: Hearing) -> Plain:
    return PlainAnswer(body, voice, excludes_reasoning=Quirk.COMPLETION_EXCLUDES_REASONING in hearing.quirks)


def _streamed(voice: Voice, request: Request, hearing: Hearing) -> Streamed:
    excludes = Quirk.COMPLETION_EXCLUDES_REASONING in hearing.quirks
    return StreamedAnswer(voice, max_event_bytes=hearing.max_event_bytes, excludes_reasoning=excludes)


def _render_error(error: GatewayError, generation_id: str) -> tuple[int, bytes]:
    return error.status, render_error(error.status, error.message, error.metadata, generation_id)


dialect = Dialect(
    name="openai_chat",
    shown="Chat Completions",
    parse=parse_request,
    converse=converse,
    write=write,
    writer=ChatStreamWriter,
    render_error=_render_error,
    render=render,
    read=read,
    reader=ChatStreamReader,
    respeak=_respeak,
    plain=_plain,
    streamed=_streamed,
    fetches=frozenset({"image", "video"}),
)
