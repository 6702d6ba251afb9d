"""Every judge accepts an honest answer to its case and refuses a spoilt one."""

import msgspec
import pytest

from entrepot.checks.case import Case, Reply, Subject, ToolCall, Verdict
from entrepot.checks.suite import CHECKS, cases_for, usual
from entrepot.values.usage import Usage

SUBJECT = Subject(frozenset(), context_length=200_000, reasons=False, exact_tokens=True)
THINKING = msgspec.structs.replace(SUBJECT, reasons=True)
FAST = [name for name in usual() if not name.startswith("recall_")] + ["recall_1k"]
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
    names = {case.check for case in cases_for(usual(), plain, seed=1)}
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


def counted(subject: Subject, **more: int) -> Verdict:
    """A verdict on honest counts, with something added to each."""
    case = made("counting", subject)[0]
    told = [
        msgspec.structs.replace(
            reply,
            usage=Usage(
                reply.usage.prompt_tokens,
                reply.usage.completion_tokens + more.get("more", 0),
                reasoning_tokens=more.get("reasoning", 0),
            ),
            counted=reply.counted + more.get("shown", 0),
        )
        for reply in case.example
        if reply.usage
    ]
    return case.judge(told)


@pytest.mark.parametrize("how", [{"more": 90, "reasoning": 90}, {"more": 90, "shown": 90}, {"more": 90}])
def test_thinking_is_no_completion_that_never_came(how: dict[str, int]) -> None:
    """Told apart, shown, or neither: then it cannot be judged."""
    assert counted(THINKING, **how).passed


def test_a_model_that_does_not_reason_is_not_paid_for_reasoning() -> None:
    assert "does not reason" in counted(SUBJECT, more=90, reasoning=90).why


@pytest.mark.parametrize(("prompt", "completion"), [(1.05, 1.0), (1.0, 1.05), (1.03, 1.03), (0.95, 1.0)])
def test_a_few_per_cent_more_than_there_are_show_in_how_counts_grow(prompt: float, completion: float) -> None:
    case = made("counting")[0]
    told = [
        msgspec.structs.replace(
            reply, usage=Usage(round(reply.usage.prompt_tokens * prompt), round(reply.usage.completion_tokens * completion))
        )
        for reply in case.example
        if reply.usage
    ]
    assert "are reported where" in case.judge(told).why


def test_what_a_provider_always_adds_is_no_cheat() -> None:
    case = made("counting")[0]
    told = [
        msgspec.structs.replace(reply, usage=Usage(reply.usage.prompt_tokens + 170, reply.usage.completion_tokens + 7))
        for reply in case.example
        if reply.usage
    ]
    assert case.judge(told).passed


@pytest.mark.parametrize("subject", [SUBJECT, THINKING], ids=["plain", "thinking"])
def test_nobody_honest_is_accused_whatever_the_seed(subject: Subject) -> None:
    accused = [
        (seed, case.check, verdict.why)
        for seed in range(20)
        for case in cases_for(FAST, subject, seed)
        if not (verdict := case.judge(case.example)).passed
    ]
    assert accused == []


@pytest.mark.parametrize("name", HONEST)
def test_half_of_each_kind_is_not_streamed(name: str) -> None:
    streamed = [case.bodies[0].get("stream", True) for case in cases_for([name], SUBJECT, 1, 12)]
    assert sum(streamed) == 6
    assert streamed[:6] == [not streams for streams in streamed[6:]]


def test_what_is_dear_is_done_when_it_is_named() -> None:
    assert "recall_80k" in CHECKS
    assert "recall_80k" not in usual()
    assert {case.check for case in cases_for(["recall_80k"], SUBJECT, 1, 1)} == {"recall_80k"}


def test_an_answer_that_comes_all_at_once_is_no_stream() -> None:
    case = made("throughput")[0]
    burst = msgspec.structs.replace(case.example[0], first_ms=4000.0, whole_ms=4001.0)
    assert "not streamed" in case.judge([burst]).why


def test_an_answer_cut_too_soon_is_noticed() -> None:
    case = made("max_tokens")[0]
    short = Reply(text=" tide" * 20, finish_reason="length", counted=20, usage=Usage(30, 48))
    assert "cut after 20" in case.judge([short]).why
