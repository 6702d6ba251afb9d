"""`usageMetadata` to usage and back.

Facts, held on recorded answers: `promptTokenCount` contains what came from the cache but not what server-side tools read
(`toolUsePromptTokenCount`); `candidatesTokenCount` leaves thoughts out; the total is all of them. Zero counts are left out, and
each piece of a stream tells the whole so far.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from entrepot.values.money import NANO
from entrepot.values.usage import Usage

_LIMIT = 2**40
"""More tokens than any call can have: a count past it is taken as not given."""
_AUDIO = ("AUDIO", 4)
_IMAGE = ("IMAGE", 2)
Count = int | float | None


class Share(msgspec.Struct):
    modality: str | int | None = None
    tokenCount: Count = None


class WireUsage(msgspec.Struct):
    promptTokenCount: Count = None
    cachedContentTokenCount: Count = None
    candidatesTokenCount: Count = None
    toolUsePromptTokenCount: Count = None
    thoughtsTokenCount: Count = None
    totalTokenCount: Count = None
    promptTokensDetails: list[Share] | None = None
    cacheTokensDetails: list[Share] | None = None
    candidatesTokensDetails: list[Share] | None = None
    serviceTier: str | None = None
    trafficType: str | int | None = None


def usage_of(told: WireUsage) -> Usage | None:
    """None when there are no counts in it, as at the beginning of a Vertex stream."""
    if told.promptTokenCount is None and told.candidatesTokenCount is None and told.totalTokenCount is None:
        return None
    prompt = _whole(told.promptTokenCount) + _whole(told.toolUsePromptTokenCount)
    thoughts = _whole(told.thoughtsTokenCount)
    completion = _whole(told.candidatesTokenCount) + thoughts
    cached = min(_whole(told.cachedContentTokenCount), prompt)
    audio = image = spoken = 0
    if told.promptTokensDetails and not _all_text(told.promptTokensDetails):
        audio = max(_share(told.promptTokensDetails, _AUDIO) - _share(told.cacheTokensDetails, _AUDIO), 0)
    if told.candidatesTokensDetails and not _all_text(told.candidatesTokensDetails):
        spoken = _share(told.candidatesTokensDetails, _AUDIO)
        image = _share(told.candidatesTokensDetails, _IMAGE)
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        cached_tokens=cached,
        audio_tokens=min(audio, prompt - cached),
        reasoning_tokens=thoughts,
        completion_audio_tokens=min(spoken, completion - thoughts),
        completion_image_tokens=min(image, completion - thoughts),
    )


def _all_text(shares: list[Share]) -> bool:
    return len(shares) == 1 and shares[0].modality == "TEXT"


def _whole(value: Count) -> int:
    return int(value) if value is not None and 0 <= value < _LIMIT else 0


def _share(shares: list[Share] | None, modality: tuple[str, int]) -> int:
    return sum(_whole(share.tokenCount) for share in shares or () if share.modality in modality)


def tier_of(told: WireUsage) -> str:
    """The service tier that was served, in Chat's words; "" where it is the usual one of a Vertex project."""
    if told.serviceTier:
        tier = told.serviceTier.lower()
        return "default" if tier == "standard" else tier
    traffic = told.trafficType
    if isinstance(traffic, str):
        return next((tier for tier in ("flex", "priority") if tier.upper() in traffic), "")
    return ""


def render_usage(usage: Usage, prompt_nano: int, completion_nano: int) -> dict[str, Any]:
    """Zero counts are left out, but for the three that every answer has. Cost is exact, in US dollars."""
    text = max(usage.completion_tokens - usage.reasoning_tokens, 0)
    told: dict[str, Any] = {"promptTokenCount": usage.prompt_tokens, "candidatesTokenCount": text}
    told["totalTokenCount"] = usage.total_tokens
    if usage.cached_tokens:
        told["cachedContentTokenCount"] = usage.cached_tokens
    if usage.reasoning_tokens:
        told["thoughtsTokenCount"] = usage.reasoning_tokens
    if usage.audio_tokens:
        told["promptTokensDetails"] = _shares(usage.prompt_tokens, AUDIO=usage.audio_tokens)
    if usage.completion_audio_tokens or usage.completion_image_tokens:
        told["candidatesTokensDetails"] = _shares(text, AUDIO=usage.completion_audio_tokens, IMAGE=usage.completion_image_tokens)
    return told | render_cost(prompt_nano, completion_nano)


def render_cost(prompt_nano: int, completion_nano: int) -> dict[str, Raw]:
    details = b'{"promptCost":%b,"completionCost":%b}' % (_usd(prompt_nano), _usd(completion_nano))
    return {"cost": Raw(_usd(prompt_nano + completion_nano)), "costDetails": Raw(details)}


def _usd(nano: int) -> bytes:
    """`values.money.usd` for amounts that are not negative, as bytes."""
    return (b"%d.%09d" % divmod(nano, NANO)).rstrip(b"0").rstrip(b".")


def _shares(whole: int, **parts: int) -> list[dict[str, Any]]:
    """Tokens by modality; text is what the others leave."""
    shares = {"TEXT": whole - sum(parts.values()), **parts}
    return [{"modality": modality, "tokenCount": count} for modality, count in shares.items() if count > 0]
