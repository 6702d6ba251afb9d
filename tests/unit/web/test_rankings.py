"""The page of rankings within what apps are for."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from entrepot.catalog.catalog import Catalog
from entrepot.records import store
from entrepot.records.rollups import Rollups
from entrepot.records.statistics import Statistics
from entrepot.storage.database import Database
from entrepot.storage.engines import open_database
from entrepot.testing.builders import NOW_MS, generation, model, usage
from entrepot.values.ids import generation_id
from entrepot.web import rankings
from entrepot.web.listings_measured import Measured
from entrepot.web.shelf import Shelf

MODEL = "openai/gpt-5.1"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with contextlib.closing(open_database(f"sqlite:///{tmp_path / 'e.db'}")) as opened:
        opened.migrate()
        yield opened


def told(db: Database, *used: tuple[tuple[str, ...], int], **query: str) -> dict[str, Any]:
    """The page after calls of so many tokens by an app of those categories."""
    rollups = Rollups(db, "p", 0, lambda: NOW_MS)
    for place, (categories, tokens) in enumerate(used):
        made = generation(
            generation_id(NOW_MS, bytes([place]) * 16), http_referer="https://one.example", app_title="One",
            categories=categories, usage=usage(tokens, 0),
        )  # fmt: skip
        store.insert(db, [(made, msgspec.json.encode(made))], rollups.note)
    rollups.add()
    shelf = Shelf(Catalog([model(MODEL)], ()), {})
    return rankings.context(shelf, rankings.read(query), Measured(Statistics(db, lambda: NOW_MS)))


def test_categories_have_their_share_of_all_tokens_and_lead_to_their_models(db: Database) -> None:
    page = told(db, (("cli-agent", "game"), 60), ((), 40), by="category", span="day")
    rows = [(one.title, one.path, round(one.one.share, 2)) for one in page["standings"]]
    assert rows == [
        ("Coding", "/rankings?span=day&category=coding", 0.6),
        ("Entertainment", "/rankings?span=day&category=entertainment", 0.6),
    ]
    assert [series.name for series in page["charts"][0].series] == ["Coding", "Entertainment"]


@pytest.mark.parametrize(
    ("by", "title"), [("model", MODEL), ("author", "openai"), ("app", "One"), ("category", "Agents in a terminal")]
)
def test_within_a_category_models_authors_apps_and_parts_are_ranked_and_drawn(db: Database, by: str, title: str) -> None:
    page = told(db, (("cli-agent",), 60), (("game",), 40), category="coding", by=by)
    assert [(one.title, one.one.total_tokens) for one in page["standings"]] == [(title, 60)]
    assert (len(page["charts"]), page["total"].total_tokens) == (1, 60)


def test_links_lead_to_what_was_counted_and_to_the_parts_of_what_is_chosen(db: Database) -> None:
    page = told(db, (("cli-agent",), 60), (("translation",), 40), category="cli-agent", by="app")
    lines = [[(turn.label, turn.chosen) for turn in line] for line in page["lines"]]
    assert lines == [
        [("All", False), ("Coding", True), ("Translation", False)],
        [("All coding", False), ("Agents in a terminal", True)],
    ]
    assert page["lines"][0][2].link == "/rankings?by=app&category=translation"


@pytest.mark.parametrize(
    ("query", "by"),
    [({"by": "provider", "category": "coding"}, "model"), ({"by": "category", "category": "trivia"}, "model"),
     ({"by": "provider", "category": "nonsense"}, "provider"), ({"by": "category", "category": "Programming"}, "category")],
)  # fmt: skip
def test_what_is_not_ranked_within_a_category_is_not_offered(query: dict[str, str], by: str) -> None:
    assert rankings.read(query).by == by


@pytest.mark.parametrize("span", ["day", "week", "month"])
@pytest.mark.parametrize("by", ["model", "author", "app", "provider"])
def test_a_drawing_is_of_all_tokens_however_few_it_names(db: Database, by: str, span: str) -> None:
    rollups = Rollups(db, "p", 0, lambda: NOW_MS)
    for place in range(12):
        name = f"a{place}/m"
        made = generation(
            generation_id(NOW_MS, bytes([place]) * 16), http_referer=f"https://{place}.example", app_title=str(place), model=name,
            endpoint=f"{name}@p{place}", provider=f"p{place}", usage=usage(100 + place, 7),
        )  # fmt: skip
        store.insert(db, [(made, msgspec.json.encode(made))], rollups.note)
    rollups.add()
    page = rankings.context(
        Shelf(Catalog([], ()), {}), rankings.read({"by": by, "span": span}), Measured(Statistics(db, lambda: NOW_MS))
    )
    (chart,) = page["charts"]
    assert [series.name for series in chart.series][-1] == "all others"
    assert len(chart.series) == 10
    assert sum(sum(series.values) for series in chart.series) == page["total"].total_tokens
