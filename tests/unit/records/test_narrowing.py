"""What pages read of all models, providers and applications is what the sums of endpoints and applications say."""

import contextlib
import random
from collections.abc import Iterator
from itertools import product
from operator import add

import msgspec
import pytest
from msgspec.structs import replace

from entrepot.records import store
from entrepot.records.asked import Conditions, Question, TableName, ask, conditions, parts
from entrepot.records.figures import Level, Scope, last
from entrepot.records.rollups import TABLES, Rollups
from entrepot.records.statistics import Statistics
from entrepot.records.sums import SUMS
from entrepot.storage.database import Database, Row
from entrepot.storage.engines import open_database
from entrepot.testing.builders import NOW_MS, attempt, generation, usage
from entrepot.values.generation import Generation
from entrepot.values.ids import generation_id
from entrepot.values.times import DAY_MS

MODELS, PROVIDERS, APPS = ("acme/a", "acme/b", "other/a"), ("openai", "azure"), ("", "https://a.example", "https://b.example")
NARROW: tuple[TableName, ...] = ("model_totals", "provider_totals", "provider_failures", "model_apps")
SPAN = last(NOW_MS - 1, days=1)
LEVELS: tuple[Level, ...] = ("day", "minute")
LIVE = conditions(Scope())


@pytest.fixture(params=[1, 2])
def db(store_url: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    """Written by two processes, in batches that overlap in time."""
    dice = random.Random(request.param)
    with contextlib.closing(open_database(store_url)) as opened:
        opened.migrate()
        for part in range(2):
            rollups = Rollups(opened, f"process {part}", part, lambda: NOW_MS)
            for _ in range(3):
                made = [one(dice) for _ in range(30)]
                store.insert_missing(opened, [(g, msgspec.json.encode(g)) for g in made], rollups.note, part)
                rollups.add()
        yield opened


def one(dice: random.Random) -> Generation:
    at_ms, model, provider = NOW_MS - 1 - dice.randrange(2 * DAY_MS), dice.choice(MODELS), dice.choice(PROVIDERS)
    kind = dice.choice(["", "", "timeout", "rate_limit_exceeded"])
    tried = [attempt(endpoint=f"{model}@{name}", provider=name, error_type="timeout") for name in PROVIDERS[: dice.randrange(3)]]
    told = {"model": "", "endpoint": "", "error_type": kind} if kind else {"model": model, "endpoint": f"{model}@{provider}"}
    return generation(
        generation_id(at_ms, dice.randbytes(16)),
        created_ms=at_ms,
        provider=provider,
        usage=usage(0, 0) if kind else usage(dice.randrange(5000), dice.randrange(900), cached_tokens=7),
        http_referer=dice.choice(APPS),
        test=dice.random() < 0.2,
        attempts=(*tried, attempt(endpoint=f"{model}@{provider}", provider=provider, error_type=kind)),
        **told,
    )


@pytest.mark.parametrize("where", [LIVE, conditions(Scope(test=True)), (("model", "IN", MODELS[:2]), *LIVE)])
def test_a_day_told_by_fewer_rows_is_that_of_all_its_minutes(db: Database, where: Conditions) -> None:
    for by in ((), ("model",), ("provider",), ("test", "model")):
        asked = Question("endpoint_sums", SUMS, by, where)
        day, minutes = (sorted(ask(db, asked, SPAN, level)) for level in LEVELS)
        assert day == minutes != []
        assert sorted(row[1:] for row in ask(db, replace(asked, by=("at", *by)), SPAN, "day")) == day
        assert added(parts(db, asked, SPAN, "day"), len(by)) == {row[: len(by)]: row[len(by) :] for row in day}


def added(rows: list[Row], names: int) -> dict[Row, Row]:
    found: dict[Row, Row] = {}
    for row in rows:
        held = found.get(row[:names], (0,) * (len(row) - names))
        found[row[:names]] = tuple(map(add, held, row[names:]))
    return found


def test_what_failed_at_a_provider_is_what_failed_at_its_endpoints(db: Database) -> None:
    for what, by in product(("request", "attempt"), (("provider", "error_type"), ("provider",), ("error_type",))):
        asked = Question("endpoint_failures", ("failures",), by, (*LIVE, ("what", "=", what)))
        day, minutes = (sorted(ask(db, asked, SPAN, level)) for level in LEVELS)
        assert day == minutes != []
    for provider in PROVIDERS:
        attempts = Question("endpoint_sums", ("attempts",), ("provider",), conditions(Scope(provider=provider)))
        assert ask(db, attempts, SPAN, "hour") == ask(db, attempts, SPAN, "minute") != []


def test_the_apps_of_a_model_have_what_each_app_has_of_it(db: Database) -> None:
    told = Statistics(db, lambda: NOW_MS)
    for model in MODELS:
        alone = {app: told.totals(Scope(app=app, model=model), SPAN, "day") for app in APPS[1:]}
        ranked = {one.name: (one.total_tokens, one.requests) for one in told.ranking("app", SPAN, of=Scope(model=model))}
        assert ranked == {app: (one.total_tokens, one.requests) for app, one in alone.items() if one.requests} != {}


def test_authors_and_models_are_split_into_what_each_has_alone(db: Database) -> None:
    told = Statistics(db, lambda: NOW_MS)
    authors = told.series_by("author", Scope(), SPAN, "day")
    assert authors == {author: told.series(Scope(author=author), SPAN, "day") for author in authors}
    models = told.series_by("model", Scope(app=APPS[1]), SPAN)
    assert models == {model: told.series(Scope(app=APPS[1], model=model), SPAN, "day") for model in models}
    assert {*authors} >= {"acme", "other"}
    assert {*models} >= {*MODELS}


def test_what_was_there_before_is_summed_by_the_migration(db: Database) -> None:
    def rows() -> dict[str, list[Row]]:
        sums = {name: ", ".join(column for column, _ in TABLES[name].columns) for name in NARROW}
        return {name: sorted(db.execute(f"SELECT {columns} FROM {name}").fetchall()) for name, columns in sums.items()}

    kept = rows()
    for name in NARROW:
        db.execute(f"DROP TABLE {name}")
    db.execute("CREATE INDEX app_sums_by_model ON app_sums (level, test, model, at)")
    db.execute("DELETE FROM schema_versions WHERE number = 14")
    db.migrate()
    assert rows() == kept
    assert all(kept.values())
