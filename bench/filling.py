"""A store with the traffic of months: keys, models and generations, the last days written by the code that writes in a server.

So records, sums of keys and workspaces, books and statistics are consistent, and `entrepot ledger verify` is clean; the days
before are copies. What is measured afterwards belongs to a workspace of its own, which is the same in every store, beside a crowd
of others.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from bench.repeating import repeat
from entrepot.catalog.store import save_models
from entrepot.identity import store as keys_store
from entrepot.identity.installation import installation_secret
from entrepot.identity.store import DEFAULT_WORKSPACE
from entrepot.ledger.posting import post_usage
from entrepot.records import store
from entrepot.records.groups import Groups
from entrepot.records.partitions import make_ahead
from entrepot.records.rollups import Rollups
from entrepot.storage.database import Database, Table
from entrepot.testing import builders
from entrepot.values.caller import KeyKind
from entrepot.values.generation import Attempt, Generation
from entrepot.values.ids import GenerationIds
from entrepot.values.model import Model
from entrepot.values.usage import Usage

DAY_MS = 86_400_000
OWN_MODELS = 10
OWN_CALLS_A_DAY = 12
MADE_DAYS = 2
"""Which are repeated for the time before them."""
_LISTED = 100
LISTED_A_DAY = 3 * _LISTED // MADE_DAYS
"""Of a crowd's calls so many fill the lists of pages: the models of an application, the applications of a model, and of all."""
LISTED_KEYS = 200
_AT_ONCE = 10_000
_APPS = 500
_KEYS_OF_A_WORKSPACE = 1_000
_PROVIDERS = ("openai", "azure", "groq", "together")
_FAILURES = ("timeout", "provider_unavailable", "rate_limit_exceeded")
_HASTY = ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000")
"""Nothing is provided for a crash."""
_STRIDE = 7919
"""Between keys that are used alike, so that they are no neighbours."""
_KEYS = Table(
    "keys",
    (
        *((name, "text") for name in ("hash", "name", "kind", "label", "workspace")),
        ("created_ms", "bigint"),
        ("revision", "bigint"),
    ),
)
_KINDS: tuple[KeyKind, ...] = ("live", "test", "management")
_encode = msgspec.json.Encoder().encode


class Size(msgspec.Struct, frozen=True):
    """`days` is a multiple of those that are made; the generations of the crowd are as many each day."""

    generations: int
    keys: int
    models: int
    days: int

    @property
    def a_day(self) -> int:
        return -(-self.generations // self.days) + OWN_CALLS_A_DAY

    @property
    def all(self) -> int:
        return self.a_day * self.days


class Shown(msgspec.Struct, frozen=True):
    """Plain keys to ask with, the hash of the live one, and a generation of it."""

    live: str
    test: str
    management: str
    live_hash: str
    generation: str


class Filled(msgspec.Struct, frozen=True):
    """A store that was filled, as is told beside it."""

    url: str
    shown: Shown
    size: Size
    took_s: float


def model_name(number: int) -> str:
    return f"crowd/model-{number:04d}"


def app_name(number: int) -> str:
    return f"app{number}.example"


def fill(db: Database, place: Path, size: Size, now_ms: int, told: Callable[[int], object]) -> Shown:
    """An empty store becomes one of that size. `told` hears how many generations came."""
    db.migrate()
    secret = installation_secret(db, place)
    keys_store.ensure_workspace(db, 1)
    made = {kind: keys_store.create_key(db, secret, name=kind, kind=kind, now_ms=1) for kind in _KINDS}
    save_models(db, (_model(number) for number in range(max(size.models, OWN_MODELS))), "bench", now_ms)
    dice = random.Random(size.generations)
    live, caller = made["live"]
    if db.engine == "sqlite":
        for pragma in _HASTY:
            db.execute(f"PRAGMA {pragma}")
    hashes = _make_keys(db, dice, size.keys)
    crowd = _Crowd(dice, hashes, caller.key_hash, size)
    _write(db, crowd.days(now_ms), now_ms, told)
    repeat(db, MADE_DAYS, size.days // MADE_DAYS, now_ms // DAY_MS - 1, told)
    if db.engine == "sqlite":
        db.execute("PRAGMA journal_mode = WAL")
    db.execute("VACUUM ANALYZE" if db.engine == "postgresql" else "ANALYZE")
    row = db.execute("SELECT min(id) FROM generations WHERE key_hash = ?", (caller.key_hash,)).fetchone()
    assert row is not None
    return Shown(live, made["test"][0], made["management"][0], caller.key_hash, row[0])


def _model(number: int) -> Model:
    return builders.model(model_name(number), created=1_700_000_000 + number * 10_000)


def _make_keys(db: Database, dice: random.Random, count: int) -> list[str]:
    """Sorted, so that an index grows at its end."""
    workspaces = max(1, count // _KEYS_OF_A_WORKSPACE)
    with db.transaction():
        db.executemany(
            "INSERT INTO workspaces (id, name, created_ms) VALUES (?, ?, ?)",
            [(f"w{number}", f"Workspace {number}", 1) for number in range(workspaces)],
        )
        hashes = sorted(dice.randbytes(32).hex() for _ in range(count))
        for at in range(0, count, _AT_ONCE):
            some = enumerate(hashes[at : at + _AT_ONCE], at)
            rows = [(one, f"key {n}", "live", "sk-ep-abc...xyz", f"w{n % workspaces}", n, n + 100) for n, one in some]
            db.insert(_KEYS, rows)
    return hashes


class _Crowd:
    """Traffic by day: few models, keys and apps have most of it. The own workspace has a call now and then."""

    def __init__(self, dice: random.Random, hashes: list[str], own: str, size: Size) -> None:
        self._dice = dice
        self._hashes = hashes
        self._own = own
        self._size = size
        self._workspaces = max(1, len(hashes) // _KEYS_OF_A_WORKSPACE)
        self._ids = GenerationIds(dice.randbytes)
        self._attempts = {
            (model, provider): (Attempt(f"{model}@{provider}", provider, model, 200, latency_ms=100.0),)
            for model in map(model_name, range(max(size.models, OWN_MODELS)))
            for provider in _PROVIDERS
        }

    def days(self, now_ms: int) -> Iterator[list[Generation]]:
        """The last days, each in the order of time. The last is over, so that what is asked of whole days is all there."""
        first, crowd = now_ms // DAY_MS - MADE_DAYS, self._size.a_day - OWN_CALLS_A_DAY
        for day in range(first, first + MADE_DAYS):
            calls = [*[-1] * OWN_CALLS_A_DAY, *range((day - first) * crowd, (day - first + 1) * crowd)]
            times = sorted((self._dice.randrange(DAY_MS), call) for call in calls)
            yield [self._one(day * DAY_MS + at, call) for at, call in times]

    def _one(self, at_ms: int, call: int) -> Generation:
        """call  which it is of the crowd's; -1 is one of our own"""
        chance = self._dice.random
        app = int(chance() ** 3 * _APPS)
        if call < 0:
            key, workspace = self._own, "default"
            model = model_name(int(chance() * OWN_MODELS))
        else:
            number = int(chance() ** 2 * len(self._hashes)) * _STRIDE % len(self._hashes)
            key, workspace = self._hashes[number], f"w{number % self._workspaces}"
            model = model_name(int(chance() ** 3 * self._size.models))
            if call < MADE_DAYS * LISTED_A_DAY:
                model, app = self._listed(call)
        provider = _PROVIDERS[int(chance() ** 2 * len(_PROVIDERS))]
        attempts = self._attempts[model, provider]
        if chance() < 0.02:
            return self._failed(at_ms, key, workspace, attempts[0])
        prompt, completion = int(chance() * 4000) + 10, int(chance() * 800) + 2
        cached = prompt // 2 if chance() < 0.3 else 0
        cost = prompt * 1250 + completion * 10_000 - cached * 1125
        return Generation(
            id=self._ids.make(at_ms), created_ms=at_ms, key_hash=key, workspace=workspace, requested=model, model=model,
            provider=provider, endpoint=attempts[0].endpoint, usage=Usage(prompt, completion, cached), cost_nano=cost,
            evidence="reported", streamed=True, finish_reason="stop", prompt_cost_nano=cost - completion * 10_000,
            completion_cost_nano=completion * 10_000, cache_discount_nano=cached * 1125, first_byte_ms=200 + 1800 * chance() ** 2,
            generation_ms=completion * (8 + 20 * chance()), http_referer=f"https://{app_name(app)}", app_title=f"App {app}",
            attempts=attempts,
        )  # fmt: skip

    def _listed(self, call: int) -> tuple[str, int]:
        """By turns another model of the first application, another application of the first model, and another of both."""
        number, kind = divmod(call, 3)
        model = number % max(self._size.models, OWN_MODELS)
        return model_name(0 if kind == 1 else model), 0 if kind == 0 else number

    def _failed(self, at_ms: int, key: str, workspace: str, tried: Attempt) -> Generation:
        kind = _FAILURES[int(self._dice.random() * len(_FAILURES))]
        return Generation(
            id=self._ids.make(at_ms),
            created_ms=at_ms,
            key_hash=key,
            workspace=workspace,
            requested=tried.upstream_model,
            model="",
            provider=tried.provider,
            endpoint="",
            usage=Usage(),
            cost_nano=0,
            evidence="waived",
            status=502,
            error_type=kind,
            attempts=(msgspec.structs.replace(tried, status=0, error_type=kind),),
        )


def _write(db: Database, days: Iterator[list[Generation]], now_ms: int, told: Callable[[int], object]) -> None:
    rollups = Rollups(db, "fill", 0, lambda: now_ms)
    for made in days:
        make_ahead(db, made[0].created_ms)
        written: list[Groups] = []
        for at in range(0, len(made), _AT_ONCE):
            some = made[at : at + _AT_ONCE]
            store.insert(db, [(one, _encode(one)) for one in some], functools.partial(_post, db, written))
            told(len(some))
        with db.transaction():
            rollups.add_batch(rollups.summed(written))


def _post(db: Database, written: list[Groups], new: Groups) -> None:
    """The own calls one by one, as a server does that has few; those of the crowd together."""
    written.append(new)
    for one in new.made:
        if one.workspace == DEFAULT_WORKSPACE:
            post_usage(db, Groups([one]), "fill")
    if crowd := [one for one in new.made if one.workspace != DEFAULT_WORKSPACE]:
        post_usage(db, Groups(crowd), "fill")
