"""A Messages request for a provider that speaks Messages too: what need not change goes on as the bytes it came as.

Most requests change only their model. What the plan wants otherwise, or only another maker could read, changes member by member.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import cast

import msgspec
from msgspec import Raw

from entrepot.dialects.anthropic_messages.blocks import FILES_BETA, Blocks
from entrepot.dialects.anthropic_messages.carried import MARK, Carried, carried, load_of
from entrepot.dialects.anthropic_messages.converse import conversation_of, converse
from entrepot.dialects.anthropic_messages.parse import decode_body
from entrepot.dialects.anthropic_messages.render import BETA_HEADER, beta_header, choice_of, longest, tool_of
from entrepot.dialects.anthropic_messages.thinking import takes_budget, thinking_for
from entrepot.dialects.anthropic_messages.wire import FOR_US, Body
from entrepot.dialects.anthropic_messages.words import FAMILY
from entrepot.dialects.dialect import Rendered, Wishes
from entrepot.dialects.pseudonym import pseudonym
from entrepot.dialects.turns import left_out
from entrepot.dialects.voice import Fields, decode_fields, encode
from entrepot.values.conversation import NOTHING, Conversation, Opaque, OutputFormat, fitted, given
from entrepot.values.request import Asked, Request

_BETAS = {
    "context_management": "context-management-2025-06-27",
    "mcp_servers": "mcp-client-2025-11-20",
    "output_format": "structured-outputs-2025-11-13",
    "fallbacks": "server-side-fallback-2026-07-01",
}
_BETA = re.compile(r"[A-Za-z0-9._-]+")
_FAST_BETA = "fast-mode-2026-02-01"
_COMPACT_BETA = "compact-2026-01-12"
_SKILLS_BETA = "skills-2025-10-02"
_SAMPLED = {"temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "stop_sequences": "stop"}


def respeak(request: Request, wishes: Wishes) -> Rendered:
    asked = cast(Asked, request)
    rendered = _respoken(asked, wishes)
    named = [name.strip() for name in asked.passed.get(BETA_HEADER, "")[:4096].split(",")]
    wished = [name for name in named if _BETA.fullmatch(name)]
    if not wished:
        return rendered
    ours = rendered.headers.get(BETA_HEADER, "")
    betas = dict.fromkeys([*wished, *(ours.split(",") if ours else ())])
    return msgspec.structs.replace(rendered, headers=rendered.headers | {BETA_HEADER: ",".join(betas)})


def _respoken(asked: Asked, wishes: Wishes) -> Rendered:
    said: Body = asked.said
    schema_refused = not wishes.schemas and asked.gives("response_format")
    if wishes.dropped or wishes.effort != asked.effort or schema_refused or _refused_budget(said, wishes):
        if asked.heard is None:
            asked.heard = converse(asked)
        return again(fitted(asked.heard, wishes.dropped, wishes.effort, wishes.max_tokens), wishes)
    fields = dict(asked.fields)
    if wishes.max_tokens is not None and wishes.max_tokens != said.max_tokens:
        fields["max_tokens"] = Raw(b"%d" % wishes.max_tokens)
    return _finished(fields, said, wishes, [])


def again(conversation: Conversation, wishes: Wishes) -> Rendered:
    """A conversation that came in this dialect: what it still means as it came, and the rest anew."""
    again = _Again(conversation, wishes)
    again.say_messages()
    again.say_tools()
    again.say_settings()
    again.say_output()
    again.say_thinking()
    return _finished(again.fields, again.said, wishes, again.notes)


class _Again:
    """The members of a request that came, and what the conversation it became has turned into since."""

    def __init__(self, now: Conversation, wishes: Wishes) -> None:
        self.fields = dict(now.source)
        self.said = decode_body(encode(self.fields))
        self.notes: list[str] = []
        self._wishes = wishes
        self._now = now
        self._came = conversation_of(self.said, self.fields)
        self._blocks = Blocks(wishes.family, self.notes, native=True)

    def say_messages(self) -> None:
        if self._now.messages != self._came.messages:
            system, messages = self._blocks.messages(self._now.messages)
            self.fields["messages"] = Raw(encode(messages))
            _set(self.fields, "system", Raw(encode(system)) if system else None)

    def say_tools(self) -> None:
        now, came = self._now, self._came
        if now.tools != came.tools:
            tools = [told for tool in now.tools if (told := tool_of(tool, self._blocks, self.notes)) is not None]
            _set(self.fields, "tools", Raw(encode(tools)) if tools else None)
        changed = (now.tool_choice, now.parallel_tool_calls) != (came.tool_choice, came.parallel_tool_calls)
        if changed or (came.tools and not now.tools):
            choice = choice_of(now.tool_choice, now.parallel_tool_calls) if now.tools else None
            _set(self.fields, "tool_choice", Raw(encode(choice)) if choice is not None else None)

    def say_settings(self) -> None:
        for name, canonical in _SAMPLED.items():
            value = getattr(self._now.sampling, canonical)
            if value != getattr(self._came.sampling, canonical):
                _set(self.fields, name, Raw(encode(value)) if value not in (None, ()) else None)
        if self._now.max_tokens not in (None, self._came.max_tokens):
            self.fields["max_tokens"] = Raw(encode(self._now.max_tokens))

    def say_output(self) -> None:
        now, came = self._now.output, self._came.output
        if came == OutputFormat() or (now == came and self._wishes.schemas):
            return
        if now == came:
            self.notes.append("response_format: left out, the model keeps to no schema")
        self.fields.pop("output_format", None)
        self._configure("format", None)

    def say_thinking(self) -> None:
        refused = _refused_budget(self.said, self._wishes)
        if refused:
            self.notes.append("thinking: adaptive, as the model takes no budget")
        elif self._now.reasoning == self._came.reasoning:
            return
        length = longest(self._now.max_tokens, self._wishes)
        thinking = thinking_for(self._now.reasoning, self._wishes, length, self.notes)
        _set(self.fields, "thinking", Raw(encode(thinking.control)) if thinking.control is not None else None)
        self._configure("effort", Raw(encode(thinking.effort)) if thinking.effort is not None else None)

    def _configure(self, name: str, raw: Raw | None) -> None:
        given_config = "output_config" in self.fields and _said(self.fields["output_config"])
        config = decode_fields(self.fields["output_config"]) if given_config else {}
        _set(config, name, raw)
        _set(self.fields, "output_config", Raw(encode(config)) if config else None)


def _refused_budget(said: Body, wishes: Wishes) -> bool:
    return said.thinking is not None and said.thinking.type == "enabled" and not takes_budget(wishes.reasoning)


def _set(fields: Fields, name: str, raw: Raw | None) -> None:
    if raw is None:
        fields.pop(name, None)
    else:
        fields[name] = raw


def _said(raw: Raw) -> bool:
    return bytes(memoryview(raw)) != b"null"


def _finished(fields: Fields, said: Body, wishes: Wishes, notes: list[str]) -> Rendered:
    """What every request gets: the provider's name of the model, a length, a digest in place of the user's name."""
    kept = {
        name: raw for name, raw in fields.items() if name not in FOR_US or (name == "fallbacks" and said.fallbacks == "default")
    }
    kept["model"] = Raw(encode(wishes.upstream_model))
    if "max_tokens" not in kept or not _said(kept["max_tokens"]):
        kept["max_tokens"] = Raw(b"%d" % longest(None, wishes))
    if said.user is not None or (said.metadata is not None and said.metadata.user_id is not None):
        _hide_user(kept, said, wishes)
    family = wishes.family or FAMILY
    messages = bytes(memoryview(kept["messages"]))
    if family != FAMILY or MARK in messages:
        kept["messages"] = _only_of(family, kept["messages"], notes)
    return Rendered(encode(kept), tuple(dict.fromkeys(notes)), beta_header(_betas(said, kept, messages)))


def _hide_user(kept: Fields, said: Body, wishes: Wishes) -> None:
    metadata = decode_fields(kept["metadata"]) if said.metadata is not None else {}
    user = said.user or (said.metadata.user_id if said.metadata is not None else None) or ""
    metadata["user_id"] = Raw(encode(pseudonym(user, wishes.user_salt)))
    kept["metadata"] = Raw(encode(metadata))


def _betas(said: Body, kept: Fields, messages: bytes) -> set[str]:
    """The features in a body that only work with a header."""
    betas = {beta for name, beta in _BETAS.items() if name in kept and _said(kept[name])}
    if said.speed == "fast":
        betas.add(_FAST_BETA)
    if b'"file_id"' in messages:
        betas.add(FILES_BETA)
    if said.context_management is not None and b'"compact' in bytes(memoryview(kept["context_management"])):
        betas.add(_COMPACT_BETA)
    if given(said.container) and b'"skills"' in bytes(memoryview(said.container)):
        betas.add(_SKILLS_BETA)
    return betas


# State that goes back to its own maker only


class _State(msgspec.Struct):
    type: str
    signature: str = ""
    data: str = ""


_decode_state = msgspec.json.Decoder(_State).decode
_decode_messages = msgspec.json.Decoder(list[Fields]).decode
_decode_list = msgspec.json.Decoder(list[Raw]).decode


def _only_of(family: str, messages: Raw, notes: list[str]) -> Raw:
    """The messages with every block to the byte, but thinking blocks of other makers left out."""

    def kept(raw: Raw) -> Raw | None:
        return _block_of(family, raw, notes)

    return Raw(encode([told for message in _decode_messages(messages) if (told := _rewritten(message, kept)) is not None]))


def _rewritten(message: Fields, kept: Callable[[Raw], Raw | None]) -> Fields | None:
    """None for a message of which nothing is left."""
    if bytes(memoryview(message["role"])) != b'"assistant"' or bytes(memoryview(message["content"]))[:1] != b"[":
        return message
    blocks = [told for raw in _decode_list(message["content"]) if (told := kept(raw)) is not None]
    return message | {"content": Raw(encode(blocks))} if blocks else None


def _block_of(family: str, raw: Raw, notes: list[str]) -> Raw | None:
    block = _decode_state(raw)
    if block.type == "text":
        return _bare_text(raw, family, notes)
    member = {"thinking": "signature", "redacted_thinking": "data"}.get(block.type)
    if member is None:
        return raw
    held: str = getattr(block, member)
    load = carried(held)
    if load is None:
        if family == FAMILY:
            return raw
        notes.append(left_out(Opaque(FAMILY, held), family))
        return None
    if load.family != family or load.of != "block" or (family == FAMILY and not load.data):
        notes.append(left_out(Opaque(load.family, load.data), family))
        return None
    return Raw(encode(decode_fields(raw) | {member: Raw(encode(load.data))}))


def _bare_text(raw: Raw, family: str, notes: list[str]) -> Raw:
    """A text block without state: no provider of this dialect has a place for it."""
    if MARK not in bytes(memoryview(raw)):
        return raw
    fields = decode_fields(raw)
    loads: list[Carried] = [load] if (load := carried(_decode_state(raw).signature)) is not None else []
    if loads:
        del fields["signature"]
    if bytes(memoryview(fields.get("citations", NOTHING)))[:1] == b"[":
        found = [(citation, load_of(citation)) for citation in _decode_list(fields["citations"])]
        loads += [load for _, load in found if load is not None]
        fields["citations"] = Raw(encode([citation for citation, load in found if load is None]))
    notes += [left_out(state, family) for load in loads if (state := load.state) is not None]
    return Raw(encode(fields))
