"""Usage of Responses, read tolerantly and written with its cost beside it.

Input tokens include what was read from and written to the cache, output tokens include reasoning, also at xAI. OpenRouter
adds `cost` in USD, xAI `cost_in_usd_ticks` of 1e-10 USD (read 2026-11). Vendors do send null, floats and parts larger than their
whole: parts are clamped.
"""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec
from msgspec import Raw

from entrepot.dialects.openai_responses.shape import says
from entrepot.dialects.voice import Fields, decode_fields, encode
from entrepot.values.money import NANO, YOCTO
from entrepot.values.usage import Usage

Number = int | float | None


class _In(msgspec.Struct):
    cached_tokens: Number = None
    cache_write_tokens: Number = None
    audio_tokens: Number = None


class _Out(msgspec.Struct):
    reasoning_tokens: Number = None
    audio_tokens: Number = None
    image_tokens: Number = None


class _Wire(msgspec.Struct):
    input_tokens: Number = None
    output_tokens: Number = None
    input_tokens_details: _In | None = None
    output_tokens_details: _Out | None = None
    cost: Decimal | None = None
    cost_in_usd_ticks: Number = None


_decode = msgspec.json.Decoder(_Wire).decode
_LIMIT = 2**40
"""More tokens than any call can have: a count past it is taken as not given."""


def read_usage(raw: Raw, searches: int = 0) -> Usage | None:
    """None when it is not a usage object with tokens in it.

    searches  web searches told as items of the output
    """
    if not says(raw):
        return None
    try:
        told = _decode(raw)
    except msgspec.DecodeError:
        return None
    if told.input_tokens is None and told.output_tokens is None:
        return None
    details, out = told.input_tokens_details or _In(), told.output_tokens_details or _Out()
    prompt, completion = _count(told.input_tokens), _count(told.output_tokens)
    cached = min(_count(details.cached_tokens), prompt)
    written = min(_count(details.cache_write_tokens), prompt - cached)
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        cached_tokens=cached,
        cache_write_tokens=written,
        audio_tokens=min(_count(details.audio_tokens), prompt - cached - written),
        reasoning_tokens=min(_count(out.reasoning_tokens), completion),
        completion_audio_tokens=min(_count(out.audio_tokens), completion),
        completion_image_tokens=min(_count(out.image_tokens), completion),
        web_searches=searches,
        upstream_cost_yocto=_upstream_cost(told),
    )


def _count(value: Number) -> int:
    return int(value) if value is not None and 0 <= value < _LIMIT else 0


def _upstream_cost(told: _Wire) -> int | None:
    if told.cost_in_usd_ticks is not None and 0 <= told.cost_in_usd_ticks < 10**18:
        return int(told.cost_in_usd_ticks) * (YOCTO // 10**10)
    if told.cost is None or not 0 <= told.cost < 10**6:
        return None
    return int(told.cost * YOCTO)


def render_usage(usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
    """The `usage` of a response with OpenRouter's cost members; money as exact decimal literals. `upstream_inference_cost` is
    null: keys of the gateway's operator pay the provider, so the caller's cost is `cost` alone."""
    return (
        b'{"input_tokens":%d,"input_tokens_details":{"cached_tokens":%d,"cache_write_tokens":%d},"output_tokens":%d,'
        b'"output_tokens_details":{"reasoning_tokens":%d},"total_tokens":%d,%b}'
    ) % (
        usage.prompt_tokens,
        usage.cached_tokens,
        usage.cache_write_tokens + usage.cache_write_1h_tokens,
        usage.completion_tokens,
        usage.reasoning_tokens,
        usage.total_tokens,
        _costs(prompt_nano, completion_nano),
    )


def _costs(prompt_nano: int, completion_nano: int) -> bytes:
    return (
        b'"cost":%b,"is_byok":false,"cost_details":{"upstream_inference_cost":null,"upstream_inference_input_cost":%b,'
        b'"upstream_inference_output_cost":%b}'
    ) % (_usd(prompt_nano + completion_nano), _usd(prompt_nano), _usd(completion_nano))


def splice_usage(reported: Raw, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
    """The provider's own usage object with our cost in it; ours alone where it told none."""
    told = bytes(reported).rstrip()
    if all(name in told for name in _DEMANDED) and b'"cost' not in told:
        if b'"cache_write_tokens"' not in told:
            told = _DETAILS.sub(b'\\g<0>"cache_write_tokens":0,', told, count=1)
        return told[:-1] + b"," + _costs(prompt_nano, completion_nano) + b"}"
    ours = render_usage(usage, prompt_nano, completion_nano)
    if not says(reported):
        return ours
    return _merged(reported, ours)


def _merged(reported: Raw, ours: bytes) -> bytes:
    """Members the provider told, with those the dialect demands and it left out."""
    kept = decode_fields(ours)
    try:
        told = decode_fields(reported)
    except msgspec.DecodeError:
        return ours
    for name, raw in told.items():
        if name.endswith("_details") and name in kept and name != "cost_details":
            kept[name] = _with_details(kept[name], raw)
        elif name not in _OURS and says(raw):
            kept[name] = raw
    ordered: Fields = {name: kept.pop(name) for name in told if name in kept}
    return encode(ordered | kept)


def _with_details(ours: Raw, reported: Raw) -> Raw:
    """Members the provider told, over those the dialect demands."""
    try:
        told = decode_fields(reported)
    except msgspec.DecodeError:
        return ours
    return Raw(encode(decode_fields(ours) | {name: raw for name, raw in told.items() if says(raw)}))


_DEMANDED = (b'"cached_tokens"', b'"reasoning_tokens"', b'"total_tokens"', b'"input_tokens_details"', b'"output_tokens_details"')
_DETAILS = re.compile(rb'"input_tokens_details"\s*:\s*\{(?=\s*")')
_OURS = frozenset({"cost", "is_byok", "cost_details", "cost_in_usd_ticks"})


def _usd(nano: int) -> bytes:
    """`values.money.usd` for amounts that are not negative, as bytes."""
    return (b"%d.%09d" % divmod(nano, NANO)).rstrip(b"0").rstrip(b".")
