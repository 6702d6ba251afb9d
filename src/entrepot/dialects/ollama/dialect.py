"""/api/chat as a dialect of providers."""

from __future__ import annotations

from entrepot.dialects.dialect import Dialect
from entrepot.dialects.ollama.read import Reader, read
from entrepot.dialects.ollama.render import NAME, render


def _path(model: str, stream: bool) -> str:
    return "/chat"


dialect = Dialect(name=NAME, shown="Ollama", path=_path, render=render, read=read, reader=Reader)
