"""Foreign catalogues: what is taken, what is kept, what is passed over, and what no file can do."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from entrepot.catalog.catalog import Catalog
from entrepot.catalog.importing import difference, merged, parse_file
from entrepot.catalog.rows import pricing_of, to_row
from entrepot.catalog.shipped import shipped_models
from entrepot.catalog.store import imported_models, save_models
from entrepot.errors import InvalidRequest
from entrepot.storage.engines import open_database
from entrepot.testing.builders import model
from entrepot.values.model import Model, Reasoning

LIST = Path(__file__).parents[4] / "shared" / "data" / "openrouter-models.json"
HERE = {known.id: known for known in shipped_models()}
PRICES = {"prompt": "0.000001", "completion": "0.000002"}


def taken(told: Any) -> tuple[str, list[Model], list[str]]:
    return parse_file(told if isinstance(told, bytes) else json.dumps(told).encode(), source="test", as_of="2026-11-21")


def listed(**more: Any) -> dict[str, Any]:
    return {"data": [{"id": "acme/one", "name": "One", "pricing": PRICES} | more]}


def mapped(**more: Any) -> dict[str, Any]:
    return {"gpt-5.1": {"litellm_provider": "openai", "input_cost_per_token": 1e-6, "output_cost_per_token": 8e-6} | more}


@pytest.mark.skipif(not LIST.is_file(), reason="the recorded model list is not beside the checkout")
def test_the_list_that_was_shipped_changes_nothing_but_what_was_written_by_hand() -> None:
    kind, models, passed = taken(LIST.read_bytes())
    assert (kind, len(models), len(passed)) == ("openrouter", 452, 5)
    by_hand = {"openai/gpt-5.1"} | {f"openai/gpt-5.1-{name}" for name in ("chat", "codex", "codex-mini", "codex-max")}
    by_hand |= {known.id for known in HERE.values() if known.makes_embeddings}
    assert {change.model for change in difference(HERE, models, set())} <= by_hand


def test_a_float_is_the_decimal_it_is_written_as() -> None:
    _, models, _ = taken(b'{"m":{"litellm_provider":"a","input_cost_per_token":2.65e-07,"output_cost_per_token":0.000002206}}')
    assert pricing_of(models[0].price) == {"prompt": "0.000000265", "completion": "0.000002206"}


def test_a_price_map_changes_prices_and_sizes_and_nothing_else() -> None:
    have = HERE["openai/gpt-5.1"]
    _, (incoming,), _ = taken(mapped(max_input_tokens=300_000))
    change = difference(HERE, [incoming], set())[0]
    assert change.fields == {
        "context_length": ("400000", "300000"),
        "pricing.prompt": ("0.00000125", "0.000001"),
        "pricing.completion": ("0.00001", "0.000008"),
    }
    after = merged(have, incoming)
    assert (after.name, after.aliases, after.reasoning) == (have.name, have.aliases, have.reasoning)
    assert pricing_of(after.price)["input_cache_read"] == "0.000000125"


def test_prices_of_pictures_are_taken_from_either_list() -> None:
    prices = PRICES | {"image_token": "0.000003", "image_output": "0.000004"}
    _, (ours,), _ = taken(listed(pricing=prices))
    _, (mapped_one,), _ = taken(mapped(input_cost_per_image_token=3e-6, output_cost_per_image_token=4e-6))
    for found in (ours, mapped_one):
        told = pricing_of(found.price)
        assert (told["image_token"], told["image_output"]) == ("0.000003", "0.000004")


def test_prices_above_so_many_tokens_become_tiers() -> None:
    _, (found,), _ = taken(mapped(input_cost_per_token_above_200k_tokens=2e-6, output_cost_per_token_above_200k_tokens=1.2e-5))
    assert pricing_of(found.price)["overrides"] == [
        {"min_prompt_tokens": 200_000, "prompt": "0.000002", "completion": "0.000012"}
    ]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"mode": "embedding"}, "mode embedding"),
        ({"output_cost_per_token": None}, "no price per token"),
        ({"litellm_provider": "openrouter/openai"}, "not author/slug"),
    ],
)
def test_an_entry_of_a_price_map_that_does_not_fit_is_passed_over_with_the_reason(entry: dict[str, Any], reason: str) -> None:
    _, models, (passed,) = taken(mapped(**entry))
    assert not models
    assert reason in passed


def test_a_maker_is_called_as_it_is_called_here() -> None:
    entry = {"litellm_provider": "gemini", "input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6}
    assert [found.id for found in taken({"gemini/gemini-2.5-pro": entry})[1]] == ["google/gemini-2.5-pro"]


def test_of_two_entries_for_one_model_the_first_counts() -> None:
    body = listed()
    body["data"].append(body["data"][0] | {"name": "Two"})
    _, models, passed = taken(body)
    assert [found.name for found in models] == ["One"]
    assert passed == ["acme/one: acme/one is in the file already"]


def test_a_list_keeps_what_it_does_not_carry() -> None:
    have = model("acme/one", aliases=("one",), expiration_date="2027-01-01", reasoning=Reasoning(("high",), sampling="never"))
    _, (incoming,), _ = taken(listed(reasoning={"supported_efforts": ["high", "low"]}))
    after = merged(have, incoming)
    assert (after.aliases, after.expiration_date, after.description) == (("one",), "2027-01-01", "A model for tests.")
    assert (after.reasoning and after.reasoning.efforts, after.reasoning and after.reasoning.sampling) == (
        ("high", "low"),
        "never",
    )


def test_our_own_rows_come_back_as_they_went_one_to_a_line_or_in_a_list() -> None:
    models = list(HERE.values())[:20]
    rows = [msgspec.json.encode(to_row(known)) for known in models]
    for data in (b"\n".join(rows), b"[" + b",".join(rows) + b"]", rows[0]):
        kind, found, _ = taken(data)
        assert kind == "entrepot"
        assert found == models[: len(found)]


def test_a_list_with_a_model_on_each_line_is_not_taken_for_rows() -> None:
    entry = json.dumps(listed()["data"][0])
    assert taken(f'{{"data":[\n{entry},\n{entry}]}}'.encode())[0] == "openrouter"


def test_no_import_takes_the_name_of_a_pinned_snapshot() -> None:
    thief = model("evil/model", aliases=("gpt-5.1-2025-11-13", "openai/gpt-5.1-2025-11-13"))
    catalog = Catalog([thief, *HERE.values()], [])
    for alias in thief.aliases:
        assert catalog.resolve(alias).model.id == "openai/gpt-5.1-2025-11-13"


@pytest.mark.parametrize(
    "told",
    [
        listed(pricing={}), listed(pricing={"prompt": "0.1"}), listed(pricing=[]), listed(pricing={"prompt": True, "completion": 1}),
        listed(pricing={"prompt": "1e999999999", "completion": "1"}), listed(pricing={"prompt": "1", "completion": "-2"}),
        listed(pricing=PRICES | {"overrides": "x"}), listed(pricing=PRICES | {"overrides": [{"utc_start": "noon"}]}),
        listed(architecture=[]), listed(architecture={"input_modalities": 3}), listed(top_provider="x"), listed(reasoning=[1]),
        listed(alias_target="x"), listed(name=["x"]), listed(name="\x1b[2Jcleared"), listed(name="\ud800"), listed(id=7),
        listed(id="acme/оne"), listed(id="a/" + "b" * 300), listed(context_length=-1), listed(context_length=1e300),
        listed(tokenizer="x", supported_parameters=["\ud800"]), mapped(input_cost_per_token=[]), mapped(max_tokens="many"),
        [{"id": "a/b", "name": "b", "canonical_slug": "a/b", "created": 0, "pricing": PRICES, "reasoning": 3}],
        b"[" * 100_000, b"\xff\xfe\xfd", b'{"data":[null]}', b'{"data":' + b"9" * 10_000 + b"}",
    ],
)  # fmt: skip
def test_a_hostile_file_gives_one_clear_error(told: Any) -> None:
    with pytest.raises(InvalidRequest, match="cannot be taken in") as caught:
        taken(told)
    assert len(caught.value.message) < 700
    assert "Nothing was changed" in caught.value.message
    assert caught.value.remedy


def test_a_file_of_too_many_bytes_is_refused_unread() -> None:
    with pytest.raises(InvalidRequest, match="at most 67108864 bytes"):
        taken(b" " * (64 * 2**20 + 1))


def test_what_was_imported_is_there_again(store_url: str) -> None:
    db = open_database(store_url)
    db.migrate()
    models = list(HERE.values())
    save_models(db, models, "test", 1)
    save_models(db, models[:1], "again", 2)
    assert sorted(imported_models(db), key=lambda m: m.id) == sorted(models, key=lambda m: m.id)
    db.close()
