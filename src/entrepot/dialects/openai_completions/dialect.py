"""Legacy Completions as a dialect that only clients speak."""

from __future__ import annotations

from entrepot.dialects.dialect import Dialect
from entrepot.dialects.openai_chat.write import render_error
from entrepot.dialects.openai_completions.parse import converse, parse
from entrepot.dialects.openai_completions.wire import NAME
from entrepot.dialects.openai_completions.write import CompletionStreamWriter, write
from entrepot.errors import GatewayError


def _render_error(error: GatewayError, generation_id: str) -> tuple[int, bytes]:
    return error.status, render_error(error.status, error.message, error.metadata, generation_id)


dialect = Dialect(
    name=NAME,
    shown="Completions",
    parse=parse,
    converse=converse,
    write=write,
    writer=CompletionStreamWriter,
    render_error=_render_error,
)
