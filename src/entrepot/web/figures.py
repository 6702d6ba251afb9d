"""How prices, counts of tokens and dates are written on pages."""

from __future__ import annotations

import math

from entrepot.values.money import YOCTO, usd
from entrepot.values.times import date_at, to_the_minute

_MILLION = 10**6
_UNITS = ((10**12, "T"), (10**9, "B"), (_MILLION, "M"), (1000, "K"))


def per_million(rate: int) -> str:
    """A rate in yocto-dollars per token as dollars per million tokens, exact, with at least two decimals."""
    return dollars(rate * _MILLION, YOCTO)


def dollars(amount: int, scale: int) -> str:
    """An amount of 1/`scale` dollars, exact, with at least two decimals."""
    whole, _, rest = usd(amount, scale=scale).partition(".")
    return f"${int(whole):,}.{rest:0<2}"


def tokens(count: int | None) -> str:
    """About how many, in three digits: 400K, 1.05M, 2.4B; a dash when it is not known."""
    if not count:
        return "–"
    if count < 1000:
        return str(count)
    unit, letter = next((unit, letter) for unit, letter in _UNITS if count >= unit * 0.9995 or unit == 1000)
    return f"{count / unit:.3g}{letter}"


def day(seconds: int) -> str:
    """The UTC day of a moment; a dash when it is not known."""
    return date_at(seconds * 1000) if seconds else "–"


def count(value: float) -> str:
    """About how many, with a nought for none."""
    return tokens(round(value)) if round(value) else "0"


def milliseconds(value: float) -> str:
    return f"{value:.0f} ms" if value < 999.5 else f"{value / 1000:.3g} s"


def speed(value: float) -> str:
    """Tokens a second."""
    return f"{value:.1f}" if 0 < value < 99.95 else f"{value:,.0f}"


def percent(share: float) -> str:
    """Rounded down, so that only what is whole says 100%."""
    return f"{math.floor(share * 10_000 + 1e-6) / 100:g}%"


def price(dollars_per_million: float) -> str:
    """An average, which has no exact digits."""
    whole = dollars_per_million >= 0.1 or not dollars_per_million
    return f"${dollars_per_million:,.2f}" if whole else f"${dollars_per_million:.3g}"


def moment(at_ms: int, *, hours: bool) -> str:
    """A day, or an hour of one, UTC."""
    return to_the_minute(at_ms) if hours else date_at(at_ms)


def change(share: float) -> str:
    """More or less than before; what is many times as much, as that."""
    return f"{share + 1:,.0f} times" if share >= 9 else f"{share:+.0%}"
