"""What a customer pays for an endpoint: by a factor or at rates of its own, the narrowest rule first, exact to the yocto-dollar."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.metering.cost import cost_of
from entrepot.metering.sheet import ANY, Rule, Sheet, below, factor_of
from entrepot.values.price import Price, Rates, Tier
from entrepot.values.usage import Usage

LISTED = Price(Rates(prompt=3 * 10**18, completion=15 * 10**18, cached=3 * 10**17, audio=7), source="maker")


@pytest.mark.parametrize(
    ("told", "factor"),
    [("1.15", "1.15"), ("+15%", "1.15"), ("-10 %", "0.9"), ("1.500", "1.5"), ("0", "0"), ("-100%", "0"), ("2", "2")],
)
def test_a_factor_is_written_as_a_number_or_in_percent(told: str, factor: str) -> None:
    assert factor_of(told) == factor


@pytest.mark.parametrize("told", ["-0.1", "-101%", "NaN", "Infinity", "1e30", "1.0000001", "0.00001%", "much", "", "%", "1e-30"])
def test_what_is_no_factor_is_refused(told: str) -> None:
    with pytest.raises(ValueError, match="negative|number|factor|times|decimals"):
        factor_of(told)


def test_a_factor_is_applied_to_every_rate_and_tier_exactly() -> None:
    tier = Tier(Rates(prompt=-1, completion=101), over_prompt_tokens=200_000)
    paid = Rule("1.15").apply(Price(LISTED.rates, (tier,)))
    assert paid.rates == Rates(prompt=345 * 10**16, completion=1725 * 10**16, cached=345 * 10**15, audio=8)
    assert paid.tiers[0].rates == Rates(prompt=-1, completion=116)


def test_fixed_rates_stand_for_cached_tokens_too_and_leave_sound_at_list() -> None:
    paid = Rule(rates=Rates(prompt=10, completion=20)).apply(Price(LISTED.rates, (Tier(Rates(prompt=99), over_prompt_tokens=1),)))
    assert paid.rates == Rates(prompt=10, completion=20, audio=7) and not paid.tiers


def test_the_own_rules_come_before_those_for_everybody_and_a_model_before_every_model() -> None:
    half, own, all_, dear = Rule("0.5"), Rule("0.9"), Rule("1.1"), Rule("2")
    sheet = Sheet({"a/x": half, ANY: own}, {"a/x": dear, "a/y": dear, ANY: all_})
    assert [sheet.rule(model) for model in ("a/x", "a/y")] == [half, own]
    common = Sheet({}, {"a/y": dear, ANY: all_})
    assert [common.rule(model) for model in ("a/y", "a/z")] == [dear, all_]
    assert Sheet({"a/x": half}, {}).rule("a/y") is None


def test_a_price_is_worked_out_once_and_again_when_the_list_price_is_another() -> None:
    sheet = Sheet({ANY: Rule("2")}, {})
    first = sheet.price("a/x", LISTED, "a/x@p")
    assert sheet.price("a/x", LISTED, "a/x@p") is first and below(LISTED, first)
    assert sheet.price("a/x", Price(Rates(prompt=1)), "a/x@p").rates.prompt == 2


@given(st.integers(0, 10**7), st.integers(0, 10**6), st.integers(0, 2000))
def test_a_marked_up_generation_is_the_exact_product_rounded_once(prompt: int, completion: int, percent: int) -> None:
    paid = Rule(factor_of(f"{percent}%")).apply(LISTED)
    yocto = (prompt * 3 + completion * 15) * 10**18 * (100 + percent)
    whole, rest = divmod(yocto, 100 * 10**15)
    nearest = whole + (2 * rest > 100 * 10**15 or (2 * rest == 100 * 10**15 and whole % 2 == 1))
    assert cost_of(Usage(prompt_tokens=prompt, completion_tokens=completion), paid).total_nano == nearest
