"""The OpenAI Responses dialect."""

from __future__ import annotations

from entrepot.dialects.dialect import Dialect
from entrepot.dialects.openai_responses.converse import converse
from entrepot.dialects.openai_responses.parse import parse
from entrepot.dialects.openai_responses.read import ResponsesReader, read
from entrepot.dialects.openai_responses.render import render
from entrepot.dialects.openai_responses.shape import FAMILY, NAME

dialect = Dialect(
    name=NAME,
    shown="Responses",
    family=FAMILY,
    path=lambda _model, _stream: "/responses",
    parse=parse,
    converse=converse,
    render=render,
    read=read,
    reader=ResponsesReader,
)
