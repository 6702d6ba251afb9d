"""Endpoint checks tell an honest provider from one that cheats, whatever the cheat."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from entrepot.binding.local import Local, settings_of
from entrepot.catalog.shipped import shipped_models
from entrepot.checks.case import Case, Reply, ToolCall
from entrepot.checks.session import Session, check, session
from entrepot.checks.store import Report
from entrepot.metering.tokens import count_prompt, count_text
from entrepot.testing.upstream import FakeUpstream, Seen, plain, sse, sse_reply
from entrepot.testing.upstream import Reply as Scripted
from entrepot.values.clock import Clock
from entrepot.values.model import Endpoint, Model
from entrepot.values.usage import Usage

MODEL: Model = next(model for model in shipped_models() if model.id == "openai/gpt-4o")
CHECKED = ["instructions", "json", "schema", "tools", "stop", "max_tokens", "counting", "seed", "recall_1k"]
DEEP = [*CHECKED, "recall_8k"]
Spoil = Callable[[dict[str, Any], Reply], Reply]


def wanted(names: list[str]) -> Session:
    endpoint = Endpoint("openai/gpt-4o@acme", MODEL.id, "acme", "gpt-4o", MODEL.price)
    return session(MODEL, endpoint, seed=7, names=names)


def provider(cases: tuple[Case, ...], spoil: Spoil) -> Callable[[Seen], Scripted]:
    """Answers each case with its example, after `spoil` had its way with it."""
    known = {question(body): (body, reply) for case in cases for body, reply in zip(case.bodies, case.example, strict=True)}

    def answer(seen: Seen) -> Scripted:
        asked = seen.json()
        body, honest = known[question(asked)]
        reply = spoil(asked, honest)
        prompt = count_prompt(body["messages"], body.get("tools")) if reply.usage is None else reply.usage.prompt_tokens
        written = count_text(reply.text) if reply.usage is None else reply.usage.completion_tokens
        usage: dict[str, Any] = {"prompt_tokens": prompt, "completion_tokens": written, "total_tokens": prompt + written}
        if reply.usage is not None and reply.usage.reasoning_tokens:
            usage["completion_tokens_details"] = {"reasoning_tokens": reply.usage.reasoning_tokens}
        calls = [
            {"id": f"call_{at}", "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for at, call in enumerate(reply.tool_calls)
        ]
        if not asked.get("stream"):
            return plain(reply.text, choices=[whole(reply, calls)], usage=usage)
        pieces = [dict(call, index=at) for at, call in enumerate(calls)]
        delta: dict[str, Any] = {"role": "assistant", "content": reply.text} | ({"tool_calls": pieces} if pieces else {})
        return sse_reply([event(delta), event({}, reply.finish_reason), event(None, usage=usage), b"data: [DONE]\n\n"])

    return answer


def question(body: dict[str, Any]) -> str:
    return json.dumps([body["messages"], body.get("tool_choice")])


def whole(reply: Reply, calls: list[dict[str, Any]]) -> dict[str, Any]:
    message = {"role": "assistant", "content": reply.text, "refusal": None} | ({"tool_calls": calls} if calls else {})
    return {"index": 0, "message": message, "finish_reason": reply.finish_reason, "logprobs": None}


def event(delta: dict[str, Any] | None, finish: str | None = None, **more: Any) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o"}
    return sse(head | {"choices": choices} | more)


def honest(body: dict[str, Any], reply: Reply) -> Reply:
    return reply


def goes_on(body: dict[str, Any], reply: Reply) -> Reply:
    return Reply(text=reply.text + " and on" * 60, finish_reason="length") if body["max_tokens"] < 100 else reply


def hides_the_cut(body: dict[str, Any], reply: Reply) -> Reply:
    return Reply(text=reply.text, finish_reason="stop") if body["max_tokens"] < 100 else reply


def pads_the_prompt(body: dict[str, Any], reply: Reply) -> Reply:
    if reply.usage is None:
        return reply
    return Reply(text=reply.text, finish_reason="stop", usage=type(reply.usage)(int(reply.usage.prompt_tokens * 1.5) + 300, 20))


def breaks_the_schema(body: dict[str, Any], reply: Reply) -> Reply:
    said = json.dumps(json.loads(reply.text) | {"tons": "many"}) if "json_schema" in json.dumps(body) else reply.text
    return Reply(text=said, finish_reason=reply.finish_reason, tool_calls=reply.tool_calls, usage=reply.usage)


def talks_around_json(body: dict[str, Any], reply: Reply) -> Reply:
    talks = body.get("response_format") == {"type": "json_object"}
    return Reply(text=f"Here you are: {reply.text}", finish_reason="stop") if talks else reply


def ignores_stop(body: dict[str, Any], reply: Reply) -> Reply:
    return Reply(text=reply.text + body["stop"][0] + ", 99", finish_reason="stop") if "stop" in body else reply


class ForgetsSeeds:
    """Another answer each time."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, body: dict[str, Any], reply: Reply) -> Reply:
        self.asked += 1
        return Reply(text=f"The Gull {self.asked}", finish_reason="stop") if "seed" in body else reply


def mangles_arguments(body: dict[str, Any], reply: Reply) -> Reply:
    calls = tuple(type(call)(call.name, call.arguments[:-1]) for call in reply.tool_calls)
    return Reply(text=reply.text, finish_reason=reply.finish_reason, tool_calls=calls, usage=reply.usage)


def forgets_the_middle(body: dict[str, Any], reply: Reply) -> Reply:
    return Reply(text="I do not know.", finish_reason="stop") if re.fullmatch(r"\d{6}", reply.text) else reply


def counts_a_little_more(body: dict[str, Any], reply: Reply) -> Reply:
    """Five in a hundred, and never more than was allowed."""
    prompt, written = count_prompt(body["messages"], body.get("tools")), count_text(reply.text)
    usage = Usage(round(prompt * 1.05), min(round(written * 1.05), body["max_tokens"]))
    return msgspec.structs.replace(reply, usage=usage)


def hides_tokens_in_thought(body: dict[str, Any], reply: Reply) -> Reply:
    written = count_text(reply.text)
    usage = Usage(count_prompt(body["messages"], body.get("tools")), min(written + 40, body["max_tokens"]), reasoning_tokens=40)
    return msgspec.structs.replace(reply, usage=usage) if written < body["max_tokens"] - 40 else reply


class BreaksSomeSchemas:
    """One in five."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, body: dict[str, Any], reply: Reply) -> Reply:
        self.asked += "json_schema" in json.dumps(body)
        return breaks_the_schema(body, reply) if self.asked % 5 == 4 else reply


def ignores_stop_in_streams(body: dict[str, Any], reply: Reply) -> Reply:
    return ignores_stop(body, reply) if body.get("stream") else reply


def ignores_stop_out_of_streams(body: dict[str, Any], reply: Reply) -> Reply:
    return reply if body.get("stream") else ignores_stop(body, reply)


def keeps_4000_tokens(body: dict[str, Any], reply: Reply) -> Reply:
    """And forgets what stood before them."""
    kept = body["messages"][0]["content"][-16_000:]
    return forgets_the_middle(body, reply) if reply.text not in kept else reply


def forgets_the_system(body: dict[str, Any], reply: Reply) -> Reply:
    return Reply(text="I am well, thank you.", finish_reason="stop") if body["messages"][0]["role"] == "system" else reply


def calls_when_told_not_to(body: dict[str, Any], reply: Reply) -> Reply:
    made = (ToolCall("get_tide", "{}"),)
    return Reply(finish_reason="tool_calls", tool_calls=made) if body.get("tool_choice") == "none" else reply


def cuts_sooner(body: dict[str, Any], reply: Reply) -> Reply:
    """Half of what is charged."""
    if body["max_tokens"] >= 100:
        return reply
    prompt = count_prompt(body["messages"])
    return Reply(text=reply.text[: len(reply.text) // 2], finish_reason="length", usage=Usage(prompt, body["max_tokens"]))


async def looked_at(place: Path, spoil: Spoil, names: list[str] = CHECKED) -> Report:
    asked = wanted(names)
    async with FakeUpstream(provider(asked.cases, spoil)) as upstream:
        acme = {"dialect": "openai_chat", "base_url": upstream.url, "api_key": ""}
        config = {"providers": {"acme": acme}, "endpoints": [{"model": MODEL.id, "provider": "acme", "upstream_model": "gpt-4o"}]}
        local = Local(settings_of(config | {"catalog": {"find_local": False}}, place), None, live=True)
        await local.open()
        try:
            return await check(asked, local, Clock())
        finally:
            await local.close()


async def test_an_honest_provider_is_found_to_be_one(tmp_path: Path) -> None:
    report = await looked_at(tmp_path, honest)
    assert {finding.check: finding.why for finding in report.findings if not finding.sound} == {}
    assert [finding.check for finding in report.findings] == CHECKED
    assert report.quality > 0.4
    assert report.cost > 0


@pytest.mark.parametrize(
    ("cheat", "where"),
    [
        (goes_on, "max_tokens"),
        (hides_the_cut, "max_tokens"),
        (pads_the_prompt, "counting"),
        (breaks_the_schema, "schema"),
        (talks_around_json, "json"),
        (ignores_stop, "stop"),
        (ForgetsSeeds(), "seed"),
        (mangles_arguments, "tools"),
        (counts_a_little_more, "counting"),
        (hides_tokens_in_thought, "counting"),
        (BreaksSomeSchemas(), "schema"),
        (ignores_stop_in_streams, "stop"),
        (ignores_stop_out_of_streams, "stop"),
        (forgets_the_system, "instructions"),
        (calls_when_told_not_to, "tools"),
        (cuts_sooner, "max_tokens"),
    ],
)
async def test_each_cheat_is_found_and_nothing_else_is_held_against_it(tmp_path: Path, cheat: Spoil, where: str) -> None:
    report = await looked_at(tmp_path, cheat)
    unsound = {finding.check: finding.why for finding in report.findings if not finding.sound}
    assert list(unsound) == [where], unsound
    assert unsound[where]


@pytest.mark.parametrize(
    ("cheat", "where"), [(forgets_the_middle, ["recall_1k", "recall_8k"]), (keeps_4000_tokens, ["recall_8k"])]
)
async def test_what_is_forgotten_is_found_at_the_length_where_it_is(tmp_path: Path, cheat: Spoil, where: list[str]) -> None:
    report = await looked_at(tmp_path, cheat, DEEP)
    assert [finding.check for finding in report.findings if not finding.sound] == where


async def test_a_provider_that_is_down_is_no_cheat(tmp_path: Path) -> None:
    asked = wanted(CHECKED)
    local = Local(settings_of({"catalog": {"find_local": False}}, tmp_path), None, live=True)
    await local.open()
    try:
        report = await check(asked, local, Clock())
    finally:
        await local.close()
    assert {finding.tried for finding in report.findings} == {0}
    assert all(finding.unanswered and finding.why for finding in report.findings)
