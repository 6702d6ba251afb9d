"""How prices, counts of tokens and dates are written on pages."""

from __future__ import annotations

import datetime

from entrepot.values.money import YOCTO, usd

_MILLION = 10**6


def per_million(rate: int) -> str:
    """A rate in yocto-dollars per token as dollars per million tokens, exact, with at least two decimals."""
    return dollars(rate * _MILLION, YOCTO)


def dollars(amount: int, scale: int) -> str:
    """An amount of 1/`scale` dollars, exact, with at least two decimals."""
    whole, _, rest = usd(amount, scale=scale).partition(".")
    return f"${int(whole):,}.{rest:0<2}"


def tokens(count: int | None) -> str:
    """About how many, in three digits: 400K, 1.05M; a dash when it is not known."""
    if not count:
        return "–"
    if count < 1000:
        return str(count)
    unit, letter = (_MILLION, "M") if count >= 999_500 else (1000, "K")
    return f"{count / unit:.3g}{letter}"


def day(seconds: int) -> str:
    """The UTC day of a moment; a dash when it is not known."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).date().isoformat() if seconds else "–"
