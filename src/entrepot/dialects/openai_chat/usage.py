"""Usage objects of chat dialects, read tolerantly and written in OpenRouter's form.

Facts (provider-by-provider departures) read 2026-11: DeepSeek says prompt_cache_hit_tokens, Mistral num_cached_tokens, Together
and Moonshot cached_tokens; xAI leaves reasoning out of completion_tokens and gives its own cost in ticks of 1e-10 USD;
OpenRouter gives `cost` in USD. Vendors do send null, floats and parts larger than their whole: parts are clamped.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from entrepot.values.money import NANO, YOCTO
from entrepot.values.usage import Usage

Number = int | float | None


class _PromptDetails(msgspec.Struct):
    cached_tokens: Number = None
    cache_write_tokens: Number = None
    audio_tokens: Number = None
    image_tokens: Number = None


class _CompletionDetails(msgspec.Struct):
    reasoning_tokens: Number = None
    audio_tokens: Number = None
    image_tokens: Number = None
    accepted_prediction_tokens: Number = None
    rejected_prediction_tokens: Number = None


class WireUsage(msgspec.Struct):
    prompt_tokens: Number = None
    completion_tokens: Number = None
    total_tokens: Number = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None
    prompt_cache_hit_tokens: Number = None
    num_cached_tokens: Number = None
    cached_tokens: Number = None
    reasoning_tokens: Number = None
    cost: Decimal | None = None
    cost_in_usd_ticks: Number = None
    num_sources_used: Number = None


_LIMIT = 2**40
"""More tokens than any call can have: a count past it is taken as not given."""


def _whole(*candidates: Number) -> int:
    for value in candidates:
        if value is not None and 0 <= value < _LIMIT:
            return int(value)
    return 0


def read_usage(raw: msgspec.Raw | bytes, *, excludes_reasoning: bool = False) -> Usage | None:
    """None when it is not a usage object with tokens in it."""
    try:
        told = _decode(raw)
    except msgspec.DecodeError:
        return None
    return usage_of(told, excludes_reasoning=excludes_reasoning)


_decode = msgspec.json.Decoder(WireUsage).decode
_NO_PROMPT_DETAILS = _PromptDetails()
_NO_COMPLETION_DETAILS = _CompletionDetails()


def usage_of(told: WireUsage, *, excludes_reasoning: bool = False) -> Usage | None:
    """None when there are no tokens in it."""
    if told.prompt_tokens is None and told.completion_tokens is None:
        return None
    prompt_details = told.prompt_tokens_details or _NO_PROMPT_DETAILS
    details = told.completion_tokens_details or _NO_COMPLETION_DETAILS
    prompt = _whole(told.prompt_tokens)
    completion = _whole(told.completion_tokens)
    reasoning = _whole(details.reasoning_tokens, told.reasoning_tokens)
    if excludes_reasoning and _whole(told.total_tokens) >= prompt + completion + reasoning:
        completion += reasoning
    cached = _whole(prompt_details.cached_tokens, told.prompt_cache_hit_tokens, told.num_cached_tokens, told.cached_tokens)
    cached = min(cached, prompt)
    written = min(_whole(prompt_details.cache_write_tokens), prompt - cached) if prompt_details.cache_write_tokens else 0
    audio = min(_whole(prompt_details.audio_tokens), prompt - cached - written) if prompt_details.audio_tokens else 0
    plain = prompt - cached - written - audio
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        cached_tokens=cached,
        cache_write_tokens=written,
        audio_tokens=audio,
        image_tokens=min(_whole(prompt_details.image_tokens), plain) if prompt_details.image_tokens else 0,
        reasoning_tokens=min(reasoning, completion),
        completion_audio_tokens=min(_whole(details.audio_tokens), completion) if details.audio_tokens else 0,
        completion_image_tokens=min(_whole(details.image_tokens), completion) if details.image_tokens else 0,
        accepted_prediction_tokens=_whole(details.accepted_prediction_tokens),
        rejected_prediction_tokens=_whole(details.rejected_prediction_tokens),
        upstream_cost_yocto=_upstream_cost(told),
    )


def _upstream_cost(told: WireUsage) -> int | None:
    if told.cost_in_usd_ticks is not None and 0 <= told.cost_in_usd_ticks < 10**18:
        return int(told.cost_in_usd_ticks) * (YOCTO // 10**10)
    if told.cost is None or not 0 <= told.cost < 10**6:
        return None
    return int(told.cost * YOCTO)


def tells_cost(name: str, raw: bytes) -> bool:
    """Whether a member beside `usage` says what a call cost our operator, as `meta` of AI/ML API does (read 2026-11)."""
    return name == "meta" and b'"credits_used"' in raw


def render_usage(usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
    """The contract's `usage` (1.9), money as exact decimal literals. `upstream_inference_cost` is null: keys of the gateway's
    operator pay the provider, so the caller's cost is `cost` alone, and the two parts sum to it."""
    return (
        b'{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d,"cost":%b,"is_byok":false,'
        b'"prompt_tokens_details":{"cached_tokens":%d,"cache_write_tokens":%d,"audio_tokens":%d,"video_tokens":0},'
        b'"completion_tokens_details":{"reasoning_tokens":%d,"audio_tokens":%d,"image_tokens":%d,'
        b'"accepted_prediction_tokens":%d,"rejected_prediction_tokens":%d},'
        b'"cost_details":{"upstream_inference_cost":null,"upstream_inference_prompt_cost":%b,'
        b'"upstream_inference_completions_cost":%b}}'
    ) % (
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.total_tokens,
        _usd(prompt_nano + completion_nano),
        usage.cached_tokens,
        usage.cache_write_tokens + usage.cache_write_1h_tokens,
        usage.audio_tokens,
        usage.reasoning_tokens,
        usage.completion_audio_tokens,
        usage.completion_image_tokens,
        usage.accepted_prediction_tokens,
        usage.rejected_prediction_tokens,
        _usd(prompt_nano),
        _usd(completion_nano),
    )


def _usd(nano: int) -> bytes:
    """`values.money.usd` for amounts that are not negative, as bytes."""
    return (b"%d.%09d" % divmod(nano, NANO)).rstrip(b"0").rstrip(b".")
