"""Prices are exact, and settings that make no sense are refused in words."""

import datetime

import pytest

from entrepot.errors import InvalidRequest, Unavailable
from entrepot.payments.terms import terms_of
from entrepot.settings import BadSettings, Payments

TODAY = datetime.date(2026, 11, 21)


def test_the_fee_is_rounded_up_and_never_below_its_least() -> None:
    terms = terms_of(Payments(fee_percent="5.5", fee_least_usd="0.80"))
    assert [terms.quote(amount, "usd", TODAY).fee_minor for amount in ("5", "20", "20.01")] == [80, 110, 111]


def test_a_currency_without_cents_is_counted_in_itself() -> None:
    quote = terms_of(Payments(currencies="usd jpy=0.0065@2026-11-20")).quote("2000", "jpy", TODAY)
    assert (quote.amount_minor, quote.credit_nano) == (2000, 13 * 10**9)


def test_an_amount_finer_than_the_currency_is_refused() -> None:
    terms = terms_of(Payments(currencies="usd jpy=0.0065@2026-11-20"))
    for amount, currency in (("20.001", "usd"), ("2000.5", "jpy"), ("NaN", "usd"), ("1e30", "usd"), ("-5", "usd")):
        with pytest.raises(InvalidRequest, match="amount"):
            terms.quote(amount, currency, TODAY)


@pytest.mark.parametrize(
    "knobs",
    [
        {"currencies": "eur"},
        {"currencies": "kwd=3.2@2026-11-20"},
        {"currencies": "eur=1.08"},
        {"currencies": "eur=1.08@2026-02-30"},
        {"least_usd": "0"},
        {"most_usd": "1"},
    ],
)
def test_settings_that_make_no_sense_are_refused(knobs: dict[str, str]) -> None:
    with pytest.raises(BadSettings, match=f"payments.{next(iter(knobs)).replace('most', 'least')}"):
        terms_of(Payments(**knobs))


def test_a_method_that_takes_none_of_a_currency_is_not_offered_for_it() -> None:
    terms = terms_of(Payments(currencies="usd chf=1.1@2026-11-20"))
    assert (terms.methods_for("usd"), terms.methods_for("chf")) == (("card", "alipay"), ("card",))
    with pytest.raises(BadSettings, match="none of alipay takes chf"):
        terms_of(Payments(currencies="chf=1.1@2026-11-20", methods="alipay"))


def test_a_rate_that_is_too_old_is_not_sold_by() -> None:
    terms = terms_of(Payments(currencies="usd eur=1.08@2026-11-14", rate_days=7))
    assert terms.quote("20", "eur", TODAY).rate_day == "2026-11-14"
    with pytest.raises(Unavailable, match="2026-11-14"):
        terms.quote("20", "eur", TODAY + datetime.timedelta(1))
