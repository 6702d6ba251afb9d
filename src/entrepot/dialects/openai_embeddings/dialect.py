"""Embeddings as a dialect of both sides, which nothing is translated to or from."""

from __future__ import annotations

from entrepot.dialects.dialect import Dialect, Hearing, Plain
from entrepot.dialects.openai_chat.write import render_error
from entrepot.dialects.openai_embeddings.answer import PlainEmbeddings
from entrepot.dialects.openai_embeddings.parse import parse
from entrepot.dialects.openai_embeddings.respeak import respeak
from entrepot.dialects.openai_embeddings.wire import NAME
from entrepot.dialects.voice import Voice
from entrepot.errors import GatewayError
from entrepot.values.request import Request


def _plain(body: bytes, voice: Voice, request: Request, hearing: Hearing) -> Plain:
    return PlainEmbeddings(body, voice, request)


def _render_error(error: GatewayError, generation_id: str) -> tuple[int, bytes]:
    return error.status, render_error(error.status, error.message, error.metadata, generation_id)


def _path(model: str, stream: bool) -> str:
    return "/embeddings"


dialect = Dialect(
    name=NAME,
    shown="Embeddings",
    makes="embeddings",
    parse=parse,
    render_error=_render_error,
    path=_path,
    respeak=respeak,
    plain=_plain,
)
