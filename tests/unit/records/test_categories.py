"""What applications say they are for: which words count, and who has most tokens of a category."""

from pathlib import Path

import pytest
from tests.unit.records.test_statistics import TODAY, A, B, Traffic, db

from entrepot.records.categories import LABELS, categories_of, parts_of, whole_of
from entrepot.records.figures import Scope
from entrepot.storage.database import Database
from entrepot.testing.builders import usage

__all__ = ["db"]
AN_APP = {"http_referer": "https://one.example", "app_title": "One"}


@pytest.mark.parametrize(
    ("header", "categories"),
    [
        ("", ()),
        ("cli-agent", ("cli-agent",)),
        (" CLI-Agent ,, roleplay ", ("cli-agent", "roleplay")),
        ("game,game,legal,trivia", ("game", "legal")),
        ("nonsense, game", ("game",)),
        ("programming", ("coding",)),
        ("marketing/seo", ("marketing/seo",)),
        ("x" * 10_000 + ",game", ()),
        ("\u0000,\ud83d,<b>", ()),
    ],
)
def test_two_known_words_count_and_others_are_dropped(header: str, categories: tuple[str, ...]) -> None:
    assert categories_of(header) == categories


def test_every_category_is_of_a_form_that_fits_the_contract_and_a_part_has_one_whole() -> None:
    assert all(len(word) <= 30 and word == word.lower() for word in LABELS)
    assert {part: whole_of(part) for whole in parts_of("") for part in parts_of(whole)}.keys() | set(parts_of("")) == set(LABELS)


def test_a_request_counts_for_both_of_its_categories_and_once_for_what_they_are_part_of(db: Database) -> None:
    traffic = Traffic(db)
    traffic.call(A, categories=("cli-agent", "ide-extension"), usage=usage(100, 0), **AN_APP)
    traffic.call(B, categories=("cli-agent",), usage=usage(10, 0), **AN_APP)
    statistics = traffic.statistics()
    tokens = {
        name: statistics.totals(Scope(category=name), TODAY).total_tokens for name in ("cli-agent", "ide-extension", "coding")
    }
    assert tokens == {"cli-agent": 110, "ide-extension": 100, "coding": 110}
    assert [one.name for one in statistics.top("model", TODAY, of=Scope(category="ide-extension"))] == [A]
    assert statistics.categories(TODAY)["coding"] == {A: 100, B: 10}


def test_categories_are_ranked_and_within_one_its_parts_and_its_apps(db: Database) -> None:
    traffic = Traffic(db)
    traffic.call(categories=("game",), usage=usage(50, 0), **AN_APP)
    traffic.call(categories=("cli-agent", "trivia"), usage=usage(70, 0), http_referer="https://two.example")
    statistics = traffic.statistics()
    assert [one.name for one in statistics.top("category", TODAY)] == ["coding", "trivia", "entertainment"]
    assert [one.name for one in statistics.top("category", TODAY, of=Scope(category="entertainment"))] == ["game"]
    assert [one.name for one in statistics.top("app", TODAY, of=Scope(category="trivia"))] == ["https://two.example"]


@pytest.mark.parametrize("told", [{"categories": ("game",)}, {"categories": ("game",), "test": True} | AN_APP, AN_APP])
def test_without_an_app_under_a_test_key_or_without_a_category_nothing_is_counted(db: Database, told: dict[str, object]) -> None:
    traffic = Traffic(db)
    traffic.call(**told)
    assert traffic.statistics().top("category", TODAY) == []


def test_the_documentation_names_every_category_with_its_parts() -> None:
    page = (Path(__file__).parents[3] / "docs/do/rankings.md").read_text(encoding="utf8")
    rows = {line.split("|")[1]: line.split("|")[2] for line in page.splitlines() if line.startswith("| `")}
    for category in parts_of(""):
        parts = next(told for names, told in rows.items() if f"`{category}`" in names)
        assert parts.strip() == ", ".join(f"`{part}`" for part in parts_of(category))
