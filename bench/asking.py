"""What is asked of a filled store's server, one after another, and how long each took."""

from __future__ import annotations

import datetime
import http.client
import json
import statistics
import time
from collections.abc import Callable, Iterator

import msgspec

from bench.filling import MADE_DAYS, Shown, app_name, model_name

_WARM = 5
_MODEL = model_name(0)


class Ask(msgspec.Struct, frozen=True):
    name: str
    path: str
    key: str = ""
    body: bytes = b""

    @property
    def limit_ms(self) -> float:
        return 100.0 if self.name.startswith("page") else 200.0


class Took(msgspec.Struct, frozen=True):
    """ms: the median, what 95 % took at most, what the first took, the time of processors for each, and how many it may be"""

    median: float
    p95: float
    first: float = 0.0
    cpu: float = 0.0
    limit_ms: float = float("inf")

    @property
    def shown(self) -> str:
        return " / ".join(f"{figure:,.1f}" for figure in (self.median, self.p95, self.first, self.cpu))


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
    for page in (*pages, f"/apps/{app_name(0)}", f"/compare/{_MODEL}/{model_name(1)}"):
        yield Ask(f"page {page}", page)


def once(connection: http.client.HTTPConnection, ask: Ask) -> None:
    headers = {"Authorization": f"Bearer {ask.key}"} if ask.key else {}
    connection.request("POST" if ask.body else "GET", ask.path, ask.body or None, headers | {"Content-Type": "application/json"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{ask.path} answered {answer.status}: {body[:300]!r}")


def timed(connection: http.client.HTTPConnection, ask: Ask, times: int, cpu_s: Callable[[], float]) -> Took:
    first, *_ = [_ms(connection, ask) for _ in range(_WARM)]
    before_s = cpu_s()
    taken = [_ms(connection, ask) for _ in range(times)]
    cpu_ms = (cpu_s() - before_s) * 1000 / times
    return Took(statistics.median(taken), statistics.quantiles(taken, n=20)[-1], first, cpu_ms, ask.limit_ms)


def _ms(connection: http.client.HTTPConnection, ask: Ask) -> float:
    began = time.perf_counter()
    once(connection, ask)
    return (time.perf_counter() - began) * 1000
