"""Responses that are kept: pure functions for the rooms that keep them.

A provider is asked to keep nothing (`stateless`): what a later request goes on from is put before its own items (`with_history`),
so that any endpoint can answer it. What is to be kept of a response are its input and its output, item by item.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Raw

from entrepot.dialects.openai_responses.create import Item, Said
from entrepot.dialects.openai_responses.parse import as_input, media_in
from entrepot.dialects.openai_responses.shape import says
from entrepot.dialects.voice import Fields, decode_fields, encode
from entrepot.errors import InvalidRequest
from entrepot.values.request import Asked

_ENCRYPTED = "reasoning.encrypted_content"
_decode_item = msgspec.json.Decoder(Item).decode
_decode_raws = msgspec.json.Decoder(list[Raw]).decode


def wants_keeping(request: Asked) -> bool:
    """Whether the client wants the response kept: it does unless it says otherwise."""
    said: Said = request.said
    return said.create.store is not False


def with_history(request: Asked, before: Sequence[bytes], known: Mapping[str, bytes] | None = None) -> Asked:
    """The request with the items of the responses before it in front, and references to items replaced by the items.

    before  input and output items of the response in `previous_response_id` and of those before that, oldest first
    known   more items by id, for references; those of `before` are known anyway
    raises  InvalidRequest, for a reference to an item that is not there
    """
    said: Said = request.said
    raws = [Raw(item) for item in before]
    items = [_decode_item(raw) for raw in raws]
    there = {**(known or {}), **{item.id: bytes(raw) for item, raw in zip(items, raws, strict=True) if item.id}}
    for position, (item, raw) in enumerate(zip(said.items, said.raws, strict=True)):
        if item.kind == "item_reference":
            raw = _referred(item.id or "", there, position)
            item = _decode_item(raw)
        items.append(item)
        raws.append(raw)
    fields: Fields = {name: raw for name, raw in request.fields.items() if name != "previous_response_id"}
    fields["input"] = as_input(raws)
    size = request.size + len(memoryview(fields["input"]))
    changed = Said(said.create, items, raws, joined=True, stateless=said.stateless, before=len(before))
    return msgspec.structs.replace(request, fields=fields, size=size, said=changed, media=media_in(items), heard=None)


def _referred(name: str, there: Mapping[str, bytes], position: int) -> Raw:
    if name not in there:
        raise InvalidRequest(
            f"The item `{name[:80]}` is not kept here.",
            field=f"input[{position}].id",
            expected="the id of an item of the response in `previous_response_id`",
            received=name[:80],
            remedy="Send the item itself.",
        )
    return Raw(there[name])


def stateless(request: Asked) -> Asked:
    """The request as a provider is to get it that keeps nothing: its thoughts come encrypted, so that they can be sent again."""
    said: Said = request.said
    fields: Fields = dict(request.fields)
    fields["store"] = Raw(b"false")
    if said.create.reasoning is not None or any(item.kind == "reasoning" for item in said.items):
        include = list(said.create.include or ())
        fields["include"] = Raw(encode(include if _ENCRYPTED in include else [*include, _ENCRYPTED]))
    changed = Said(said.create, said.items, said.raws, said.joined, stateless=True, before=said.before)
    return msgspec.structs.replace(request, fields=fields, said=changed, heard=None)


def input_items(request: Asked, response_id: str) -> list[bytes]:
    """The request's own items as they are kept and listed, each with an id."""
    said: Said = request.said
    kept = []
    own = zip(said.items[said.before :], said.raws[said.before :], strict=True)
    for position, (item, raw) in enumerate(own):
        name = item.id or f"{_PREFIXES.get(item.kind, 'item')}_{response_id.removeprefix('resp_')}i{position}"
        told = {"id": Raw(encode(name)), "type": Raw(encode(item.kind))} | decode_fields(raw)
        kept.append(encode(told | {"id": Raw(encode(name))}))
    return kept


_PREFIXES = {"message": "msg", "reasoning": "rs", "function_call": "fc", "custom_tool_call": "ctc"}


def output_items(response: bytes) -> list[bytes]:
    """The items of a response as it was given to the client."""
    return [bytes(raw) for raw in _decode_raws(decode_fields(response)["output"])]


def response_in(end: bytes) -> bytes | None:
    """The whole response in what ends a stream (`end_with`); None when it holds none."""
    for line in reversed(end.split(b"\n")):
        if line.startswith(b"data: {"):
            told = decode_fields(line[6:]).get("response", Raw())
            return bytes(told) if says(told) else None
    return None


def listed(items: Sequence[bytes], *, has_more: bool = False) -> bytes:
    """A page of items, as GET /responses/{id}/input_items gives it."""
    names = [_decode_item(item).id for item in items]
    first, last = (names[0], names[-1]) if names else (None, None)
    data = [Raw(item) for item in items]
    return encode({"object": "list", "data": data, "first_id": first, "last_id": last, "has_more": has_more})


def deleted(response_id: str) -> bytes:
    return encode({"id": response_id, "object": "response", "deleted": True})


def input_tokens(count: int) -> bytes:
    """What POST /responses/input_tokens answers."""
    return encode({"object": "response.input_tokens", "input_tokens": count})
