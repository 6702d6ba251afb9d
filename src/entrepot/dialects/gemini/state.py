"""Signatures: Google's own as they come, those of other makers packed so that a Gemini client carries them.

A Gemini client knows one form of state: base64 on a part, which it gives back on the same part. Its SDKs decode and encode it
again, so the alphabet may change (`+/` to `-_`) but not the bytes. What another maker's reasoning needs is packed into that form,
with a mark in front that Google's own never have.
"""

from __future__ import annotations

import base64
import re
from typing import Literal

import msgspec

from entrepot.dialects.voice import encode
from entrepot.values.conversation import Opaque, Reasoning

_MARK = b"entrepot:"
PACKED = base64.b64encode(_MARK)
"""How packed state begins. The mark has a multiple of three bytes, so that nothing else decides its base64."""
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*={0,2}", re.ASCII)
_GAP = "\n\n"


class _Packed(msgspec.Struct, omit_defaults=True):
    """`text` was not shown to the client; `sections` are the lengths of the maker's summary, which is shown as one text."""

    family: str
    data: str
    kind: Literal["signature", "encrypted"] = "signature"
    id: str = ""
    text: str = ""
    sections: list[int] = []


_decode = msgspec.json.Decoder(_Packed).decode


def is_signature(data: str) -> bool:
    return bool(data) and _BASE64.fullmatch(data) is not None


def shown_text(thought: Reasoning) -> str:
    """What a client may read of a thought: its text, else the maker's summary of it."""
    return thought.text or _GAP.join(thought.summary)


def signature_of(state: Opaque | None, family: str) -> str:
    """The signature for a client: state of the family as it is, any other packed; "" for none."""
    if state is None:
        return ""
    return state.data if state.family == family else _pack(_Packed(state.family, state.data, state.kind))


def thought_signature(thought: Reasoning, family: str, *, shown: bool) -> str:
    """The same for a thought. What must come back beside its state travels inside, and its text too where that is not shown."""
    state = thought.state
    if state is None:
        return ""
    if state.family == family and (shown or not shown_text(thought)):
        return state.data
    sections = [len(section) for section in thought.summary] if not thought.text else []
    text = "" if shown else shown_text(thought)
    return _pack(_Packed(state.family, state.data, state.kind, thought.id, text, sections))


def _pack(packed: _Packed) -> str:
    return base64.b64encode(_MARK + encode(packed)).decode()


def opened(signature: str, family: str, text: str = "") -> Reasoning:
    """The thought that a signature stands for, with the text it came beside. raises ValueError, for one that was tampered with"""
    if not signature.startswith(PACKED.decode()):
        return Reasoning(text, state=Opaque(family, signature), family=family)
    packed = _unpack(signature)
    shown = packed.text or text
    summary = _sections(shown, packed.sections)
    state = Opaque(packed.family, packed.data, packed.kind)
    return Reasoning("" if summary else shown, summary, state, packed.id, packed.family)


def _sections(shown: str, lengths: list[int]) -> tuple[str, ...]:
    """The sections of a summary, by their lengths; one section where the client changed it."""
    if not lengths:
        return ()
    if sum(lengths) + len(_GAP) * (len(lengths) - 1) != len(shown):
        return (shown,) if shown else ()
    found, at = [], 0
    for length in lengths:
        found.append(shown[at : at + length])
        at += length + len(_GAP)
    return tuple(found)


def _unpack(signature: str) -> _Packed:
    raw = base64.b64decode(signature.replace("-", "+").replace("_", "/") + "=" * (-len(signature) % 4), validate=True)
    try:
        return _decode(raw[len(_MARK) :])
    except msgspec.DecodeError as error:
        raise ValueError(str(error)) from None
