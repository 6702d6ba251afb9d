"""The page of an app."""

import contextlib
from pathlib import Path

import msgspec

from entrepot.catalog.catalog import Catalog
from entrepot.records import store
from entrepot.records.rollups import Rollups
from entrepot.records.statistics import Statistics
from entrepot.storage.engines import open_database
from entrepot.testing.builders import NOW_MS, generation, usage
from entrepot.values.ids import generation_id
from entrepot.web import listings_apps
from entrepot.web.listings_measured import Measured
from entrepot.web.shelf import Shelf


def test_the_models_that_an_app_uses_most_are_listed_and_the_others_counted(tmp_path: Path) -> None:
    with contextlib.closing(open_database(f"sqlite:///{tmp_path / 'e.db'}")) as db:
        db.migrate()
        rollups = Rollups(db, "p", 0, lambda: NOW_MS)
        for place in range(103):
            of_app = {
                "http_referer": "https://one.example",
                "app_title": "One",
                "model": f"a/m{place}",
                "endpoint": f"a/m{place}@p",
            }
            made = generation(generation_id(NOW_MS + place), usage=usage(1000 + place, 0), **of_app)
            store.insert(db, [(made, msgspec.json.encode(made))], rollups.note)
        rollups.add()
        page = listings_apps.page(Shelf(Catalog([], ()), {}), "one.example", Measured(Statistics(db, lambda: NOW_MS)))
    assert page is not None
    assert [name for name, _, _ in page["models"]] == [f"a/m{place}" for place in range(102, 2, -1)]
    assert page["left_out"] == 3
    (chart,) = page["charts"]
    assert chart.series[-1].name == "all others"
    assert sum(sum(series.values) for series in chart.series) == page["total"].total_tokens == sum(range(1000, 1103))


def test_what_an_app_says_it_is_for_is_shown_greatest_first_and_parts_below_what_they_are_parts_of(tmp_path: Path) -> None:
    with contextlib.closing(open_database(f"sqlite:///{tmp_path / 'e.db'}")) as db:
        db.migrate()
        rollups = Rollups(db, "p", 0, lambda: NOW_MS)
        said = [("https://one.example", ("legal", "cli-agent"), 10), ("https://one.example", ("ide-extension",), 30)]
        said += [("https://one.example", (), 60), ("https://other.example", ("finance",), 1000)]
        for place, (app, categories, tokens) in enumerate(said):
            of_app = {"http_referer": app, "categories": categories}
            made = generation(generation_id(NOW_MS + place), usage=usage(tokens, 0), **of_app)
            store.insert(db, [(made, msgspec.json.encode(made))], rollups.note)
        rollups.add()
        page = listings_apps.page(Shelf(Catalog([], ()), {}), "one.example", Measured(Statistics(db, lambda: NOW_MS)))
    assert page is not None
    assert [(name, one.total_tokens, one.requests) for name, _, one in page["purposes"]] == [
        ("coding", 40, 2),
        ("ide-extension", 30, 1),
        ("cli-agent", 10, 1),
        ("productivity", 10, 1),
        ("legal", 10, 1),
    ]
    assert (page["purposes"][2][1], page["total"].total_tokens) == ("Agents in a terminal", 100)
