"""What one endpoint charges."""

from __future__ import annotations

import msgspec


class Rates(msgspec.Struct, frozen=True, omit_defaults=True):
    """Yocto-dollars (1e-24 USD) per token, except where the name says otherwise. None: no rate of its own.

    `cached`, `cache_write` and `cache_write_1h` fall back to `prompt` (1 h first to 5 min), `reasoning` to `completion`,
    pictures in the prompt to `prompt`: those tokens are prompt or completion tokens for which no separate rate is published.
    Pictures in the completion fall back to `image_token`. Sound has no fall-back.
    """

    prompt: int = 0
    completion: int = 0
    cached: int | None = None
    cache_write: int | None = None
    cache_write_1h: int | None = None
    reasoning: int | None = None
    audio: int | None = None
    audio_cached: int | None = None
    completion_audio: int | None = None
    completion_image: int | None = None
    image_token: int | None = None
    """per token of a picture; of one in the prompt only where `image` does not charge for it already"""
    image: int | None = None
    """per input image"""
    request: int | None = None
    """per request"""
    web_search: int | None = None
    """per search"""


class Tier(msgspec.Struct, frozen=True, omit_defaults=True):
    """Rates that replace those of the price when every condition holds. Later tiers win; None inherits.

    over_prompt_tokens   holds when the prompt has strictly more tokens than this
    utc_start, utc_end   HHMM, half open, may wrap midnight
    """

    rates: Rates
    """here `prompt` and `completion` are -1 where the tier does not change them"""
    over_prompt_tokens: int | None = None
    utc_start: int | None = None
    utc_end: int | None = None


class Price(msgspec.Struct, frozen=True, omit_defaults=True):
    """Rates with tiers, from a date on (`YYYY-MM-DD`), and where the figures come from."""

    rates: Rates = Rates()
    tiers: tuple[Tier, ...] = ()
    effective_from: str = ""
    source: str = ""
    as_of: str = ""
