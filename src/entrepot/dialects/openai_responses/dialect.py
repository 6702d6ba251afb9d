"""The OpenAI Responses dialect."""

from __future__ import annotations

from entrepot.dialects.dialect import Dialect
from entrepot.dialects.openai_responses.converse import converse
from entrepot.dialects.openai_responses.parse import parse
from entrepot.dialects.openai_responses.read import ResponsesReader, read
from entrepot.dialects.openai_responses.refuse import render_error
from entrepot.dialects.openai_responses.render import render
from entrepot.dialects.openai_responses.respeak import respeak
from entrepot.dialects.openai_responses.shape import FAMILY, NAME
from entrepot.dialects.openai_responses.splice import SplicedResponse, SplicedStream
from entrepot.dialects.openai_responses.write import ResponsesWriter, write

dialect = Dialect(
    name=NAME,
    shown="Responses",
    family=FAMILY,
    path=lambda _model, _stream: "/responses",
    parse=parse,
    converse=converse,
    render=render,
    render_error=render_error,
    read=read,
    reader=ResponsesReader,
    write=write,
    writer=ResponsesWriter,
    respeak=respeak,
    plain=SplicedResponse,
    streamed=SplicedStream,
    fetches=frozenset({"file", "image"}),
)
