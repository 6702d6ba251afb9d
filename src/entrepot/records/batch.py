"""The sums of records, before they are added to those in the database. No I/O.

Of a generation that no endpoint answered, the endpoint that was asked last is told; of one that reached none, no model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from itertools import product
from operator import add

import msgspec

from entrepot.records.apps import app_of
from entrepot.records.categories import counted
from entrepot.records.figures import FAULTS, REFUSED
from entrepot.records.groups import Group, Groups, Key, Sums
from entrepot.records.histogram import ONES
from entrepot.values.generation import Attempt, Generation
from entrepot.values.times import DAY_S, HOUR_S, MINUTE_S

_LONGEST_TIER = 40
_REFUSES_US = frozenset({401, 402, 403})
_SUMS = 11
_ONE_ATTEMPT = (*(0,) * 17, 1)
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
    app_totals  by day, test, app: sums
    categories  by day, test, category and an app or a model, or neither: sums
    titles      of the applications, with the time of the first request
    """

    endpoints: dict[Key, Sums] = {}
    speeds: dict[Key, Sums] = {}
    failures: dict[Key, Sums] = {}
    workspaces: dict[Key, Sums] = {}
    keys: dict[Key, Sums] = {}
    apps: dict[Key, Sums] = {}
    app_totals: dict[Key, Sums] = {}
    titles: dict[str, tuple[str, int]] = {}
    categories: dict[Key, Sums] = {}


def summed(written: Iterable[Groups], admit: Admit) -> Batch:
    """All of them together. Nobody may use the groups afterwards: they have become each other's parts."""
    made, every, speeds = Batch(), dict[Key, Group](), dict[Key, tuple[list[int], list[int]]]()
    for groups in written:
        for key, group in groups.by_key.items():
            held = every.get(key)
            if held is None:
                every[key] = group
            else:
                held.take(group)
        for generation in groups.failed:
            _blame(made, generation)
    for group in every.values():
        _tell(made, group, admit)
        if group.latency or group.throughput:
            latency, throughput = speeds.setdefault(_place(group.first), ([], []))
            latency += group.latency
            throughput += group.throughput
    for place, (latency, throughput) in speeds.items():
        made.speeds[place] = (_histogram(latency), _histogram(throughput))
    return made


def at_level(sums: dict[Key, Sums], each: int) -> dict[Key, Sums]:
    """The same by longer stretches of so many seconds."""
    found: dict[Key, Sums] = {}
    for (at, *rest), more in sums.items():
        assert isinstance(at, int)
        _put(found, (at - at % each, *rest), more)
    return found


def model_of(endpoint: str) -> str:
    """Endpoints are named `model@provider` or `model@provider/tag`."""
    return endpoint.rpartition("@")[0]


def _tell(made: Batch, group: Group, admit: Admit) -> None:
    g, sums = group.first, group.sums[:_SUMS]
    place = _place(g)
    minute, test, model, endpoint, provider = place
    day = minute - minute % DAY_S
    app = app_of(g) if g.http_referer else ""
    if app:
        app = admit(app, g.workspace, day // DAY_S)
        made.titles[app] = (group.title, made.titles.get(app, (group.title, g.created_ms))[1])
        _put(made.apps, (day, test, app, model), sums)
        _put(made.app_totals, (day, test, app), sums)
        for category, whose in product(counted(g.categories), {("", ""), (app, ""), ("", model)}):
            _put(made.categories, (day, test, category, *whose), sums)
    rest = (model, endpoint, app, (g.service_tier or "")[:_LONGEST_TIER], provider)
    _put(made.endpoints, place, group.sums)
    _put(made.workspaces, (minute - minute % HOUR_S, g.workspace, test, *rest), sums)
    _put(made.keys, (day, g.workspace, test, g.key_hash, *rest), sums)


def _place(g: Generation) -> tuple[int, int, str, str, str]:
    """The first second of its minute, whether it is a test, and the model, endpoint and provider that it is told of."""
    model, endpoint = g.model, g.endpoint
    if g.attempts and not endpoint:
        endpoint = g.attempts[-1].endpoint
        model = model_of(endpoint)
    return g.created_ms // 60_000 * MINUTE_S, int(g.test), model, endpoint, g.provider


def _blame(made: Batch, g: Generation) -> None:
    """What the caller was told, and every attempt that failed. An answer that broke off is a failed attempt that began well."""
    place = at, test, *_ = _place(g)
    if g.error_type:
        _fail(made, place, "request", g.error_type)
        if g.endpoint and g.error_type in FAULTS:
            _fail(made, place, "attempt", g.error_type)
    for number, tried in enumerate(g.attempts, 1):
        there = (at, test, model_of(tried.endpoint), tried.endpoint, tried.provider)
        if number < len(g.attempts):
            _put(made.endpoints, there, _ONE_ATTEMPT)
        if tried.error_type:
            _fail(made, there, "attempt", _kind(tried))


def _fail(made: Batch, place: tuple[int, int, str, str, str], what: str, kind: str) -> None:
    *there, provider = place
    _put(made.failures, (*there, what, kind, provider), (1,))


def _kind(tried: Attempt) -> str:
    """A provider that refuses our credential or our account does not fail by its own fault."""
    refused = tried.status in _REFUSES_US and tried.error_type == "provider_unavailable"
    return REFUSED if refused else tried.error_type


def _histogram(buckets: list[int]) -> int:
    return sum([ONES[bucket] * count for bucket, count in Counter(buckets).items()])


def _put(groups: dict[Key, Sums], key: Key, sums: Sums) -> None:
    held = groups.get(key)
    groups[key] = sums if held is None else tuple(map(add, held, sums))
