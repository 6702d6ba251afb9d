"""Prices, counts and dates in words."""

import pytest

from entrepot.values.money import NANO, parse_usd
from entrepot.web import figures


@pytest.mark.parametrize(
    ("per_token", "shown"), [("0.00000125", "$1.25"), ("0.00001", "$10.00"), ("0.000000125", "$0.125"), ("0.015", "$15,000.00")]
)
def test_a_rate_is_shown_for_a_million_tokens_with_every_digit(per_token: str, shown: str) -> None:
    assert figures.per_million(parse_usd(per_token, scale=10**24)) == shown


def test_an_amount_keeps_its_last_nano_dollar() -> None:
    assert figures.dollars(1_250_000_001, NANO) == "$1.250000001"


@pytest.mark.parametrize(
    ("count", "shown"),
    [(None, "–"), (0, "–"), (512, "512"), (8192, "8.19K"), (524_288, "524K"), (999_600, "1M"), (1_048_576, "1.05M")],
)
def test_a_count_is_shown_in_three_digits(count: int | None, shown: str) -> None:
    assert figures.tokens(count) == shown


def test_a_day_that_is_not_known_is_a_dash() -> None:
    assert (figures.day(1763060305), figures.day(0)) == ("2025-11-13", "–")
