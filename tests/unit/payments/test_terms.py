"""Prices are exact, and settings that make no sense are refused in words."""

import pytest

from entrepot.errors import InvalidRequest
from entrepot.payments.terms import terms_of
from entrepot.settings import BadSettings, Payments


def test_the_fee_is_rounded_up_and_never_below_its_least() -> None:
    terms = terms_of(Payments(fee_percent="5.5", fee_least_usd="0.80"))
    assert [terms.quote(amount, "usd").fee_minor for amount in ("5", "20", "20.01")] == [80, 110, 111]


def test_a_currency_without_cents_is_counted_in_itself() -> None:
    quote = terms_of(Payments(currencies="usd jpy=0.0065")).quote("2000", "jpy")
    assert (quote.amount_minor, quote.credit_nano) == (2000, 13 * 10**9)


def test_an_amount_finer_than_the_currency_is_refused() -> None:
    terms = terms_of(Payments(currencies="usd jpy=0.0065"))
    for amount, currency in (("20.001", "usd"), ("2000.5", "jpy"), ("NaN", "usd"), ("1e30", "usd"), ("-5", "usd")):
        with pytest.raises(InvalidRequest, match="amount"):
            terms.quote(amount, currency)


@pytest.mark.parametrize("knobs", [{"currencies": "eur"}, {"currencies": "kwd=3.2"}, {"least_usd": "0"}, {"most_usd": "1"}])
def test_settings_that_make_no_sense_are_refused(knobs: dict[str, str]) -> None:
    with pytest.raises(BadSettings, match=f"payments.{next(iter(knobs)).replace('most', 'least')}"):
        terms_of(Payments(**knobs))
