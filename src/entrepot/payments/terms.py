"""What can be bought and at which price: currencies, bounds and fee, as pure arithmetic on whole minor units."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from entrepot.errors import InvalidRequest, Unavailable
from entrepot.settings import BadSettings
from entrepot.settings import Payments as Knobs
from entrepot.values.money import NANO, parse_usd, usd
from entrepot.values.times import utc

_WHOLE = frozenset(["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"])
"""Currencies whose smallest unit is the unit itself (docs.stripe.com/currencies, read 2026-11-21)."""
_OTHERWISE = frozenset(["bhd", "jod", "kwd", "omr", "tnd", "isk", "ugx"])
"""Those that Stripe counts in ways of their own; not taken."""
_PERCENT = 10**6
_ONLY: Mapping[str, frozenset[str]] = {
    "alipay": frozenset(["aud", "cad", "cny", "eur", "gbp", "hkd", "jpy", "myr", "nzd", "sgd", "usd"]),
}
"""Currencies of methods that do not take all (docs.stripe.com/payments/alipay, read 2026-11-21); an account may have fewer."""
REFUND_DAYS = {"alipay": 90}
"""How long a payment can be paid back, where there is an end to it (the same page)."""


class Quote(msgspec.Struct, frozen=True):
    """A price. All but the rate in the smallest unit of the currency.

    amount_minor  what becomes credit, and `fee_minor` what is paid on top of it
    rate_nano     nano-dollars of credit for one smallest unit, as the operator gave it on `rate_day`
    """

    currency: str
    amount_minor: int
    fee_minor: int
    rate_nano: int
    rate_day: str = ""

    @property
    def total_minor(self) -> int:
        return self.amount_minor + self.fee_minor

    @property
    def credit_nano(self) -> int:
        return self.amount_minor * self.rate_nano


class Terms(msgspec.Struct, frozen=True):
    """rates      nano-dollars of credit for one smallest unit, by currency, and `days` of which day they are
    rate_days  a rate older than this is not taken; 0: any is
    least_nano and most_nano bound the credit of one payment
    """

    rates: Mapping[str, int]
    least_nano: int
    most_nano: int
    fee_millionths: int
    fee_least_nano: int
    methods: tuple[str, ...]
    days: Mapping[str, str] = {}
    rate_days: int = 0

    def methods_for(self, currency: str) -> tuple[str, ...]:
        """Those of ours that take the currency."""
        return tuple(method for method in self.methods if currency in _ONLY.get(method, (currency,)))

    def quote(self, amount: str, currency: str, today: datetime.date) -> Quote:
        """The price of so much in a currency. raises InvalidRequest, Unavailable when the rate is too old"""
        rate = self.rates.get(currency)
        if rate is None:
            raise InvalidRequest(
                "`currency` is not one that is taken here. Nothing was changed.",
                field="currency",
                expected=", ".join(self.rates),
                received=currency[:20],
                remedy="Pay in one of those, or ask the operator to add it to `payments.currencies`.",
            )
        self._check_age(currency, today)
        minor = minor_of(amount, currency)
        if not self.least_nano <= minor * rate <= self.most_nano:
            bounds = f"credit from ${usd(self.least_nano)} to ${usd(self.most_nano)}"
            raise InvalidRequest(
                f"`amount` must buy {bounds}. Nothing was changed.",
                field="amount",
                expected=bounds,
                received=amount[:40],
                remedy="Choose an amount between the two, before the fee.",
            )
        return Quote(currency, minor, self._fee(minor, rate), rate, self.days.get(currency, ""))

    def _check_age(self, currency: str, today: datetime.date) -> None:
        day = self.days.get(currency, "")
        if self.rate_days and day and (today - datetime.date.fromisoformat(day)).days > self.rate_days:
            raise Unavailable(
                f"The rate of {currency} is of {day}, which is too old to sell by.",
                remedy="Pay in another currency, or ask the operator to renew `payments.currencies`.",
            )

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
            f"`amount` must be {expected}. Nothing was changed.",
            field="amount",
            expected=expected,
            received=amount[:40],
            remedy="Write it as 25 or 25.50, without a sign and without separators.",
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
    taken = [_rate(word) for word in knobs.currencies.split()]
    terms = Terms(
        rates={currency: rate for currency, rate, _ in taken},
        least_nano=least,
        most_nano=most,
        fee_millionths=int(Decimal(knobs.fee_percent) * _PERCENT),
        fee_least_nano=parse_usd(knobs.fee_least_usd),
        methods=tuple(knobs.methods.split()),
        days={currency: day for currency, _, day in taken if day},
        rate_days=knobs.rate_days,
    )
    for currency in terms.rates:
        if not terms.methods_for(currency):
            raise BadSettings([f"payments.methods: none of {knobs.methods} takes {currency}"])
    return terms


def _rate(word: str) -> tuple[str, int, str]:
    currency, _, told = word.partition("=")
    told, _, day = told.partition("@")
    if currency in _OTHERWISE:
        raise BadSettings([f"payments.currencies: {currency} is not supported"])
    if not told and currency != "usd":
        raise BadSettings(
            [f"payments.currencies: {currency} needs the dollars of credit for one of it, as {currency}=1.08@2026-11-20"]
        )
    if told and not _is_day(day):
        raise BadSettings([f"payments.currencies: the rate of {currency} needs its day, as {currency}={told}@2026-11-20"])
    rate, rest = divmod(parse_usd(told or "1", scale=NANO), units(currency))
    if rest or rate <= 0:
        raise BadSettings([f"payments.currencies: the rate of {currency} must be above 0 and have at most 7 decimals"])
    return currency, rate, day


def day_of(ms: int) -> datetime.date:
    return utc(ms).date()


def _is_day(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True
