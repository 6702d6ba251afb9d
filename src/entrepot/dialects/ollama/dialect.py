"""/api/chat as a dialect of providers."""

from __future__ import annotations

from entrepot.dialects.dialect import Dialect
from entrepot.dialects.ollama.read import Reader, read


def _path(model: str, stream: bool) -> str:
    return "/chat"


dialect = Dialect(name="ollama", shown="Ollama", path=_path, read=read, reader=Reader)
