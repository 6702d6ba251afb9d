"""Cost is exact: one half-even rounding of what exact fractions say."""

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.catalog.rows import per_million, price_of
from entrepot.metering.cost import Unpriced, cost_max, cost_of
from entrepot.values.money import YOCTO, parse_usd, usd
from entrepot.values.price import Price, Rates, Tier
from entrepot.values.usage import Usage

GPT51 = Price(per_million({"prompt": "1.25", "completion": "10", "cached": "0.125"}))
MINI = Price(per_million({"prompt": "0.25", "completion": "2", "cached": "0.025"}))
RESALE = Price(per_million({"prompt": "0.265", "completion": "2.206"}))


@pytest.mark.parametrize(
    ("price", "usage", "nano"),
    [
        (GPT51, Usage(prompt_tokens=1_000_000), 1_250_000_000),
        (GPT51, Usage(completion_tokens=1), 10_000),
        (GPT51, Usage(prompt_tokens=1000, cached_tokens=1000), 125_000),
        (GPT51, Usage(prompt_tokens=1337, cached_tokens=1024, completion_tokens=211), 313 * 1250 + 1024 * 125 + 211 * 10_000),
        (GPT51, Usage(prompt_tokens=10, completion_tokens=500, reasoning_tokens=480), 10 * 1250 + 500 * 10_000),
        (MINI, Usage(prompt_tokens=1001, cached_tokens=1, completion_tokens=3), 1000 * 250 + 25 + 3 * 2000),
        (RESALE, Usage(prompt_tokens=1, completion_tokens=1), 265 + 2206),
        (Price(per_million({"prompt": "0.0005", "completion": "0.0015"})), Usage(prompt_tokens=1), 0),
        (Price(per_million({"prompt": "0.0005", "completion": "0.0015"})), Usage(completion_tokens=1), 2),
    ],
)
def test_published_prices_to_the_nano_dollar(price: Price, usage: Usage, nano: int) -> None:
    cost = cost_of(usage, price)
    assert cost.total_nano == nano
    assert cost.prompt_nano + cost.completion_nano == nano


def test_a_tier_holds_strictly_above_its_bound_and_the_last_one_wins() -> None:
    price = price_of(
        {
            "prompt": "0.000001",
            "completion": "0.000002",
            "overrides": [{"min_prompt_tokens": 100, "prompt": "0.000003"}, {"min_prompt_tokens": 200, "prompt": "0.000005"}],
        }
    )
    assert [cost_of(Usage(prompt_tokens=n), price).total_nano // n for n in (100, 101, 200, 201)] == [1000, 3000, 3000, 5000]
    assert cost_of(Usage(prompt_tokens=201, completion_tokens=1), price).completion_nano == 2000


@pytest.mark.parametrize(("hour", "rate"), [(2259, 1000), (2300, 4000), (0, 4000), (559, 4000), (600, 1000)])
def test_a_time_window_is_half_open_and_may_wrap_midnight(hour: int, rate: int) -> None:
    night = Tier(Rates(prompt=parse_usd("0.000004", scale=YOCTO), completion=-1), utc_start=2300, utc_end=600)
    price = Price(Rates(prompt=parse_usd("0.000001", scale=YOCTO)), (night,))
    assert cost_of(Usage(prompt_tokens=1), price, at_utc_hhmm=hour).total_nano == rate


def test_sound_without_a_rate_is_refused_and_never_free() -> None:
    with pytest.raises(Unpriced, match="audio"):
        cost_of(Usage(prompt_tokens=10, audio_tokens=5), GPT51)


BY_TOKEN = {"prompt": "2", "completion": "12", "image_token": "30"}
BY_PIECE = BY_TOKEN | {"image": "0.01", "completion_image": "120"}


@pytest.mark.parametrize(
    ("price", "usage", "images", "nano"),
    [
        (BY_TOKEN, Usage(prompt_tokens=100, image_tokens=60), 1, 40 * 2_000 + 60 * 30_000),
        (BY_TOKEN, Usage(completion_tokens=100, completion_image_tokens=90), 0, 10 * 12_000 + 90 * 30_000),
        (BY_PIECE, Usage(prompt_tokens=100, image_tokens=60), 1, 100 * 2_000 + 10_000_000),
        (BY_PIECE, Usage(completion_tokens=100, completion_image_tokens=90), 0, 10 * 12_000 + 90 * 120_000),
        ({"prompt": "2", "completion": "12"}, Usage(prompt_tokens=100, image_tokens=60), 1, 100 * 2_000),
    ],
)
def test_pictures_are_charged_once_by_their_own_rate(price: dict[str, str | None], usage: Usage, images: int, nano: int) -> None:
    priced = Price(per_million(price))
    assert cost_of(usage, priced, images=images).total_nano == nano
    assert nano <= cost_max(priced, usage.prompt_tokens, usage.completion_tokens, images=images)


def test_pictures_without_a_rate_are_refused_and_never_free() -> None:
    with pytest.raises(Unpriced, match="images"):
        cost_of(Usage(completion_tokens=10, completion_image_tokens=5), GPT51)


counts = st.integers(0, 10**7)
prices = st.decimals("0", "1000", places=9).map(lambda price: f"{price:f}")


@given(counts, counts, counts | st.just(0), counts, counts, prices, prices | st.none(), prices, prices, prices | st.none())
def test_any_cost_is_the_exact_fraction_rounded_half_even(
    plain: int, read: int, written: int, words: int, thoughts: int, p: str, r: str | None, w: str, c: str, t: str | None
) -> None:
    told = {"prompt": p, "completion": c, "cached": r, "cache_write": w, "reasoning": t}
    price = Price(per_million({name: rate for name, rate in told.items() if rate is not None}))
    r, t = r or p, t or c
    usage = Usage(
        prompt_tokens=plain + read + written,
        cached_tokens=read,
        cache_write_tokens=written,
        completion_tokens=words + thoughts,
        reasoning_tokens=thoughts,
    )
    pairs = ((plain, p), (read, r), (written, w), (words, c), (thoughts, t))
    exact = sum((Fraction(Decimal(rate)) * count * 1000 for count, rate in pairs), Fraction(0))
    cost = cost_of(usage, price)
    assert cost.total_nano == round(exact) == cost.prompt_nano + cost.completion_nano
    kept = Fraction(Decimal(p)) * (read + written) - Fraction(Decimal(r)) * read - Fraction(Decimal(w)) * written
    assert cost.cache_discount_nano == round(kept * 1000)
    assert cost_of(usage, price).total_nano <= cost_max(price, usage.prompt_tokens, usage.completion_tokens)


@given(st.integers(-(10**18), 10**18))
def test_an_amount_and_its_text_are_the_same(nano: int) -> None:
    assert parse_usd(usd(nano)) == nano
    assert Decimal(usd(nano)) == (Decimal(nano) / 10**9).quantize(Decimal("1e-9"), ROUND_HALF_EVEN)


@given(st.integers(0, 10**36))
def test_a_rate_and_its_text_are_the_same_however_many_digits_it_has(yocto: int) -> None:
    assert parse_usd(usd(yocto, scale=YOCTO), scale=YOCTO) == yocto
    assert parse_usd(usd(yocto, scale=YOCTO) + ("0" * 60 if yocto % YOCTO else ""), scale=YOCTO) == yocto


@pytest.mark.parametrize("text", ["123456789012.123456789012345678901234", "0.000001250000000000000000"])
def test_a_price_of_more_digits_than_a_decimal_usually_holds_is_exact(text: str) -> None:
    assert parse_usd(text, scale=YOCTO) == int(text.replace(".", ""))


@pytest.mark.parametrize(
    "text", ["", "NaN", "Infinity", "1e30", "0.0000000001", "one", "1,5", "1." + "0" * 40 + "1", "1e-2000000", "1e-999999999999"]
)
def test_what_is_not_an_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="dollar|decimal"):
        parse_usd(text)


@pytest.mark.parametrize("text", ["", "1_000", "١", "１", "0x1", "1,5", "one", "inf", "nan", "1e13", "0.0000000001"])
def test_an_amount_that_a_person_would_not_write_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a decimal number|not an amount|finer than"):
        parse_usd(text)
