"""v2/chat as a dialect of providers."""

from __future__ import annotations

from entrepot.dialects.cohere.read import Reader, read
from entrepot.dialects.cohere.render import render
from entrepot.dialects.cohere.wire import NAME
from entrepot.dialects.dialect import Dialect


def _path(model: str, stream: bool) -> str:
    return "/chat"


dialect = Dialect(
    name=NAME, shown="Cohere Chat", path=_path, render=render, read=read, reader=Reader, fetches=frozenset({"image"})
)
