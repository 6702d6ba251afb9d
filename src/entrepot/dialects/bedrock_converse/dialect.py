"""Converse as a dialect of providers."""

from __future__ import annotations

from urllib.parse import quote

from entrepot.dialects.bedrock_converse.read import Reader, read
from entrepot.dialects.bedrock_converse.render import render
from entrepot.dialects.bedrock_converse.wire import NAME
from entrepot.dialects.dialect import Dialect


def _path(model: str, stream: bool) -> str:
    """The model stands in the path, percent-encoded to the last sign: `:` and, in ARNs, `/`."""
    return f"/model/{quote(model, safe='')}/{'converse-stream' if stream else 'converse'}"


dialect = Dialect(name=NAME, shown="Bedrock Converse", path=_path, render=render, read=read, reader=Reader)
