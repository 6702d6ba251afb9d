"""What can be bought and at which price: currencies, bounds and fee, as pure arithmetic on whole minor units."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from entrepot.errors import InvalidRequest
from entrepot.settings import BadSettings
from entrepot.settings import Payments as Knobs
from entrepot.values.money import NANO, parse_usd, usd

_WHOLE = frozenset(["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"])
"""Currencies whose smallest unit is the unit itself (docs.stripe.com/currencies, read 2026-11-21)."""
_OTHERWISE = frozenset(["bhd", "jod", "kwd", "omr", "tnd", "isk", "ugx"])
"""Those that Stripe counts in ways of their own; not taken."""
_PERCENT = 10**6


class Quote(msgspec.Struct, frozen=True):
    """A price. All but the rate in the smallest unit of the currency.

    amount_minor  what becomes credit, and `fee_minor` what is paid on top of it
    rate_nano     nano-dollars of credit for one smallest unit
    """

    currency: str
    amount_minor: int
    fee_minor: int
    rate_nano: int

    @property
    def total_minor(self) -> int:
        return self.amount_minor + self.fee_minor

    @property
    def credit_nano(self) -> int:
        return self.amount_minor * self.rate_nano


class Terms(msgspec.Struct, frozen=True):
    """rates  nano-dollars of credit for one smallest unit, by currency; `least` and `most` bound the credit of one payment"""

    rates: Mapping[str, int]
    least_nano: int
    most_nano: int
    fee_millionths: int
    fee_least_nano: int
    methods: tuple[str, ...]

    def quote(self, amount: str, currency: str) -> Quote:
        """The price of so much in a currency. raises InvalidRequest"""
        rate = self.rates.get(currency)
        if rate is None:
            raise InvalidRequest(
                "`currency` is not one that is taken here.",
                field="currency",
                expected=", ".join(self.rates),
                received=currency[:20],
                remedy="Nothing was changed.",
            )
        minor = minor_of(amount, currency)
        if not self.least_nano <= minor * rate <= self.most_nano:
            bounds = f"credit from ${usd(self.least_nano)} to ${usd(self.most_nano)}"
            raise InvalidRequest(
                f"`amount` must buy {bounds}.",
                field="amount",
                expected=bounds,
                received=amount[:40],
                remedy="Nothing was changed.",
            )
        return Quote(currency, minor, self._fee(minor, rate), rate)

    def _fee(self, minor: int, rate: int) -> int:
        """Rounded up, so that it is never below its policy."""
        share = -(-minor * self.fee_millionths // (100 * _PERCENT))
        return max(share, -(-self.fee_least_nano // rate))


def minor_of(amount: str, currency: str) -> int:
    """Whole smallest units of an amount somebody typed. raises InvalidRequest"""
    try:
        minor = parse_usd(amount, scale=units(currency))
    except ValueError:
        minor = 0
    if minor <= 0:
        expected = f"an amount above 0, in whole 1/{units(currency)} of {currency}"
        raise InvalidRequest(
            f"`amount` must be {expected}.",
            field="amount",
            expected=expected,
            received=amount[:40],
            remedy="Nothing was changed.",
        )
    return minor


def units(currency: str) -> int:
    """Smallest units in one of the currency."""
    return 1 if currency in _WHOLE else 100


def amount_text(minor: int, currency: str) -> str:
    return usd(minor, scale=units(currency))


def terms_of(knobs: Knobs) -> Terms:
    """raises BadSettings"""
    least, most = parse_usd(knobs.least_usd), parse_usd(knobs.most_usd)
    if not 0 < least <= most:
        raise BadSettings(["payments.least_usd: must be above 0 and no more than payments.most_usd"])
    return Terms(
        rates=dict(_rate(word) for word in knobs.currencies.split()),
        least_nano=least,
        most_nano=most,
        fee_millionths=int(Decimal(knobs.fee_percent) * _PERCENT),
        fee_least_nano=parse_usd(knobs.fee_least_usd),
        methods=tuple(knobs.methods.split()),
    )


def _rate(word: str) -> tuple[str, int]:
    currency, _, told = word.partition("=")
    if currency in _OTHERWISE:
        raise BadSettings([f"payments.currencies: {currency} is not supported"])
    if not told and currency != "usd":
        raise BadSettings([f"payments.currencies: {currency} needs the dollars of credit for one of it, as {currency}=1.08"])
    rate, rest = divmod(parse_usd(told or "1", scale=NANO), units(currency))
    if rest or rate <= 0:
        raise BadSettings([f"payments.currencies: the rate of {currency} must be above 0 and have at most 7 decimals"])
    return currency, rate
