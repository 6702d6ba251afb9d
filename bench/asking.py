"""What is asked of a small and a large store by turns, and how the large one compares.

A machine that others use swings in speed within seconds. So both stores are served at once and asked in turns of a few askings,
small, large, large, small: the two turns of a pair lie in the same moment, and what is told is the median of the pairs' ratios.
"""

from __future__ import annotations

import datetime
import http.client
import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain

import msgspec

from bench.filling import MADE_DAYS, Shown, app_name, model_name
from bench.processes import Child, cpu_of

FURTHER = 1.2
"""A ratio up to here is none to speak of."""
_CLEARLY = 0.2
"""Of the pairs that may lie below, where most lie above."""
PASSES = 4
"""Over all that is asked: a process may have a bad place among processors for seconds, which no pair in them tells."""
_PAIRS, _MOST_PAIRS = 4, 12
_A_WHILE_S = 0.5
"""Of one thing that is asked in a pass, after which no more pairs are taken than must be."""
_A_TURN = 4
_WARM = 2
MOST_AT_FIRST_MS = 200.0
"""Of processors, that a first asking may take."""
_MODEL = model_name(0)
_PAGE_MS, _ANSWER_MS = 100.0, 200.0


class Ask(msgspec.Struct, frozen=True):
    name: str
    path: str
    key: str = ""
    body: bytes = b""

    @property
    def limit_ms(self) -> float:
        return _PAGE_MS if self.name.startswith("page") else _ANSWER_MS


class Turn(msgspec.Struct, frozen=True):
    """Milliseconds by the clock of each asking, and of processors for one of them."""

    ms: tuple[float, ...]
    cpu_ms: float


class Side(msgspec.Struct, frozen=True):
    """One store. firsts  askings that nothing was remembered for, one after each start"""

    firsts: tuple[Turn, ...]
    turns: tuple[Turn, ...]

    @property
    def median(self) -> float:
        return statistics.median(chain.from_iterable(turn.ms for turn in self.turns))

    @property
    def p95(self) -> float:
        return statistics.quantiles(chain.from_iterable(turn.ms for turn in self.turns), n=20)[-1]

    @property
    def cpu(self) -> float:
        return statistics.median(turn.cpu_ms for turn in self.turns)

    @property
    def first(self) -> float:
        return statistics.median(turn.ms[0] for turn in self.firsts)

    @property
    def cpu_of_first(self) -> float:
        return statistics.median(turn.cpu_ms for turn in self.firsts)


class Ratio(msgspec.Struct, frozen=True):
    """Of the large store to the small one, pair by pair."""

    of_pairs: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.of_pairs)

    @property
    def clearly_more(self) -> bool:
        """Four of five pairs lie above what is none to speak of: chance alone does that one time in fifty."""
        return sorted(self.of_pairs)[int(len(self.of_pairs) * _CLEARLY)] > FURTHER


class Compared(msgspec.Struct, frozen=True):
    few: Side
    many: Side
    limit_ms: float = float("inf")

    @property
    def by_clock(self) -> Ratio:
        return self._ratio(lambda turn: sum(turn.ms) / len(turn.ms))

    @property
    def of_cpu(self) -> Ratio:
        return self._ratio(lambda turn: turn.cpu_ms)

    @property
    def late(self) -> bool:
        return self.many.p95 > self.limit_ms

    def _ratio(self, figure: Callable[[Turn], float]) -> Ratio:
        pairs = zip(self.few.turns, self.many.turns, strict=True)
        return Ratio(tuple(figure(many) / max(figure(few), 1e-6) for few, many in pairs))


class Server(msgspec.Struct, frozen=True):
    """pids  of its database, whose work counts too"""

    child: Child
    connection: http.client.HTTPConnection
    pids: Callable[[], list[int]]

    def cpu_s(self) -> float:
        return self.child.cpu_s() + sum(map(cpu_of, self.pids()))

    def turn(self, ask: Ask, times: int) -> Turn:
        before_s = self.cpu_s()
        ms = tuple(self._ms(ask) for _ in range(times))
        return Turn(ms, (self.cpu_s() - before_s) * 1000 / times)

    def once(self, ask: Ask) -> None:
        headers = {"Authorization": f"Bearer {ask.key}"} if ask.key else {}
        headers |= {"Content-Type": "application/json"}
        self.connection.request("POST" if ask.body else "GET", ask.path, ask.body or None, headers)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{ask.path} answered {answer.status}: {body[:300]!r}")

    def _ms(self, ask: Ask) -> float:
        began = time.perf_counter()
        self.once(ask)
        return (time.perf_counter() - began) * 1000


def taken(few: Server, many: Server, of_few: Ask, of_many: Ask) -> tuple[list[Turn], list[Turn]]:
    """The turns of each, pair by pair."""
    servers, both = (few, many), (of_few, of_many)
    for number in (0, 1):
        servers[number].turn(both[number], _WARM)
    turns: tuple[list[Turn], list[Turn]] = ([], [])
    until = time.monotonic() + _A_WHILE_S
    while (done := len(turns[0])) < _PAIRS or (done < _MOST_PAIRS and time.monotonic() < until):
        for number in by_turns(done):
            turns[number].append(servers[number].turn(both[number], _A_TURN))
    return turns


def by_turns(pair: int) -> Sequence[int]:
    """Who of two comes first in a pair: small, large, large, small."""
    return (1, 0) if pair % 2 else (0, 1)


def asks(shown: Shown) -> Iterator[Ask]:
    said = {"model": _MODEL, "max_tokens": 16, "messages": [{"role": "user", "content": "Hello"}]}
    yield Ask("a request", "/api/v1/chat/completions", shown.test, json.dumps(said).encode())
    yield Ask("GET /key", "/api/v1/key", shown.live)
    yield Ask("GET /credits", "/api/v1/credits", shown.management)
    yield Ask("GET /keys", "/api/v1/keys", shown.management)
    yield Ask("GET /generation", f"/api/v1/generation?id={shown.generation}", shown.live)
    yield Ask("GET /activity of a workspace", "/api/v1/activity?workspace_id=default", shown.management)
    yield Ask("GET /activity of a key", f"/api/v1/activity?api_key_hash={shown.live_hash}", shown.management)
    month = (datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=MADE_DAYS)).strftime("%Y-%m")
    yield Ask("GET a statement", f"/api/v1/workspaces/default/statements/{month}.json", shown.management)
    query = {
        "metrics": ["total_usage"],
        "dimensions": ["model"],
        "filters": [{"field": "workspace", "operator": "eq", "value": "default"}],
    }
    yield Ask("POST /analytics/query", "/api/v1/analytics/query", shown.management, json.dumps(query).encode())
    yield Ask("GET /models", "/api/v1/models")
    yield Ask("GET /models by popularity", "/api/v1/models?sort=most-popular")
    yield Ask("GET /models by latency", "/api/v1/models?sort=latency-low-to-high")
    yield Ask("GET endpoints of a model", f"/api/v1/models/{_MODEL}/endpoints", shown.live)
    yield Ask("GET /datasets/app-rankings", "/api/v1/datasets/app-rankings", shown.live)
    yield Ask("GET /datasets/rankings-daily", "/api/v1/datasets/rankings-daily", shown.live)
    for tab in ("", "/providers", "/performance", "/pricing", "/benchmarks", "/apps", "/activity", "/uptime", "/api"):
        yield Ask(f"page of a model{tab}", f"/{_MODEL}{tab}")
    pages = (
        "/models",
        "/rankings",
        "/rankings?span=month",
        "/apps",
        "/providers",
        "/providers/openai",
        "/authors/crowd",
        "/status",
    )
    for page in pages:
        yield Ask(f"page {page}", page)
    yield Ask("page of an app", f"/apps/{app_name(0)}")
    yield Ask("page that compares two", f"/compare/{_MODEL}/{model_name(1)}")
