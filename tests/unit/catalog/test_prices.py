"""Prices: exact, tiered, and from a date on."""

import json

import pytest

from entrepot.catalog.importing import difference, parse_file
from entrepot.catalog.rows import Row, on_day, price_of, pricing_of, to_model, to_row

NOW = {"prompt": "0.000001", "completion": "0.000002"}
SOON = {"prompt": "0.000003", "completion": "0.000004", "effective_from": "2026-12-01"}
LATER = {"prompt": "0.000005", "completion": "0.000006", "effective_from": "2027-01-01"}


def dated(*later: dict[str, str]) -> Row:
    return Row("a/b", "B", "a/b", 1, NOW, later_pricing=later)


@pytest.mark.parametrize(
    ("day", "prompt"),
    [
        ("2026-11-30", "0.000001"),
        ("2026-12-01", "0.000003"),
        ("2026-12-31", "0.000003"),
        ("2027-01-01", "0.000005"),
    ],
)
def test_the_price_of_a_day_is_the_last_that_took_effect(day: str, prompt: str) -> None:
    assert pricing_of(on_day(to_model(dated(LATER, SOON)), day).price)["prompt"] == prompt


def test_announced_prices_come_back_as_they_were_written() -> None:
    model = to_model(dated(SOON, LATER))
    assert to_model(to_row(model)) == model


@pytest.mark.parametrize("when", ["", "soon", "2026-13-01"])
def test_a_price_from_no_day_is_refused(when: str) -> None:
    with pytest.raises(ValueError, match="isoformat|month"):
        to_model(dated(SOON | {"effective_from": when}))


def test_tiers_come_back_as_they_were_written() -> None:
    pricing = NOW | {
        "overrides": [
            {"min_prompt_tokens": 200_000, "prompt": "0.000002"},
            {"utc_start": 1630, "utc_end": 30, "completion": "0.000001"},
        ]
    }
    assert pricing_of(price_of(pricing)) == pricing


def test_a_price_finer_than_can_be_held_is_refused_and_not_rounded() -> None:
    with pytest.raises(ValueError, match="finer"):
        price_of(NOW | {"prompt": "0.0000000000000000000000001"})


def test_rows_with_announced_prices_can_be_imported() -> None:
    row = {"id": "a/b", "name": "B", "canonical_slug": "a/b", "created": 1, "pricing": NOW, "later_pricing": [SOON]}
    _, (model,), _ = parse_file(json.dumps(row).encode(), source="t", as_of="2026-11-21")
    assert model.later_prices[0].effective_from == "2026-12-01"


def test_an_announced_price_shows_in_the_difference() -> None:
    changes = difference({"a/b": to_model(dated(SOON))}, [to_model(dated(SOON, LATER))], set())
    assert list(changes[0].fields) == ["later_pricing"]
    assert "2027-01-01" in changes[0].fields["later_pricing"][1]
