"""What a customer pays for an endpoint, where that is not its list price: by a factor, or at rates of its own.

Pure values; which rule holds for whom, and when, is kept in `ledger.prices`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

import msgspec

from entrepot.values.money import half_even
from entrepot.values.price import Price, Rates, Tier

ANY = ""
"""Every model, or every workspace."""
_PLACES = 6
_MOST = 1000
_OWN_KIND = ("cached", "cache_write", "cache_write_1h", "reasoning")
"""Kinds that follow prompt or completion where they have no rate of their own."""


class Rule(msgspec.Struct, frozen=True):
    """Either a factor on list prices, as "1.15", or fixed rates."""

    factor: str | None = None
    rates: Rates | None = None

    def apply(self, price: Price) -> Price:
        """The price by this rule. A rate is a whole number of yocto-dollars, also after a factor: ties go to even."""
        if self.rates is not None:
            return Price(_fixed(self.rates, price.rates), source=price.source, as_of=price.as_of)
        numerator, denominator = Decimal(self.factor or "1").as_integer_ratio()
        tiers = tuple(
            Tier(_scaled(tier.rates, numerator, denominator), tier.over_prompt_tokens, tier.utc_start, tier.utc_end)
            for tier in price.tiers
        )
        return msgspec.structs.replace(price, rates=_scaled(price.rates, numerator, denominator), tiers=tiers)


class Sheet:
    """The rules for some workspaces. Their own come first: that of the model, that of every model; then those for everybody."""

    __slots__ = ("_common", "_known", "_own")

    def __init__(self, own: Mapping[str, Rule], common: Mapping[str, Rule]) -> None:
        self._own = own
        self._common = common
        self._known: dict[str, tuple[Price, Price]] = {}

    def rule(self, model: str) -> Rule | None:
        for rules in (self._own, self._common):
            found = rules.get(model) or rules.get(ANY)
            if found is not None:
                return found
        return None

    def price(self, model: str, listed: Price, place: str) -> Price:
        """What is paid, where `listed` is asked at `place` (an endpoint's id); worked out once."""
        known = self._known.get(place)
        if known is not None and known[0] is listed:
            return known[1]
        rule = self.rule(model)
        paid = listed if rule is None else rule.apply(listed)
        self._known[place] = (listed, paid)
        return paid


def factor_of(text: str) -> str:
    """From 1.15, +15% or -10 %: the factor in its shortest form. raises ValueError"""
    told = text.strip()
    percent = told.removesuffix("%").strip() if told.endswith("%") else None
    try:
        value = Decimal(told) if percent is None else 1 + Decimal(percent) / 100
    except InvalidOperation:
        raise ValueError(f"{text[:40]!r} is neither a factor as 1.15 nor a percentage as +15% or -10%") from None
    if not value.is_finite():
        raise ValueError(f"{text[:40]!r} is not a number")
    if value < 0:
        raise ValueError(f"{text[:40]!r} would make prices negative")
    if value > _MOST:
        raise ValueError(f"{text[:40]!r} is more than {_MOST} times the list price")
    exponent = value.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -_PLACES:
        raise ValueError(f"{text[:40]!r} has more than {_PLACES} decimals as a factor")
    return f"{value.normalize():f}"


def below(paid: Price, listed: Price) -> bool:
    """Whether any of the text rates is lower than what the provider lists."""
    pairs = ((paid.rates.prompt, listed.rates.prompt), (paid.rates.completion, listed.rates.completion))
    return any(one < other for one, other in pairs)


def _scaled(rates: Rates, numerator: int, denominator: int) -> Rates:
    """-1, which stands for "as without the tier", and None stay what they are."""
    told = {
        name: half_even(rate * numerator, denominator) if rate is not None and rate > 0 else rate
        for name, rate in msgspec.structs.asdict(rates).items()
    }
    return Rates(**told)


def _fixed(own: Rates, listed: Rates) -> Rates:
    """What is not named stays at list, but for the kinds that follow prompt or completion."""
    told = {name: rate for name, rate in msgspec.structs.asdict(own).items() if rate is not None or name in _OWN_KIND}
    return msgspec.structs.replace(listed, **told)
