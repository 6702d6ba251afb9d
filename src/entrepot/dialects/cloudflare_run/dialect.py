"""Cloudflare's `ai/run` as a dialect of clients."""

from __future__ import annotations

from entrepot.dialects.cloudflare_run.parse import parse
from entrepot.dialects.cloudflare_run.refuse import render_error
from entrepot.dialects.cloudflare_run.words import NAME
from entrepot.dialects.cloudflare_run.write import RunStreamWriter, write
from entrepot.dialects.dialect import Dialect
from entrepot.dialects.openai_chat.converse import converse

dialect = Dialect(
    name=NAME,
    shown="Cloudflare's ai/run",
    parse=parse,
    converse=converse,
    write=write,
    writer=RunStreamWriter,
    render_error=render_error,
)
