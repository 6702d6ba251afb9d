"""Client bytes to a request of `/v1/messages` or `/v1/messages/count_tokens`."""

from __future__ import annotations

import msgspec

from entrepot.dialects.anthropic_messages.check import check
from entrepot.dialects.anthropic_messages.wire import Block, Body, Counted, Message, Source, Thinking
from entrepot.dialects.anthropic_messages.words import NAME
from entrepot.dialects.body import Words, read_body
from entrepot.values.media import media_of
from entrepot.values.request import Asked

KNOWN = frozenset(Body.__struct_fields__)
decode_body = msgspec.json.Decoder(Body).decode
_decode_counted = msgspec.json.Decoder(Counted).decode


def parse(body: bytes) -> Asked:
    """raises  InvalidRequest"""
    said, fields = read_body(body, decode_body, _WORDS)
    check(said)
    return Asked(
        dialect=NAME,
        fields=fields,
        size=len(body),
        slugs=_slugs(said),
        unknown=tuple(fields.keys() - KNOWN) if not fields.keys() <= KNOWN else (),
        stream=bool(said.stream),
        effort=effort_of(said),
        max_tokens=said.max_tokens,
        preferences=said.provider,
        parameters=_parameters(said),
        media=media_of(["image"] * _images(said.messages)),
        user=said.user or (said.metadata.user_id if said.metadata is not None else None) or "",
        session_id=said.session_id or "",
        said=said,
    )


def parse_count(body: bytes) -> Asked:
    """The request of `count_tokens`: what `countable()` gives is to be counted. raises InvalidRequest"""
    said, fields = read_body(body, _decode_counted, _WORDS)
    check(said)
    return Asked(dialect=NAME, fields=fields, size=len(body), slugs=_slugs(said), preferences=said.provider, said=said)


def render_count(tokens: int) -> bytes:
    return b'{"input_tokens":%d}' % tokens


def _slugs(said: Counted) -> tuple[str, ...]:
    listed = said.fallbacks if isinstance(said.fallbacks, list) else ()
    more = said.models or [fallback.model for fallback in listed]
    return tuple(dict.fromkeys([said.model, *more] if said.model else more))


def effort_of(said: Counted) -> str | None:
    """The wished effort, from whichever member it was said in; a budget as the effort that thinks about as long."""
    thinking, config = said.thinking, said.output_config
    if thinking is not None and thinking.type in ("disabled", "between_tools"):
        return "none"
    if config is not None and config.effort is not None:
        return config.effort
    if thinking is None:
        return None
    return "high" if thinking.type == "adaptive" else _effort_of_budget(thinking)


def _effort_of_budget(thinking: Thinking) -> str:
    budget = thinking.budget_tokens or 0
    return next((word for most, word in _BUDGETS if budget <= most), "high")


_BUDGETS = ((1024, "minimal"), (8192, "low"), (16384, "medium"))
"""The most tokens of a budget that an effort stands for. Adaptive thinking is `high`, its usual effort where none is said."""


def _parameters(said: Body) -> frozenset[str]:
    """Under their names in Chat Completions."""
    config, choice = said.output_config, said.tool_choice
    given = {
        "messages": True,
        "model": said.model is not None,
        "max_tokens": said.max_tokens is not None,
        "stream": said.stream is not None,
        "temperature": said.temperature is not None,
        "top_p": said.top_p is not None,
        "top_k": said.top_k is not None,
        "stop": bool(said.stop_sequences),
        "tools": bool(said.tools),
        "tool_choice": choice is not None and bool(said.tools),
        "parallel_tool_calls": choice is not None and choice.disable_parallel_tool_use is True,
        "reasoning": said.thinking is not None or (config is not None and config.effort is not None),
        "response_format": said.output_format is not None or (config is not None and config.format is not None),
        "user": said.user is not None or said.metadata is not None,
        "service_tier": said.service_tier is not None,
    }
    return frozenset([name for name, is_given in given.items() if is_given])


def _images(messages: list[Message]) -> int:
    return sum(
        [
            _images_in(block)
            for message in messages
            if message.role == "user" and not isinstance(message.content, str)
            for block in message.content
        ]
    )


def _images_in(block: Block) -> int:
    if block.type == "image":
        return 1
    inner = block.content if block.type == "tool_result" else None
    if block.type == "document" and isinstance(block.source, Source):
        inner = block.source.content
    return sum([_images_in(item) for item in inner]) if isinstance(inner, list) else 0


# What is expected, where msgspec's own words would not help


def _expected(told: str, path: str) -> str:
    return _VALUES.get(path.rpartition(".")[2], "") if told.startswith("Invalid") else ""


_VALUES = {
    "role": "user, assistant or system",
    "effort": "one of low, medium, high, xhigh, max",
    "ttl": "5m or 1h",
    "display": "summarized or omitted",
    "service_tier": "auto or standard_only",
    "speed": "standard or fast",
    "type": "a type that the Messages API knows here",
}


def _remedy(path: str) -> str:
    if path == "messages":
        return 'Send `messages: [{"role": "user", "content": "..."}]`; system text belongs into `system`.'
    return ""


_WORDS = Words(_expected, _remedy)
