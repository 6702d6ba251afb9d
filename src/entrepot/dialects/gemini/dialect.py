"""Google's generateContent as a dialect of both sides. Model and streaming stand in the path."""

from __future__ import annotations

from urllib.parse import quote

from entrepot.dialects.dialect import Dialect
from entrepot.dialects.gemini.abroad import abroad
from entrepot.dialects.gemini.converse import converse
from entrepot.dialects.gemini.parse import parse
from entrepot.dialects.gemini.read import DIALECT, FAMILY, Reader, read
from entrepot.dialects.gemini.render import render, respeak
from entrepot.dialects.gemini.splice import SplicedAnswer, SplicedStream
from entrepot.dialects.gemini.write import Writer, render_error, write


def path_of(model: str, stream: bool) -> str:
    """The same under the Gemini API's base (`…/v1beta`) and Vertex AI's (`…/publishers/google`)."""
    kept = quote(model, safe="/-_.~@")
    name = kept if kept.startswith(("models/", "tunedModels/")) else f"models/{kept}"
    return f"/{name}:streamGenerateContent?alt=sse" if stream else f"/{name}:generateContent"


dialect = Dialect(
    name=DIALECT,
    shown="Gemini",
    family=FAMILY,
    parse=parse,
    converse=converse,
    abroad=abroad,
    render=render,
    respeak=respeak,
    read=read,
    reader=Reader,
    path=path_of,
    write=write,
    writer=Writer,
    render_error=render_error,
    plain=SplicedAnswer,
    streamed=SplicedStream,
)
