"""Messages as a dialect of both sides."""

from __future__ import annotations

from entrepot.dialects.anthropic_messages.converse import converse
from entrepot.dialects.anthropic_messages.failure import render_error
from entrepot.dialects.anthropic_messages.parse import parse
from entrepot.dialects.anthropic_messages.read import Reader, read
from entrepot.dialects.anthropic_messages.render import render
from entrepot.dialects.anthropic_messages.respeak import again, respeak
from entrepot.dialects.anthropic_messages.splice import SplicedPlain, SplicedStream
from entrepot.dialects.anthropic_messages.stream import Writer
from entrepot.dialects.anthropic_messages.words import FAMILY, NAME
from entrepot.dialects.anthropic_messages.write import write
from entrepot.dialects.dialect import Dialect, Rendered, Wishes
from entrepot.values.conversation import Conversation


def _path(model: str, stream: bool) -> str:
    return "/messages"


def _render(conversation: Conversation, wishes: Wishes) -> Rendered:
    """What came in this dialect is said again as it came, as far as it is still meant."""
    return again(conversation, wishes) if conversation.source and conversation.dialect == NAME else render(conversation, wishes)


dialect = Dialect(
    name=NAME,
    shown="Messages",
    family=FAMILY,
    parse=parse,
    converse=converse,
    write=write,
    writer=Writer,
    render_error=render_error,
    render=_render,
    path=_path,
    read=read,
    reader=Reader,
    respeak=respeak,
    plain=SplicedPlain,
    streamed=SplicedStream,
    fetches=frozenset({"image", "file"}),
    forces_schemas=True,
)
