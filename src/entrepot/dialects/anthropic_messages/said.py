"""Parts of an answer as blocks for a client: what plain and streamed answers share."""

from __future__ import annotations

from typing import Any

from msgspec import Raw

from entrepot.dialects.anthropic_messages.carried import Carried, carry
from entrepot.dialects.anthropic_messages.words import FAMILY, NAME, stop_reason_of
from entrepot.dialects.turns import safe_id
from entrepot.dialects.voice import Voice, decode_fields, dumps, encode
from entrepot.values.conversation import Citation, Opaque, Reasoning, given
from entrepot.values.event import Finished

Object = dict[str, Any]


def json_of(text: str) -> bytes:
    try:
        return encode(text)
    except UnicodeEncodeError:
        return dumps(text)


def one_line(told: bytes | Raw) -> bytes:
    """JSON as a line of a stream takes it: it may have come indented."""
    text = bytes(memoryview(told))
    return text if b"\n" not in text and b"\r" not in text else text.replace(b"\r", b" ").replace(b"\n", b" ")


def names(voice: Voice) -> bytes:
    """The beginning of a message: its id is the generation's, in this dialect's form."""
    return b'{"id":%b,"type":"message","role":"assistant","model":%b,"provider":%b' % (
        encode(message_id(voice)),
        encode(voice.model),
        encode(voice.provider),
    )


def message_id(voice: Voice) -> str:
    return "msg_" + voice.id.removeprefix("gen-")


def call_id(told: str, voice: Voice, index: int) -> str:
    """The provider's id where it gave one, in the letters the dialect knows."""
    return safe_id(told) if told else f"toolu_{message_id(voice)[4:]}_{index}"


def signature_of(part: Reasoning, cuts: tuple[int, ...]) -> str:
    """What stands in `signature`: Claude's own, or another's carried; unsigned text is marked too, as Claude takes none."""
    state = part.state
    if state is None:
        return carry(Carried("block", part.family or "unknown", name=part.id, cuts=cuts))
    if state.family == FAMILY and state.kind == "signature" and not part.id and not cuts:
        return state.data
    return carry(Carried("block", state.family, state.kind, part.id, cuts, state.data))


def hidden_of(part: Reasoning) -> str | None:
    """What stands in `data` of a redacted block; None where there is nothing to hide."""
    state = part.state
    if state is None:
        return carry(Carried("block", part.family or "unknown", name=part.id)) if part.id else None
    if state.family == FAMILY and state.kind == "encrypted" and not part.id:
        return state.data
    return carry(Carried("block", state.family, state.kind, part.id, (), state.data))


def shows_text(part: Reasoning, thinking: str) -> bool:
    """Whether it is a thinking block rather than a redacted one: Claude's may have a signature and no text."""
    if thinking:
        return True
    return part.state is not None and part.state.family == FAMILY and part.state.kind == "signature" and not part.id


def state_of_call(state: Opaque, name: str) -> str:
    return carry(Carried("call", state.family, state.kind, name, (), state.data))


def state_of_text(state: Opaque) -> str:
    return carry(Carried("text", state.family, state.kind, "", (), state.data))


def citation_block(citation: Citation) -> Object | Raw | None:
    """None for one that says no address: the dialect has no word for it."""
    if citation.dialect == NAME and given(citation.raw):
        return citation.raw
    if not citation.url:
        return None
    told = {"type": "web_search_result_location", "url": citation.url, "title": citation.title or None}
    return told | {"cited_text": citation.text, "encrypted_index": ""}


def free_text(text: str) -> str:
    """The input of a tool that takes free text."""
    return dumps({"input": text}).decode()


def ending(finish: Finished | None, *, refused: bool) -> bytes:
    """The members that tell why it is over, without braces."""
    reason = stop_reason_of(finish.reason, finish.native) if finish is not None else "end_turn"
    if refused and reason == "end_turn":
        reason = "refusal"
    more = decode_fields(finish.raw) if finish is not None and finish.dialect == NAME and given(finish.raw) else {}
    told = {"stop_details": Raw(b"null"), "container": Raw(b"null")} | more
    stop = finish.stop if finish is not None else None
    if stop is not None and reason == "end_turn":
        reason = "stop_sequence"
    head = b'"stop_reason":%b,"stop_sequence":%b,' % (encode(reason), json_of(stop) if stop is not None else b"null")
    return head + encode(told)[1:-1]
