"""Money: whole nano-dollars for amounts, whole yocto-dollars per unit for rates. No float touches either.

An amount is an `int` of nano-dollars (1e-9 USD). A rate is an `int` of yocto-dollars (1e-24 USD) for one token, image or
request, so that a published decimal price is held exactly and tokens times rate is exact integer arithmetic. The one
rounding from yocto to nano is in `metering/cost.py`.
"""

from __future__ import annotations

from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, InvalidOperation

import msgspec

NANO = 10**9
YOCTO = 10**24
YOCTO_PER_NANO = 10**15
_DIGITS_MORE = 30
"""Digits by which multiplying with a scale can lengthen a number."""


def parse_usd(text: str, *, scale: int = NANO) -> int:
    """The exact whole number of 1/`scale` dollars in a decimal text such as "1.25".

    raises  ValueError, when it is not a finite decimal, is finer than one unit of `scale`, or does not fit 64 bit (nano)
    """
    try:
        # Python also takes "1_000" and the digits of every script.
        value = Decimal(text if text.isascii() and "_" not in text else "")
    except InvalidOperation:
        raise ValueError(f"{text[:80]!r} is not a decimal number") from None
    if not value.is_finite() or value.copy_abs() > 10**12:
        raise ValueError(f"{text[:80]!r} is not an amount of US dollars")
    # Python's own context would round to 28 digits, and take what is too small for it as nothing.
    exact = Context(prec=len(value.as_tuple().digits) + _DIGITS_MORE, Emin=MIN_EMIN, Emax=MAX_EMAX)
    scaled = exact.multiply(value, scale)
    whole = int(scaled)
    if whole != scaled:
        raise ValueError(f"{text[:80]!r} is finer than 1/{scale:,} of a dollar")
    return whole


def usd(amount: int, *, scale: int = NANO) -> str:
    """The shortest exact decimal text of an amount: 1250 nano-dollars is "0.00000125", 0 is "0"."""
    sign, amount = ("-", -amount) if amount < 0 else ("", amount)
    whole, rest = divmod(amount, scale)
    if not rest:
        return f"{sign}{whole}"
    digits = len(str(scale)) - 1
    return f"{sign}{whole}.{rest:0{digits}d}".rstrip("0")


def dollars(nano: int) -> msgspec.Raw:
    """A number of JSON, to the nano-dollar."""
    return msgspec.Raw(usd(nano).encode())


def half_even(numerator: int, denominator: int) -> int:
    """`numerator / denominator` rounded to the nearest whole, ties to even. Both are whole, denominator > 0."""
    whole, rest = divmod(numerator, denominator)
    twice = rest * 2
    if twice > denominator or (twice == denominator and whole & 1):
        return whole + 1
    return whole
