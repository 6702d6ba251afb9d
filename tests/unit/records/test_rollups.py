"""Sums equal what the records themselves say, and each record counts once."""

import contextlib
import random
from collections.abc import Iterator, Sequence

import msgspec
import pytest

from entrepot.records import store
from entrepot.records.figures import Scope, Span, Totals, last
from entrepot.records.rollups import Rollups
from entrepot.records.statistics import Statistics
from entrepot.storage.database import Database
from entrepot.storage.engines import open_database
from entrepot.testing.builders import NOW_MS, attempt, generation, usage
from entrepot.values.generation import Generation
from entrepot.values.ids import generation_id
from entrepot.values.times import DAY_S

MODELS = ("openai/gpt-5.1", "openai/gpt-5.1-chat", "anthropic/claude-opus-5")
PROVIDERS = ("openai", "azure", "groq")
APPS = ("", "https://one.example", "https://two.example/chat")
CATEGORIES: tuple[tuple[str, ...], ...] = ((), ("cli-agent",), ("cli-agent", "ide-extension"), ("game", "trivia"))


@pytest.fixture
def db(store_url: str) -> Iterator[Database]:
    with contextlib.closing(open_database(store_url)) as opened:
        opened.migrate()
        yield opened


def some(dice: random.Random, count: int, days: int = 3) -> list[Generation]:
    return [one(dice, NOW_MS - dice.randrange(days * DAY_S * 1000)) for _ in range(count)]


def one(dice: random.Random, at_ms: int) -> Generation:
    model, provider = dice.choice(MODELS), dice.choice(PROVIDERS)
    endpoint, fails = f"{model}@{provider}", dice.random() < 0.2
    kind = dice.choice(["timeout", "rate_limit_exceeded", "invalid_request"]) if fails else ""
    return generation(
        generation_id(at_ms, dice.randbytes(16)),
        created_ms=at_ms,
        key_hash=dice.choice("abc"),
        workspace=dice.choice(["default", "other"]),
        model="" if fails else model,
        provider=provider,
        endpoint="" if fails else endpoint,
        error_type=kind,
        usage=usage(0, 0) if fails else usage(dice.randrange(5000), dice.randrange(900), cached_tokens=7, reasoning_tokens=3),
        cost_nano=0 if fails else dice.randrange(10**6),
        streamed=dice.random() < 0.5,
        first_byte_ms=dice.uniform(50, 5000),
        generation_ms=dice.uniform(50, 20_000),
        http_referer=dice.choice(APPS),
        app_title="One",
        test=dice.random() < 0.1,
        attempts=(attempt(endpoint=endpoint, provider=provider, error_type=kind),),
        categories=dice.choice(CATEGORIES),
    )


def write(db: Database, made: list[Generation], part: int = 0) -> None:
    rollups = Rollups(db, f"process {part}", part, lambda: NOW_MS)
    store.insert_missing(db, [(g, msgspec.json.encode(g)) for g in made], rollups.note, part)
    rollups.add()


def statistics(db: Database) -> Statistics:
    return Statistics(db, lambda: NOW_MS)


def raw(made: list[Generation], span: Span, **wished: object) -> Totals:
    chosen = [
        g
        for g in made
        if span.from_ms <= g.created_ms < span.before_ms and all(getattr(g, name) == value for name, value in wished.items())
    ]
    return Totals(
        len(chosen),
        sum(bool(g.error_type) for g in chosen),
        0,
        sum(g.usage.prompt_tokens for g in chosen),
        sum(g.usage.cached_tokens for g in chosen),
        0,
        sum(g.usage.completion_tokens for g in chosen),
        sum(g.usage.reasoning_tokens for g in chosen),
        sum(g.cost_nano for g in chosen),
        sum(g.cache_discount_nano for g in chosen),
    )


def test_a_batch_counts_once_however_often_it_comes(db: Database) -> None:
    made = some(random.Random(1), 50)
    write(db, made)
    write(db, made)
    assert statistics(db).totals(Scope(), last(NOW_MS, days=5)).requests == sum(not g.test for g in made)


def test_processes_add_to_the_same_figures(db: Database) -> None:
    made = some(random.Random(2), 60)
    for part in range(3):
        write(db, made[part::3], part)
    told = statistics(db).totals(Scope(), last(NOW_MS, days=5))
    assert told == raw(made, last(NOW_MS, days=5), test=False)


@pytest.mark.parametrize("seed", range(3))
def test_figures_equal_those_of_the_records_for_a_random_hour_day_model_and_app(db: Database, seed: int) -> None:
    dice = random.Random(seed)
    made = some(dice, 300)
    for start in range(0, 300, 60):
        write(db, made[start : start + 60], start)
    told, model, app = statistics(db), dice.choice(MODELS), dice.choice(APPS[1:])
    hour = last(NOW_MS - dice.randrange(3 * DAY_S) * 1000, hours=1)
    day = last(NOW_MS - dice.randrange(3) * DAY_S * 1000, days=1)
    of_model = [g for g in made if (g.model or g.attempts[0].endpoint.split("@")[0]) == model]
    assert told.totals(Scope(model=model), hour) == raw(of_model, hour, test=False)
    assert told.totals(Scope(model=model), day, "day") == raw(of_model, day, test=False)
    assert told.totals(Scope(), day, "minute") == raw(made, day, test=False)
    assert told.totals(Scope(app=app, test=True), day) == raw(made, day, test=True, http_referer=app)
    of_coders = [g for g in made if g.http_referer and {"cli-agent", "ide-extension"} & set(g.categories)]
    assert told.totals(Scope(category="coding"), day) == raw(of_coders, day, test=False)
    assert told.totals(Scope(workspace="other"), day, "hour") == raw(made, day, test=False, workspace="other")
    assert told.totals(Scope(workspace="other", key_hash="a"), day) == raw(made, day, test=False, workspace="other", key_hash="a")


def test_what_a_dead_process_left_is_added_by_another_after_a_minute_and_once(db: Database) -> None:
    made = some(random.Random(3), 40)
    dead, later = Rollups(db, "dead", 1, lambda: NOW_MS), Rollups(db, "alive", 1, lambda: NOW_MS + 61_000)
    store.insert(db, [(g, msgspec.json.encode(g)) for g in made], dead.note)
    assert [Rollups(db, "early", 2, lambda: NOW_MS + 59_000).adopt(), later.adopt(), later.adopt()] == [0, 40, 0]
    dead.add()
    assert statistics(db).totals(Scope(), last(NOW_MS, days=5)) == raw(made, last(NOW_MS, days=5), test=False)


def test_what_was_noted_and_rolled_back_does_not_count(db: Database) -> None:
    made, rollups = some(random.Random(4), 20), Rollups(db, "p", 1, lambda: NOW_MS)

    def fail(new: Sequence[Generation]) -> None:
        rollups.note(new)
        raise ZeroDivisionError

    rows = [(g, msgspec.json.encode(g)) for g in made]
    with pytest.raises(ZeroDivisionError):
        store.insert(db, rows, fail)
    store.insert_missing(db, rows, rollups.note)
    rollups.add()
    assert statistics(db).totals(Scope(), last(NOW_MS, days=5)) == raw(made, last(NOW_MS, days=5), test=False)
