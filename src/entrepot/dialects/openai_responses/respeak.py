"""The request for a provider of the same dialect: members and items keep their bytes, but for what must change."""

from __future__ import annotations

from typing import Any, cast

import msgspec
from msgspec import Raw

from entrepot.dialects.dialect import Rendered, Wishes
from entrepot.dialects.openai_responses.converse import refuse_what_is_not_kept, state_of
from entrepot.dialects.openai_responses.create import GATEWAY_ONLY, Content, Item, Said
from entrepot.dialects.openai_responses.parse import as_input
from entrepot.dialects.openai_responses.shape import FAMILY
from entrepot.dialects.pseudonym import pseudonym
from entrepot.dialects.turns import left_out
from entrepot.dialects.voice import Fields, decode_fields, encode
from entrepot.providers import Quirk
from entrepot.values.request import Asked, Request

_KEPT_BY_OPENROUTER = frozenset({"session_id", "cache_control", "image_config", "trace", "stop_server_tools_when"})
_MEMBERS = {
    "max_tokens": ("max_output_tokens",),
    "tools": ("tools", "tool_choice", "parallel_tool_calls"),
    "logprobs": ("top_logprobs",),
}
"""The members of this dialect that a parameter of Chat Completions stands for, where the names differ."""
_LOGPROBS = "message.output_text.logprobs"


def respeak(request: Request, wishes: Wishes) -> Rendered:
    """raises  InvalidRequest, for a response before this one that is not kept here"""
    asked = cast(Asked, request)
    said: Said = asked.said
    refuse_what_is_not_kept(said)
    notes: list[str] = []
    keeps = Quirk.KEEPS_OPENROUTER_FIELDS in wishes.quirks
    ours = GATEWAY_ONLY - _KEPT_BY_OPENROUTER if keeps else GATEWAY_ONLY
    fields = {name: raw for name, raw in asked.fields.items() if name not in ours}
    fields["model"] = Raw(encode(wishes.upstream_model))
    _drop(fields, wishes.dropped)
    _fit(fields, asked, wishes)
    if said.create.user:
        fields["user"] = Raw(encode(pseudonym(said.create.user, wishes.user_salt)))
    items = _Items(wishes, keeps=keeps, notes=notes).all(said)
    if items is not None:
        fields["input"] = as_input(items)
    if not keeps and any(tool.cache_control is not None for tool in said.create.tools or ()):
        fields["tools"] = Raw(encode([_without(tool, "cache_control") for tool in _decode_list(fields["tools"])]))
    return Rendered(encode(fields), tuple(dict.fromkeys(notes)))


_decode_list = msgspec.json.Decoder(list[Fields]).decode


def _without(fields: Fields, *names: str) -> Fields:
    return {name: raw for name, raw in fields.items() if name not in names}


def _drop(fields: Fields, dropped: tuple[str, ...]) -> None:
    for parameter in dropped:
        for name in _MEMBERS.get(parameter, (parameter,)):
            fields.pop(name, None)
        member = {"response_format": "format", "verbosity": "verbosity"}.get(parameter)
        if member is not None and "text" in fields:
            fields["text"] = Raw(encode(_without(decode_fields(fields["text"]), member)))
        if parameter == "logprobs" and "include" in fields:
            kept = [name for name in msgspec.json.decode(fields["include"]) if name != _LOGPROBS]
            fields["include"] = Raw(encode(kept))


def _fit(fields: Fields, asked: Asked, wishes: Wishes) -> None:
    """Length and effort as the endpoint takes them."""
    if wishes.max_tokens is not None and wishes.max_tokens != asked.max_tokens:
        fields["max_output_tokens"] = Raw(b"%d" % wishes.max_tokens)
    if wishes.effort == asked.effort:
        return
    told = decode_fields(fields["reasoning"]) if "reasoning" in fields else {}
    told = _without(told, "effort", "enabled", "max_tokens")
    if wishes.effort is not None:
        told = {"effort": Raw(encode(wishes.effort))} | told
    if told:
        fields["reasoning"] = Raw(encode(told))
    else:
        fields.pop("reasoning", None)


class _Items:
    """Input items, rewritten only when one of them needs it.

    Cases: state that was sealed, or that is another maker's; the role `developer` where it is not known; markers of OpenRouter's.
    """

    def __init__(self, wishes: Wishes, *, keeps: bool, notes: list[str]) -> None:
        self._family = wishes.family or FAMILY
        self._system_only = Quirk.DEVELOPER_AS_SYSTEM in wishes.quirks
        self._keeps = keeps
        self._notes = notes

    def all(self, said: Said) -> list[Raw] | None:
        """None when they stay as they came. Where a thought stays behind, so do the names of what it led to."""
        out: list[Raw] = []
        changed = nameless = False
        for position, (item, raw) in enumerate(zip(said.items, said.raws, strict=True)):
            if item.kind == "reasoning":
                kept = self._thought(item, raw, position)
                nameless = nameless or kept is None
            else:
                nameless = nameless and (item.role == "assistant" or item.kind in _SAID)
                kept = self._item(item, raw, nameless)
            changed = changed or kept is not raw
            if kept is not None:
                out.append(kept)
        return out if changed else None

    def _thought(self, item: Item, raw: Raw, position: int) -> Raw | None:
        if not item.encrypted_content:
            return raw
        found = state_of(item, position)
        if found.of or found.state.family != self._family:
            self._notes.append(left_out(found.state, self._family))
            return None
        if found.state.data == item.encrypted_content and item.format is None:
            return raw
        fields = _without(decode_fields(raw), "format", "signature")
        return Raw(encode(fields | {"encrypted_content": Raw(encode(found.state.data))}))

    def _item(self, item: Item, raw: Raw, nameless: bool) -> Raw:
        developer = self._system_only and item.role == "developer" and item.kind == "message"
        parts = item.content if isinstance(item.content, list) and not self._keeps else []
        marked = any(part.cache_control is not None for part in parts)
        if not (developer or marked or (nameless and item.id)):
            return raw
        fields = decode_fields(raw)
        if developer:
            fields["role"] = Raw(b'"system"')
        if marked:
            fields["content"] = Raw(encode([_without(part, "cache_control") for part in _decode_list(fields["content"])]))
        if nameless:
            fields = _nameless(fields, item)
        return Raw(encode(fields))


_SAID = frozenset({"function_call", "custom_tool_call", "function_call_output", "custom_tool_call_output"})


def _nameless(fields: Fields, item: Item) -> Fields:
    """Without its id; a message in the short form, which demands none."""
    told: dict[str, Any] = _without(fields, "id", "status")
    if item.kind == "message" and isinstance(item.content, list):
        told["content"] = "".join([_words(part) for part in item.content])
    return told


def _words(part: Content) -> str:
    return part.text or part.refusal or ""
