"""Records in groups that differ in nothing but their figures, and the sums of each group. No I/O.

Every request pays for what is done with its record alone, so that is done once and here: usage by key, the books and statistics
are made of groups, of which there are few.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import add

import msgspec

from entrepot.records.histogram import bucket_of
from entrepot.values.generation import Generation

_ENDINGS = ("stop", "length", "tool_calls", "content_filter")
Key = tuple[object, ...]
Sums = tuple[int, ...]
"""In the order of `figures.Totals` and then of `figures.Endings`."""


class Group(msgspec.Struct):
    """first       of its records: what it tells besides figures holds for all of them
    last_ms     when the latest of them began
    title       what the application called itself last
    latency     buckets of the times to the first token; `throughput` of tokens a second
    """

    first: Generation
    last_ms: int
    title: str
    sums: Sums
    latency: list[int]
    throughput: list[int]

    @property
    def requests(self) -> int:
        return self.sums[0]

    @property
    def prompt_tokens(self) -> int:
        return self.sums[3]

    @property
    def completion_tokens(self) -> int:
        return self.sums[6]

    @property
    def cost_nano(self) -> int:
        return self.sums[8]

    @property
    def upstream_cost_nano(self) -> int:
        return self.sums[10]

    def take(self, other: Group) -> None:
        """A later one of the same key becomes part of it."""
        self.title, self.last_ms = other.title, max(self.last_ms, other.last_ms)
        self.sums = tuple(map(add, self.sums, other.sums))
        self.latency += other.latency
        self.throughput += other.throughput


class Groups:
    """Those of some records, in the order in which they begin. `failed` are the records that tell of a failure."""

    __slots__ = ("by_key", "failed", "made")

    def __init__(self, made: Sequence[Generation]) -> None:
        self.made = made
        self.failed: list[Generation] = []
        alike: dict[Key, list[Generation]] = {}
        for g in made:
            tried, endpoint = g.attempts, g.endpoint
            key = (
                g.created_ms // 60_000, g.key_hash, endpoint or (tried[-1].endpoint if tried else ""), endpoint, g.http_referer,
                g.service_tier, g.workspace, g.model, g.provider, g.test, g.held, g.categories,
            )  # fmt: skip
            held = alike.get(key)
            if held is None:
                alike[key] = [g]
            else:
                held.append(g)
            if g.error_type or (tried and (len(tried) > 1 or tried[0].error_type)):
                self.failed.append(g)
        self.by_key = {key: _group(some) for key, some in alike.items()}

    def __iter__(self) -> Iterator[Group]:
        return iter(self.by_key.values())


def _group(alike: Sequence[Generation]) -> Group:
    speeds = _speeds(alike) if alike[0].endpoint else ([], [])
    return Group(alike[0], max([g.created_ms for g in alike]), alike[-1].app_title, _sums(alike), *speeds)


def _sums(alike: Sequence[Generation]) -> Sums:
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


def _speeds(alike: Sequence[Generation]) -> tuple[list[int], list[int]]:
    """Buckets. What came whole tells nothing of its first token, and its tokens took the whole time."""
    latency, throughput = [], []
    for g in alike:
        took_ms = g.generation_ms
        if g.streamed:
            latency.append(bucket_of(g.first_byte_ms))
        else:
            took_ms += g.first_byte_ms
        tokens = g.usage.completion_tokens
        if tokens > 1 and took_ms >= 1:
            throughput.append(bucket_of(tokens * 1000 / took_ms))
    return latency, throughput
