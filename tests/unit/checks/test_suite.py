"""Every judge accepts an honest answer to its case and refuses a spoilt one."""

import msgspec
import pytest

from entrepot.checks.case import Case, Reply, Subject, ToolCall
from entrepot.checks.suite import CHECKS, cases_for
from entrepot.values.usage import Usage

SUBJECT = Subject(frozenset(), context_length=200_000, reasons=False, exact_tokens=True)
FAST = [name for name in CHECKS if not name.startswith("recall_")] + ["recall_1k"]
HONEST = [name for name in FAST if not CHECKS[name].measures]


def made(name: str, subject: Subject = SUBJECT) -> list[Case]:
    return cases_for([name], subject, seed=1)


@pytest.mark.parametrize("name", FAST)
def test_an_honest_answer_passes(name: str) -> None:
    cases = made(name)
    assert len(cases) == CHECKS[name].cases
    for case in cases:
        verdict = case.judge(case.example)
        assert verdict.passed, (verdict.why, case.bodies[0]["messages"])


@pytest.mark.parametrize("name", HONEST)
def test_a_spoilt_answer_fails_and_says_why(name: str) -> None:
    spoilt = Reply(text="I would rather talk of 12 and of 999, and on and on. " * 9, finish_reason="other", counted=140)
    calling = msgspec.structs.replace(spoilt, tool_calls=(ToolCall("no_tool", "{"),))
    for case in made(name):
        replies = [calling] * (len(case.bodies) - 1) + [msgspec.structs.replace(calling, text=calling.text[::-1])]
        verdict = case.judge(replies)
        assert not verdict.passed
        assert verdict.why


def test_the_same_seed_asks_the_same_and_another_one_something_else() -> None:
    asked = [[case.bodies for case in cases_for(FAST, SUBJECT, seed)] for seed in (1, 1, 2)]
    assert asked[0] == asked[1] != asked[2]


def test_what_an_endpoint_does_not_take_is_not_held_against_it() -> None:
    plain = Subject(frozenset({"max_tokens"}), context_length=4_000, reasons=True, exact_tokens=False)
    names = {case.check for case in cases_for(list(CHECKS), plain, seed=1)}
    assert names == {"instructions", "max_tokens", "counting", "recall_1k", "first_token", "throughput"}
    assert all("temperature" not in body for case in cases_for(list(names), plain, 1) for body in case.bodies)


@pytest.mark.parametrize(
    ("usage", "why"),
    [
        (None, "no usage"),
        (Usage(9_000, 10), "prompt tokens are reported"),
        (Usage(1, 10), "prompt tokens are reported"),
    ],
)
def test_tokens_that_were_never_sent_are_noticed(usage: Usage | None, why: str) -> None:
    case = made("counting")[0]
    assert why in case.judge([msgspec.structs.replace(reply, usage=usage) for reply in case.example]).why


def test_completion_tokens_that_never_came_are_noticed() -> None:
    case = made("counting")[0]
    told = [msgspec.structs.replace(reply, usage=Usage(reply.usage.prompt_tokens, 90)) for reply in case.example if reply.usage]
    assert "completion tokens are reported" in case.judge(told).why


def test_thinking_is_no_completion_that_never_came() -> None:
    case = made("counting")[0]
    told = [
        msgspec.structs.replace(
            reply, usage=Usage(reply.usage.prompt_tokens, reply.usage.completion_tokens + 90, reasoning_tokens=90)
        )
        for reply in case.example
        if reply.usage
    ]
    assert case.judge(told).passed
