"""The sums of records, before they are added to those in the database. No I/O.

Of a generation that no endpoint answered, the endpoint that was asked last is told; of one that reached none, no model. Figures
are first only gathered, by all that tells records apart, and added up for many batches at once, which costs a third.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import add
from typing import Any

import msgspec

from entrepot.records.apps import app_of
from entrepot.records.figures import DAY_S, FAULTS, HOUR_S, MINUTE_S, REFUSED
from entrepot.records.histogram import ONES, bucket_of
from entrepot.values.generation import Attempt, Generation

_LONGEST_TIER = 40
_UNTIMED = -1
_REFUSES_US = frozenset({401, 402, 403})
_ENDINGS = ("stop", "length", "tool_calls", "content_filter")
_NO_SUMS = (0,) * 17
Key = tuple[object, ...]
Sums = tuple[int, ...]
Figures = tuple[Any, ...]
Admit = Callable[[str, str, int], str]
"""Given an application, its workspace and the day: the name it is counted under."""


class Gathered(msgspec.Struct, frozen=True):
    """What a few hundred records say, not yet added up.

    figures   by minute, workspace, test, key, model, endpoint, app, tier, provider
    attempts  beside the last of each generation, by minute, test, model, endpoint, provider
    failures  by minute, test, model, endpoint, what, error_type, provider
    titles    of the applications, and the time of the first request
    """

    figures: dict[Key, list[Figures]] = {}
    attempts: dict[Key, int] = {}
    failures: dict[Key, int] = {}
    titles: dict[str, tuple[str, int]] = {}


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
    speeds: dict[Key, Sums]
    failures: dict[Key, Sums]
    workspaces: dict[Key, Sums]
    keys: dict[Key, Sums]
    apps: dict[Key, Sums]
    titles: dict[str, tuple[str, int]]


def gather(made: Sequence[Generation], admit: Admit) -> Gathered:
    """This is what statistics cost for every record; the rest is done for each group of them."""
    found = Gathered({}, {}, {}, {})
    groups = found.figures
    for g in made:
        usage, tried, endpoint, model = g.usage, g.attempts, g.endpoint, g.model
        second = g.created_ms // 1000
        if not endpoint and tried:
            endpoint = tried[-1].endpoint
            model = model_of(endpoint)
        app = app_of(g) if g.http_referer else ""
        if app:
            app = admit(app, g.workspace, second // DAY_S)
            if app not in found.titles:
                found.titles[app] = (g.app_title, g.created_ms)
        minute = second - second % MINUTE_S
        key = (minute, g.workspace, g.test, g.key_hash, model, endpoint, app, g.service_tier, g.provider)
        figures = (
            g.error_type, g.cancelled, usage.prompt_tokens, usage.cached_tokens, usage.cache_write_tokens,
            usage.cache_write_1h_tokens, usage.completion_tokens, usage.reasoning_tokens, g.cost_nano, g.cache_discount_nano,
            g.upstream_cost_nano or 0, g.finish_reason, g.streamed, g.tool_calls, 1 if tried else 0, *_timed(g),
        )  # fmt: skip
        held = groups.get(key)
        if held is None:
            groups[key] = [figures]
        else:
            held.append(figures)
        if g.error_type or (tried and (len(tried) > 1 or tried[0].error_type)):
            _blame(found, (minute, int(g.test), model, endpoint, g.provider), g)
    return found


def summed(gathered: Iterable[Gathered]) -> Batch:
    """All of them together."""
    all_of_it = _together(gathered)
    endpoints: dict[Key, list[Sums]] = {}
    speeds: dict[Key, list[Sums]] = {}
    workspaces: dict[Key, list[Sums]] = {}
    keys: dict[Key, list[Sums]] = {}
    apps: dict[Key, list[Sums]] = {}
    for key, rows in all_of_it.figures.items():
        minute, workspace, of_test, key_hash, model, endpoint, app, told, provider = key
        assert isinstance(minute, int)
        test, tier = int(bool(of_test)), str(told or "")[:_LONGEST_TIER]
        sums, more, timed = _sums(rows)
        here, rest = (minute, test, model, endpoint, provider), (model, endpoint, app, tier, provider)
        _put(endpoints, here, sums + more)
        if timed != (0, 0):
            _put(speeds, here, timed)
        _put(workspaces, (minute - minute % HOUR_S, workspace, test, *rest), sums)
        _put(keys, (minute - minute % DAY_S, workspace, test, key_hash, *rest), sums)
        if app:
            _put(apps, (minute - minute % DAY_S, test, app, model), sums)
    for key, count in all_of_it.attempts.items():
        _put(endpoints, key, (*_NO_SUMS, count))
    failures: dict[Key, Sums] = {key: (count,) for key, count in all_of_it.failures.items()}
    return Batch(_added(endpoints), _added(speeds), failures, _added(workspaces), _added(keys), _added(apps), all_of_it.titles)


def at_level(sums: dict[Key, Sums], each: int) -> dict[Key, Sums]:
    """The same by longer stretches of so many seconds."""
    found: dict[Key, Sums] = {}
    for (at, *rest), more in sums.items():
        assert isinstance(at, int)
        key = (at - at % each, *rest)
        held = found.get(key)
        found[key] = more if held is None else tuple(map(add, held, more))
    return found


def model_of(endpoint: str) -> str:
    """Endpoints are named `model@provider` or `model@provider/tag`."""
    return endpoint.rpartition("@")[0]


def _timed(g: Generation) -> tuple[int, int]:
    """Buckets of latency and throughput. What came whole tells nothing of its first token, and its tokens took the whole time."""
    if not g.endpoint:
        return _UNTIMED, _UNTIMED
    tokens, took_ms = g.usage.completion_tokens, g.generation_ms
    latency = _UNTIMED
    if g.streamed:
        latency = bucket_of(g.first_byte_ms)
    else:
        took_ms += g.first_byte_ms
    return latency, bucket_of(tokens * 1000 / took_ms) if tokens > 1 and took_ms >= 1 else _UNTIMED


def _blame(found: Gathered, here: Key, g: Generation) -> None:
    """What the caller was told, and every attempt that failed. An answer that broke off is a failed attempt that began well."""
    at, test, model, endpoint, provider = here
    if g.error_type:
        _count(found.failures, (at, test, model, endpoint, "request", g.error_type, provider))
        if g.endpoint and g.error_type in FAULTS:
            _count(found.failures, (at, test, model, endpoint, "attempt", g.error_type, provider))
    for number, tried in enumerate(g.attempts, 1):
        there = (at, test, model_of(tried.endpoint), tried.endpoint)
        if number < len(g.attempts):
            _count(found.attempts, (*there, tried.provider))
        if tried.error_type:
            _count(found.failures, (*there, "attempt", _kind(tried), tried.provider))


def _kind(tried: Attempt) -> str:
    """A provider that refuses our credential or our account does not fail by its own fault."""
    refused = tried.status in _REFUSES_US and tried.error_type == "provider_unavailable"
    return REFUSED if refused else tried.error_type


def _count(counts: dict[Key, int], key: Key, more: int = 1) -> None:
    counts[key] = counts.get(key, 0) + more


def _together(gathered: Iterable[Gathered]) -> Gathered:
    found = Gathered({}, {}, {}, {})
    for one in gathered:
        for key, rows in one.figures.items():
            held = found.figures.get(key)
            found.figures[key] = rows if held is None else held + rows
        for key, count in one.attempts.items():
            _count(found.attempts, key, count)
        for key, count in one.failures.items():
            _count(found.failures, key, count)
        found.titles.update(one.titles)
    return found


def _sums(rows: list[Figures]) -> tuple[Sums, Sums, Sums]:
    """Sums, endings, and the histograms of latency and throughput."""
    kinds, cancelled, prompt, cached, write, write_1h, completion, reasoning, cost, discount, upstream, ended, *rest = zip(
        *rows, strict=True
    )
    streamed, tool_calls, attempts, latency, throughput = rest
    sums = (
        len(rows), len(rows) - kinds.count(""), sum(cancelled), sum(prompt), sum(cached), sum(write) + sum(write_1h),
        sum(completion), sum(reasoning), sum(cost), sum(discount), sum(upstream),
    )  # fmt: skip
    endings = (*map(ended.count, _ENDINGS), sum(streamed), sum(tool_calls), sum(attempts))
    return sums, endings, (_histogram(latency), _histogram(throughput))


def _histogram(buckets: Iterable[int]) -> int:
    return sum([ONES[bucket] for bucket in buckets if bucket != _UNTIMED])


def _put(groups: dict[Key, list[Sums]], key: Key, sums: Sums) -> None:
    held = groups.get(key)
    if held is None:
        groups[key] = [sums]
    else:
        held.append(sums)


def _added(groups: dict[Key, list[Sums]]) -> dict[Key, Sums]:
    return {key: rows[0] if len(rows) == 1 else tuple(map(sum, zip(*rows, strict=True))) for key, rows in groups.items()}
