"""Records that differ in nothing but their figures are one group, and a group's sums are those of its records."""

from typing import Any

import msgspec
import pytest

from entrepot.records.groups import Group, Groups
from entrepot.testing.builders import NOW_MS, attempt, generation, usage
from entrepot.values.generation import Generation

FIGURES: list[dict[str, Any]] = [
    {"id": "gen-2"},
    {"created_ms": NOW_MS // 60_000 * 60_000},
    {"cost_nano": 5, "upstream_cost_nano": 4},
    {"usage": usage(9, 8)},
    {"app_title": "Renamed"},
    {"finish_reason": "length"},
    {"session_id": "s", "user_agent": "curl"},
]
OTHERS: list[dict[str, Any]] = [
    {"created_ms": NOW_MS + 60_000},
    {"key_hash": "other"},
    {"workspace": "other"},
    {"model": "openai/gpt-5.1-chat"},
    {"provider": "azure"},
    {"endpoint": "openai/gpt-5.1@azure"},
    {"attempts": (attempt(endpoint="openai/gpt-5.1@azure"),), "endpoint": ""},
    {"http_referer": "https://other.example"},
    {"service_tier": "flex"},
    {"test": True},
    {"held": ("credit/default",)},
    {"categories": ("game",)},
]


def two(changes: dict[str, Any]) -> list[Generation]:
    first = generation(http_referer="https://one.example")
    return [first, msgspec.structs.replace(first, **changes)]


@pytest.mark.parametrize("changes", FIGURES, ids=str)
def test_what_differs_in_figures_alone_is_one_group(changes: dict[str, Any]) -> None:
    assert len(list(Groups(two(changes)))) == 1


@pytest.mark.parametrize("changes", OTHERS, ids=str)
def test_what_differs_otherwise_is_another_group(changes: dict[str, Any]) -> None:
    made = two(changes)
    assert [group.first for group in Groups(made)] == made


def test_a_group_sums_its_records_and_keeps_the_last_title() -> None:
    [group] = Groups(
        [
            generation(usage=usage(10, 2, cached_tokens=4), cost_nano=7, upstream_cost_nano=5, app_title="One"),
            generation("gen-2", usage=usage(1, 1), cost_nano=1, upstream_cost_nano=None, app_title="Two", created_ms=NOW_MS + 1),
        ]
    )
    assert (group.requests, group.prompt_tokens, group.completion_tokens) == (2, 11, 3)
    assert (group.cost_nano, group.upstream_cost_nano) == (8, 5)
    assert (group.title, group.last_ms) == ("Two", NOW_MS + 1)


def test_a_later_group_of_the_same_key_becomes_part_of_an_earlier_one() -> None:
    streamed = [
        generation(f"gen-{n}", streamed=True, first_byte_ms=10.0 * n, created_ms=NOW_MS + n, app_title=str(n)) for n in (1, 2, 3)
    ]
    [whole], [first], [later] = Groups(streamed), Groups(streamed[:1]), Groups(streamed[1:])
    first.take(later)
    assert shown(first) == shown(whole)


def shown(group: Group) -> tuple[Any, ...]:
    return group.sums, group.latency, group.throughput, group.title, group.last_ms


def test_records_that_tell_of_a_failure_are_kept_each_by_itself() -> None:
    well = generation()
    refused = generation("gen-2", error_type="timeout", endpoint="")
    moved_on = generation("gen-3", attempts=(attempt(error_type="timeout"), attempt()))
    assert Groups([well, refused, moved_on]).failed == [refused, moved_on]
