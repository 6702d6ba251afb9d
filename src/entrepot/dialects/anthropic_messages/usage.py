"""Usage of Messages: `input_tokens` leaves out what the cache read and wrote; counts in a stream are totals so far.

Facts from recordings, read 2026-11: only `message_start` splits cache writes into their two classes, `message_delta` repeats the
totals; thinking is part of `output_tokens`, told apart by newer models only.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Raw

from entrepot.dialects.voice import encode
from entrepot.values.money import usd
from entrepot.values.usage import Usage

Number = int | float | None
_LIMIT = 2**40
"""More tokens than any call can have: a count past it is taken as not given."""


class _Written(msgspec.Struct):
    ephemeral_5m_input_tokens: Number = None
    ephemeral_1h_input_tokens: Number = None


class _Details(msgspec.Struct):
    thinking_tokens: Number = None


class _Served(msgspec.Struct):
    web_search_requests: Number = None


class WireUsage(msgspec.Struct):
    input_tokens: Number = None
    output_tokens: Number = None
    cache_creation_input_tokens: Number = None
    cache_read_input_tokens: Number = None
    cache_creation: _Written | None = None
    output_tokens_details: _Details | None = None
    server_tool_use: _Served | None = None
    service_tier: str | None = None

    def after(self, earlier: WireUsage) -> WireUsage:
        """These totals, and the earlier ones where these are silent."""
        for name in WireUsage.__struct_fields__:
            if getattr(self, name) is None:
                setattr(self, name, getattr(earlier, name))
        return self

    @property
    def said(self) -> bool:
        return self.input_tokens is not None or self.output_tokens is not None


def _whole(value: Number) -> int:
    return int(value) if value is not None and 0 <= value < _LIMIT else 0


def usage_of(told: WireUsage) -> Usage:
    completion, read = _whole(told.output_tokens), _whole(told.cache_read_input_tokens)
    split = told.cache_creation or _NOTHING_WRITTEN
    of_5m, of_1h = _whole(split.ephemeral_5m_input_tokens), _whole(split.ephemeral_1h_input_tokens)
    if told.cache_creation_input_tokens is not None:
        written = _whole(told.cache_creation_input_tokens)
        of_1h = min(of_1h, written)
        of_5m = written - of_1h
    thought = told.output_tokens_details.thinking_tokens if told.output_tokens_details is not None else None
    return Usage(
        prompt_tokens=_whole(told.input_tokens) + read + of_5m + of_1h,
        completion_tokens=completion,
        cached_tokens=read,
        cache_write_tokens=of_5m,
        cache_write_1h_tokens=of_1h,
        reasoning_tokens=min(_whole(thought), completion),
        web_searches=_whole(told.server_tool_use.web_search_requests) if told.server_tool_use is not None else 0,
    )


_NOTHING_WRITTEN = _Written()


def told_tier(told: WireUsage) -> str:
    """The service tier that was served, in Chat's words; "" when it was not told."""
    return "default" if told.service_tier == "standard" else told.service_tier or ""


# For the client

_TIERS = {"standard": "standard", "default": "standard", "priority": "priority", "fast": "priority", "batch": "batch"}


def tier_of(native: str) -> str | None:
    """The dialect's word for a service tier; None where it has none."""
    return _TIERS.get(native)


def counts(usage: Usage, tier: str | None = None) -> bytes:
    """All members of the published schema."""
    searches = b'{"web_search_requests":%d,"web_fetch_requests":0}' % usage.web_searches if usage.web_searches else b"null"
    return (
        b'{"input_tokens":%d,"cache_creation_input_tokens":%d,"cache_read_input_tokens":%d,'
        b'"cache_creation":{"ephemeral_5m_input_tokens":%d,"ephemeral_1h_input_tokens":%d},'
        b'"output_tokens":%d,"output_tokens_details":{"thinking_tokens":%d},'
        b'"server_tool_use":%b,"service_tier":%b,"inference_geo":null}'
    ) % (
        usage.prompt_tokens - usage.cached_tokens - usage.cache_write_tokens - usage.cache_write_1h_tokens,
        usage.cache_write_tokens + usage.cache_write_1h_tokens,
        usage.cached_tokens,
        usage.cache_write_tokens,
        usage.cache_write_1h_tokens,
        usage.completion_tokens,
        usage.reasoning_tokens,
        searches,
        encode(tier),
    )


def render_usage(usage: Usage, prompt_nano: int, completion_nano: int, tier: str | None = None) -> bytes:
    """The counts, and the cost in OpenRouter's members; money as exact decimal literals."""
    return counts(usage, tier)[:-1] + b"," + _cost(prompt_nano, completion_nano) + b"}"


def _cost(prompt_nano: int, completion_nano: int) -> bytes:
    return (
        b'"cost":%b,"is_byok":false,"cost_details":{"upstream_inference_cost":null,"upstream_inference_prompt_cost":%b,'
        b'"upstream_inference_completions_cost":%b}'
    ) % (usd(prompt_nano + completion_nano).encode(), usd(prompt_nano).encode(), usd(completion_nano).encode())


def with_cost(told: Mapping[str, Raw], prompt_nano: int, completion_nano: int) -> bytes:
    """The provider's own usage object, all its members kept, and the cost."""
    kept = encode(without_cost(told))
    return kept[:-1] + (b"," if len(kept) > 2 else b"") + _cost(prompt_nano, completion_nano) + b"}"


def without_cost(told: Mapping[str, Raw]) -> dict[str, Raw]:
    """What a provider says of what it charges is the operator's to know."""
    return {name: raw for name, raw in told.items() if name not in COST}


COST = frozenset({"cost", "is_byok", "cost_details", "cost_in_usd_ticks"})
"""As OpenRouter and xAI tell it."""
