"""The sums of a batch of records, before they are added to those in the database. No I/O.

Of a generation that no endpoint answered, the endpoint that was asked last is told; of one that reached none, no model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import add

import msgspec

from entrepot.records.apps import app_of
from entrepot.records.figures import DAY_S, FAULTS, HOUR_S, MINUTE_S
from entrepot.records.histogram import ONES, bucket_of
from entrepot.values.generation import Generation

_LONGEST_TIER = 40
_NO_ENDINGS = (0,) * 6
_NO_SUMS = (0,) * 11
_ENDINGS: dict[str | None, tuple[int, int, int, int]] = {
    "stop": (1, 0, 0, 0),
    "length": (0, 1, 0, 0),
    "tool_calls": (0, 0, 1, 0),
    "content_filter": (0, 0, 0, 1),
}
_OTHERWISE = (0, 0, 0, 0)
Key = tuple[object, ...]
Sums = tuple[int, ...]
Admit = Callable[[str, str, int], str]
"""Given an application, its workspace and the day: the name it is counted under."""


class Batch(msgspec.Struct, frozen=True):
    """Sums by the first second of a minute, hour or day and what else tells them apart; no two of one key.

    endpoints   by minute, test, model, endpoint, provider: sums, endings, attempts
    speeds      by the same: histograms of latency and throughput
    failures    by minute, test, model, endpoint, what, error_type, provider: how many
    workspaces  by hour, workspace, test, model, endpoint, app, tier, provider: sums
    keys        by day, workspace, test, key, model, endpoint, app, tier, provider: sums
    apps        by day, test, app, model: sums
    titles      of the applications, with the time of the first request
    """

    endpoints: dict[Key, Sums]
    speeds: dict[Key, tuple[int, int]]
    failures: dict[Key, int]
    workspaces: dict[Key, Sums]
    keys: dict[Key, Sums]
    apps: dict[Key, Sums]
    titles: dict[str, tuple[str, int]]


def summed(made: Sequence[Generation], admit: Admit) -> Batch:
    """Values are only gathered for each record; they are added up for each group, which is several times faster."""
    endpoints: dict[Key, list[Sums]] = {}
    workspaces: dict[Key, list[Sums]] = {}
    keys: dict[Key, list[Sums]] = {}
    apps: dict[Key, list[Sums]] = {}
    speeds: dict[Key, tuple[list[int], list[int]]] = {}
    failures: dict[Key, int] = {}
    titles: dict[str, tuple[str, int]] = {}
    for g in made:
        second, test, provider, tried, usage = g.created_ms // 1000, int(g.test), g.provider, g.attempts, g.usage
        minute, day = second - second % MINUTE_S, second - second % DAY_S
        endpoint = g.endpoint or (tried[-1].endpoint if tried else "")
        model = g.model or model_of(endpoint)
        sums = (
            1, 1 if g.error_type else 0, 1 if g.cancelled else 0,
            usage.prompt_tokens, usage.cached_tokens, usage.cache_write_tokens + usage.cache_write_1h_tokens,
            usage.completion_tokens, usage.reasoning_tokens, g.cost_nano, g.cache_discount_nano, g.upstream_cost_nano or 0,
        )  # fmt: skip
        here = (minute, test, model, endpoint, provider)
        ended = _ENDINGS.get(g.finish_reason, _OTHERWISE)
        _gather(endpoints, here, (*sums, *ended, 1 if g.streamed else 0, g.tool_calls, 1 if tried else 0))
        if g.endpoint:
            _time(speeds, here, g)
        if g.error_type or len(tried) > 1:
            _blame(endpoints, failures, here, g)
        app = app_of(g)
        if app:
            app = admit(app, g.workspace, day // DAY_S)
            _gather(apps, (day, test, app, model), sums)
            titles.setdefault(app, (g.app_title, g.created_ms))
        tier = (g.service_tier or "")[:_LONGEST_TIER]
        rest = (model, endpoint, app, tier, provider)
        _gather(workspaces, (second - second % HOUR_S, g.workspace, test, *rest), sums)
        _gather(keys, (day, g.workspace, test, g.key_hash, *rest), sums)
    return Batch(
        _added(endpoints),
        {key: (_histogram(latency), _histogram(throughput)) for key, (latency, throughput) in speeds.items()},
        failures,
        _added(workspaces),
        _added(keys),
        _added(apps),
        titles,
    )


def at_level(sums: dict[Key, Sums], each: int) -> dict[Key, Sums]:
    """The same by longer stretches of so many seconds."""
    found: dict[Key, Sums] = {}
    for (at, *rest), added in sums.items():
        key = (at - at % each, *rest)  # type: ignore[operator]  # the first of a key is a time
        held = found.get(key)
        found[key] = added if held is None else tuple(map(add, held, added))
    return found


def model_of(endpoint: str) -> str:
    """Endpoints are named `model@provider` or `model@provider/tag`."""
    return endpoint.rpartition("@")[0]


def _gather(groups: dict[Key, list[Sums]], key: Key, sums: Sums) -> None:
    held = groups.get(key)
    if held is None:
        groups[key] = [sums]
    else:
        held.append(sums)


def _added(groups: dict[Key, list[Sums]]) -> dict[Key, Sums]:
    return {key: rows[0] if len(rows) == 1 else tuple(map(sum, zip(*rows, strict=True))) for key, rows in groups.items()}


def _time(speeds: dict[Key, tuple[list[int], list[int]]], here: Key, g: Generation) -> None:
    """An answer that came whole tells nothing of its first token, and its tokens took the whole time."""
    held = speeds.get(here)
    if held is None:
        held = speeds[here] = ([], [])
    if g.streamed:
        held[0].append(bucket_of(g.first_byte_ms))
    took_ms = g.generation_ms if g.streamed else g.first_byte_ms + g.generation_ms
    tokens = g.usage.completion_tokens
    if tokens > 1 and took_ms >= 1:
        held[1].append(bucket_of(tokens * 1000 / took_ms))


def _histogram(buckets: list[int]) -> int:
    return sum([ONES[bucket] for bucket in buckets])


def _blame(endpoints: dict[Key, list[Sums]], failures: dict[Key, int], here: Key, g: Generation) -> None:
    """What the caller was told, and every attempt that failed. An answer that broke off is a failed attempt that began well."""
    minute, test, model, endpoint, provider = here
    if g.error_type:
        _count(failures, (minute, test, model, endpoint, "request", g.error_type, provider))
        if g.endpoint and g.error_type in FAULTS:
            _count(failures, (minute, test, model, endpoint, "attempt", g.error_type, provider))
    for number, tried in enumerate(g.attempts, 1):
        there = (minute, test, model_of(tried.endpoint), tried.endpoint, tried.provider)
        if number < len(g.attempts):
            _gather(endpoints, there, (*_NO_SUMS, *_NO_ENDINGS, 1))
        if tried.error_type:
            _count(failures, (*there[:4], "attempt", tried.error_type, tried.provider))


def _count(failures: dict[Key, int], key: Key) -> None:
    failures[key] = failures.get(key, 0) + 1
