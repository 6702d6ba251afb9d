"""What a generation costs: exact integers, rounded here and nowhere else."""

from __future__ import annotations

import msgspec

from entrepot.values.money import YOCTO_PER_NANO, half_even
from entrepot.values.price import Price, Rates, Tier
from entrepot.values.usage import Usage


class Unpriced(Exception):
    """Tokens were counted that no rate covers; the message names their kind."""


class Cost(msgspec.Struct, frozen=True):
    """Nano-dollars. `total_nano` is the one rounded figure; `prompt_nano` (what went in, with request, image and search fees) is
    rounded as well and `completion_nano` is the rest, so that the parts sum to the total.

    cache_discount_nano  what cached tokens saved against the prompt rate; negative where cache writes cost more than they saved
    """

    total_nano: int
    prompt_nano: int
    completion_nano: int
    cache_discount_nano: int


def cost_of(usage: Usage, price: Price, *, images: int = 0, at_utc_hhmm: int | None = None) -> Cost:
    """Price one generation.

    usage        token counts; what contains what is told in `values/usage.py`, and parts larger than their whole are clamped
    images       input images, for endpoints that charge by the image
    at_utc_hhmm  time of day, for prices with time windows
    raises       Unpriced
    """
    rates = rates_at(price, usage.prompt_tokens, at_utc_hhmm) if price.tiers else price.rates
    if not usage.special and not images and rates.request is None:
        return _cost_of_text(usage, rates)
    incoming = _prompt_yocto(usage, rates) + images * (rates.image or 0) + (rates.request or 0)
    incoming += usage.web_searches * (rates.web_search or 0)
    total = half_even(incoming + _completion_yocto(usage, rates), YOCTO_PER_NANO)
    prompt = half_even(incoming, YOCTO_PER_NANO)
    saved = _prompt_parts(usage)[0] * rates.prompt - _cache_yocto(usage, rates) if usage.cached_tokens or _written(usage) else 0
    return Cost(total, min(prompt, total), total - min(prompt, total), half_even(saved, YOCTO_PER_NANO))


def within(cost: Cost, total_nano: int) -> Cost:
    """The same cost, of which no more than so much is charged."""
    prompt = min(cost.prompt_nano, total_nano)
    return Cost(total_nano, prompt, total_nano - prompt, cost.cache_discount_nano)


def _cost_of_text(usage: Usage, rates: Rates) -> Cost:
    """The usual case: text, some of it from a cache, some of it reasoning."""
    cached, reasoning = min(usage.cached_tokens, usage.prompt_tokens), min(usage.reasoning_tokens, usage.completion_tokens)
    saved = cached * (rates.prompt - rates.cached) if cached and rates.cached is not None else 0
    dearer = reasoning * (rates.reasoning - rates.completion) if reasoning and rates.reasoning is not None else 0
    incoming = usage.prompt_tokens * rates.prompt - saved
    total = half_even(incoming + usage.completion_tokens * rates.completion + dearer, YOCTO_PER_NANO)
    prompt = min(half_even(incoming, YOCTO_PER_NANO), total)
    return Cost(total, prompt, total - prompt, half_even(saved, YOCTO_PER_NANO) if saved else 0)


class Dearest(msgspec.Struct, frozen=True):
    """The dearest rate of a price for each thing that is counted, in yocto-dollars."""

    prompt: int
    completion: int
    request: int
    image: int


def dearest(price: Price) -> Dearest:
    """Whatever kinds of tokens there are and whichever tier holds."""
    sets = [price.rates, *(_merge(price.rates, tier.rates) for tier in price.tiers)]
    return Dearest(
        max(
            max(_known(r.prompt, r.cached, r.cache_write, r.cache_write_1h, r.audio, r.audio_cached, r.image_token)) for r in sets
        ),
        max(max(_known(r.completion, r.reasoning, r.completion_audio, r.completion_image, r.image_token)) for r in sets),
        max(r.request or 0 for r in sets),
        max(r.image or 0 for r in sets),
    )


def cost_max(price: Price, prompt_tokens: int, completion_tokens: int, *, images: int = 0) -> int:
    """Nano-dollars that no usage within these counts can pass. Rounded up."""
    most = dearest(price)
    yocto = prompt_tokens * most.prompt + completion_tokens * most.completion + most.request + images * most.image
    return -(-yocto // YOCTO_PER_NANO)


def rates_at(price: Price, prompt_tokens: int, at_utc_hhmm: int | None) -> Rates:
    """The rates with every tier applied whose conditions all hold; later tiers win rate by rate."""
    rates = price.rates
    for tier in price.tiers:
        if _holds(tier, prompt_tokens, at_utc_hhmm):
            rates = _merge(rates, tier.rates)
    return rates


def _holds(tier: Tier, prompt_tokens: int, at_utc_hhmm: int | None) -> bool:
    if tier.over_prompt_tokens is not None and prompt_tokens <= tier.over_prompt_tokens:
        return False
    if tier.utc_start is None or tier.utc_end is None:
        return True
    if at_utc_hhmm is None:
        return False
    if tier.utc_start <= tier.utc_end:
        return tier.utc_start <= at_utc_hhmm < tier.utc_end
    return at_utc_hhmm >= tier.utc_start or at_utc_hhmm < tier.utc_end


def _merge(rates: Rates, tier: Rates) -> Rates:
    changes = {name: value for name in Rates.__struct_fields__ if (value := getattr(tier, name)) is not None and value >= 0}
    return msgspec.structs.replace(rates, **changes)


def _prompt_parts(usage: Usage) -> tuple[int, int]:
    """Cached and written tokens together, and the plain ones that are left."""
    special = usage.cached_tokens + _written(usage)
    return special, max(usage.prompt_tokens - special - usage.audio_tokens - usage.image_tokens, 0)


def _written(usage: Usage) -> int:
    return usage.cache_write_tokens + usage.cache_write_1h_tokens


def _prompt_yocto(usage: Usage, rates: Rates) -> int:
    if usage.audio_tokens and rates.audio is None:
        raise Unpriced("prompt audio")
    picture = rates.prompt if rates.image_token is None or rates.image is not None else rates.image_token
    return (
        _prompt_parts(usage)[1] * rates.prompt
        + _cache_yocto(usage, rates)
        + usage.audio_tokens * (rates.audio or 0)
        + usage.image_tokens * picture
    )


def _cache_yocto(usage: Usage, rates: Rates) -> int:
    write = rates.prompt if rates.cache_write is None else rates.cache_write
    return (
        usage.cached_tokens * (rates.prompt if rates.cached is None else rates.cached)
        + usage.cache_write_tokens * write
        + usage.cache_write_1h_tokens * (write if rates.cache_write_1h is None else rates.cache_write_1h)
    )


def _completion_yocto(usage: Usage, rates: Rates) -> int:
    if usage.completion_audio_tokens and rates.completion_audio is None:
        raise Unpriced("completion audio")
    picture = rates.image_token if rates.completion_image is None else rates.completion_image
    if usage.completion_image_tokens and picture is None:
        raise Unpriced("completion images")
    special = usage.completion_audio_tokens + usage.completion_image_tokens
    reasoning = min(usage.reasoning_tokens, max(usage.completion_tokens - special, 0))
    plain = max(usage.completion_tokens - special - reasoning, 0)
    return (
        plain * rates.completion
        + reasoning * (rates.completion if rates.reasoning is None else rates.reasoning)
        + usage.completion_audio_tokens * (rates.completion_audio or 0)
        + usage.completion_image_tokens * (picture or 0)
    )


def _known(*rates: int | None) -> list[int]:
    return [rate for rate in rates if rate is not None]
