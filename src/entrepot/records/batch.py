"""The sums of records, before they are added to those in the database. No I/O.

Of a generation that no endpoint answered, the endpoint that was asked last is told; of one that reached none, no model. Every
request pays for this: records that are alike are put together before anything else is done with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from operator import add
from typing import Any

import msgspec

from entrepot.records.apps import app_of
from entrepot.records.categories import told
from entrepot.records.figures import FAULTS, REFUSED
from entrepot.records.histogram import ONES, bucket_of
from entrepot.values.generation import Attempt, Generation
from entrepot.values.times import DAY_S, HOUR_S, MINUTE_S

_LONGEST_TIER = 40
_REFUSES_US = frozenset({401, 402, 403})
_ENDINGS = ("stop", "length", "tool_calls", "content_filter")
_SUMS = 11
_NO_SUMS = (0,) * 17
Key = tuple[object, ...]
Kind = tuple[int, str, int, str, str, str, str, str, str]
Told = tuple[int, int, tuple[str, ...], str, str]
Sums = tuple[int, ...]
Buckets = tuple[list[int], list[int]]
Admit = Callable[[str, str, int], str]
"""Given an application, its workspace and the day: the name it is counted under."""


class Gathered(msgspec.Struct, frozen=True):
    """What some hundred records say.

    figures   by minute, workspace, test, key, model, endpoint, app, tier, provider: sums, endings, attempts
    speeds    by minute, test, model, endpoint, provider: buckets of latency and of throughput
    attempts  beside the last of each generation, by the same
    failures  by minute, test, model, endpoint, what, error_type, provider
    titles    of the applications, and the time of the first request
    categories  by day, test, all the categories that they count for, application, model: sums
    """

    figures: dict[Kind, Sums] = {}
    speeds: dict[Key, Buckets] = {}
    attempts: dict[Key, int] = {}
    failures: dict[Key, int] = {}
    titles: dict[str, tuple[str, int]] = {}
    categories: dict[Told, Sums] = {}


class Batch(msgspec.Struct, frozen=True):
    """Sums by the first second of a minute, hour or day and what else tells them apart; no two of one key.

    endpoints   by minute, test, model, endpoint, provider: sums, endings, attempts
    speeds      by the same: histograms of latency and throughput
    failures    by minute, test, model, endpoint, what, error_type, provider: how many
    workspaces  by hour, workspace, test, model, endpoint, app, tier, provider: sums
    keys        by day, workspace, test, key, model, endpoint, app, tier, provider: sums
    apps        by day, test, app, model: sums
    app_totals  by day, test, app: sums
    categories  by day, test, category and an app or a model, or neither: sums
    titles      of the applications, with the time of the first request
    """

    endpoints: dict[Key, Sums]
    speeds: dict[Key, Sums]
    failures: dict[Key, Sums]
    workspaces: dict[Key, Sums]
    keys: dict[Key, Sums]
    apps: dict[Key, Sums]
    app_totals: dict[Key, Sums]
    titles: dict[str, tuple[str, int]]
    categories: dict[Key, Sums]


def gather(made: Sequence[Generation], admit: Admit) -> Gathered:
    """This is what statistics cost for every record; the rest is done for each group of them."""
    alike: dict[Key, list[Generation]] = {}
    found = Gathered({}, {}, {}, {}, {}, {})
    for g in made:
        tried, endpoint = g.attempts, g.endpoint
        asked = endpoint or (tried[-1].endpoint if tried else "")
        key = (
            g.created_ms // 60_000, g.key_hash, asked, endpoint, g.http_referer, g.service_tier, g.workspace, g.model, g.provider,
            g.test,
        )  # fmt: skip
        held = alike.get(key)
        if held is None:
            alike[key] = [g]
        else:
            held.append(g)
        if g.error_type or (tried and (len(tried) > 1 or tried[0].error_type)):
            _blame(found, g)
    for some in alike.values():
        _tell(found, some, admit)
    return found


def summed(gathered: Iterable[Gathered]) -> Batch:
    """All of them together."""
    every = _together(gathered)
    made = Batch({}, {}, {key: (count,) for key, count in every.failures.items()}, {}, {}, {}, {}, every.titles, {})
    for key, figures in every.figures.items():
        minute, workspace, test, key_hash, model, endpoint, app, tier, provider = key
        day, sums = minute - minute % DAY_S, figures[:_SUMS]
        rest = (model, endpoint, app, tier, provider)
        _put(made.endpoints, (minute, test, model, endpoint, provider), figures)
        _put(made.workspaces, (minute - minute % HOUR_S, workspace, test, *rest), sums)
        _put(made.keys, (day, workspace, test, key_hash, *rest), sums)
        if app:
            _put(made.apps, (day, test, app, model), sums)
            _put(made.app_totals, (day, test, app), sums)
    for (day, test, categories, app, model), sums in every.categories.items():
        for category, whose in product(categories, {("", ""), (app, ""), ("", model)}):
            _put(made.categories, (day, test, category, *whose), sums)
    for there, count in every.attempts.items():
        _put(made.endpoints, there, (*_NO_SUMS, count))
    for there, (latency, throughput) in every.speeds.items():
        if latency or throughput:
            made.speeds[there] = (_histogram(latency), _histogram(throughput))
    return made


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


def _tell(found: Gathered, alike: list[Generation], admit: Admit) -> None:
    """Records that differ in nothing but their figures."""
    first = alike[0]
    minute, test, (model, endpoint) = _minute(first), int(first.test), _asked(first)
    figures = _sums(alike)
    app = app_of(first) if first.http_referer else ""
    if app:
        app = admit(app, first.workspace, minute // DAY_S)
        if app not in found.titles:
            found.titles[app] = (first.app_title, first.created_ms)
        for categories, some in told(alike).items():
            sums = (figures if len(some) == len(alike) else _sums(some))[:_SUMS]
            _put(found.categories, (minute - minute % DAY_S, test, categories, app, model), sums)
    tier = (first.service_tier or "")[:_LONGEST_TIER]
    _put(found.figures, (minute, first.workspace, test, first.key_hash, model, endpoint, app, tier, first.provider), figures)
    if first.endpoint:
        here = (minute, test, model, endpoint, first.provider)
        _time(alike, found.speeds.setdefault(here, ([], [])))


def _minute(g: Generation) -> int:
    """Its first second."""
    return g.created_ms // 60_000 * MINUTE_S


def _asked(g: Generation) -> tuple[str, str]:
    """The model and the endpoint that answered, or else that were asked last."""
    if g.endpoint or not g.attempts:
        return g.model, g.endpoint
    endpoint = g.attempts[-1].endpoint
    return model_of(endpoint), endpoint


def _time(alike: list[Generation], buckets: Buckets) -> None:
    """What came whole tells nothing of its first token, and its tokens took the whole time."""
    latency, throughput = buckets
    for g in alike:
        took_ms = g.generation_ms
        if g.streamed:
            latency.append(bucket_of(g.first_byte_ms))
        else:
            took_ms += g.first_byte_ms
        tokens = g.usage.completion_tokens
        if tokens > 1 and took_ms >= 1:
            throughput.append(bucket_of(tokens * 1000 / took_ms))


def _blame(found: Gathered, g: Generation) -> None:
    """What the caller was told, and every attempt that failed. An answer that broke off is a failed attempt that began well."""
    at, test, (model, endpoint) = _minute(g), int(g.test), _asked(g)
    if g.error_type:
        _count(found.failures, (at, test, model, endpoint, "request", g.error_type, g.provider))
        if g.endpoint and g.error_type in FAULTS:
            _count(found.failures, (at, test, model, endpoint, "attempt", g.error_type, g.provider))
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
    found = Gathered({}, {}, {}, {}, {}, {})
    for one in gathered:
        for kind, sums in one.figures.items():
            _put(found.figures, kind, sums)
        for told_by, sums in one.categories.items():
            _put(found.categories, told_by, sums)
        for key, buckets in one.speeds.items():
            for held, more in zip(found.speeds.setdefault(key, ([], [])), buckets, strict=True):
                held += more
        for key, count in one.attempts.items():
            _count(found.attempts, key, count)
        for key, count in one.failures.items():
            _count(found.failures, key, count)
        found.titles.update(one.titles)
    return found


def _sums(alike: list[Generation]) -> Sums:
    """Sums, then endings and how many were attempted."""
    failed = cancelled = prompt = cached = written = completion = reasoning = cost = discount = upstream = 0
    streamed = tool_calls = attempts = 0
    endings = []
    for g in alike:
        usage = g.usage
        prompt += usage.prompt_tokens
        cached += usage.cached_tokens
        written += usage.cache_write_tokens + usage.cache_write_1h_tokens
        completion += usage.completion_tokens
        reasoning += usage.reasoning_tokens
        cost += g.cost_nano
        discount += g.cache_discount_nano
        upstream += g.upstream_cost_nano or 0
        tool_calls += g.tool_calls
        endings.append(g.finish_reason)
        failed += g.error_type != ""
        cancelled += g.cancelled
        streamed += g.streamed
        attempts += g.attempts != ()
    return (
        len(alike), failed, cancelled, prompt, cached, written, completion, reasoning, cost, discount, upstream,
        *map(endings.count, _ENDINGS), streamed, tool_calls, attempts,
    )  # fmt: skip


def _histogram(buckets: list[int]) -> int:
    return sum([ONES[bucket] * count for bucket, count in Counter(buckets).items()])


def _put(groups: dict[Any, Sums], key: Key, sums: Sums) -> None:
    held = groups.get(key)
    groups[key] = sums if held is None else tuple(map(add, held, sums))
