"""Messages as a dialect of both sides."""

from __future__ import annotations

from entrepot.dialects.anthropic_messages.converse import converse
from entrepot.dialects.anthropic_messages.parse import parse
from entrepot.dialects.anthropic_messages.read import Reader, read
from entrepot.dialects.anthropic_messages.words import FAMILY, NAME
from entrepot.dialects.dialect import Dialect


def _path(model: str, stream: bool) -> str:
    return "/messages"


dialect = Dialect(
    name=NAME,
    shown="Messages",
    family=FAMILY,
    parse=parse,
    converse=converse,
    read=read,
    reader=Reader,
    path=_path,
)
