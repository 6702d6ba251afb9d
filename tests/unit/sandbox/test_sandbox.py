"""The sandbox answers as a model would: every parameter honoured, every outcome on request, the same for the same question."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from entrepot.catalog.shipped import shipped_models
from entrepot.errors import BrokenStream, GatewayError, InvalidRequest
from entrepot.metering.tokens import count_text
from entrepot.sandbox.provider import Sandbox
from entrepot.sandbox.scenario import BEFORE, DURING
from entrepot.settings import Sandbox as Pace

MODEL = next(model for model in shipped_models() if model.id == "openai/gpt-5.1")
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"enum": ["celsius", "fahrenheit"]}},
            "required": ["city", "unit"],
            "additionalProperties": False,
        },
    },
}


async def raw(said: str = "Hello there", header: str = "", slug: str = "openai/gpt-5.1", **body: Any) -> bytes:
    told = {"messages": [{"role": "user", "content": said}]} | body
    answer = await Sandbox(Pace(0, 0)).open(json.dumps(told).encode(), MODEL, {"x-entrepot-sandbox": header}, slug)
    return await answer.read(10**7)


async def plain(*said: str, **body: Any) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(await raw(*said, **body))
    return told


async def streamed(*said: str, **body: Any) -> list[dict[str, Any]]:
    events = (await raw(*said, stream=True, **body)).split(b"\n\n")
    assert events[-2] == b"data: [DONE]"
    return [json.loads(event[6:]) for event in events[:-2]]


async def test_it_says_that_it_is_a_sandbox() -> None:
    assert "no model was called" in (await plain())["choices"][0]["message"]["content"]


async def test_the_same_question_gets_the_same_answer_and_another_seed_may_not() -> None:
    one, same, other = await plain(), await plain(), await plain(seed=5, verbosity="high")
    assert one == same
    assert one["choices"] != other["choices"]


@pytest.mark.parametrize("most", [1, 5, 12])
async def test_max_tokens_cuts_exactly(most: int) -> None:
    answer = await plain(max_completion_tokens=most)
    assert answer["usage"]["completion_tokens"] == most == count_text(answer["choices"][0]["message"]["content"])
    assert answer["choices"][0]["finish_reason"] == "length"


async def test_stop_ends_before_its_text() -> None:
    answer = await plain(stop=["no model"])
    assert "no model" not in answer["choices"][0]["message"]["content"]
    assert answer["choices"][0]["finish_reason"] == "stop"


async def test_n_gives_so_many_choices_also_streamed() -> None:
    assert [choice["index"] for choice in (await plain(n=3))["choices"]] == [0, 1, 2]
    assert {event["choices"][0]["index"] for event in await streamed(n=3) if event["choices"]} == {0, 1, 2}


async def test_a_stream_joins_to_the_plain_answer_with_its_usage() -> None:
    whole, events = await plain(reasoning_effort="low"), await streamed(reasoning_effort="low")
    deltas = [event["choices"][0]["delta"] for event in events if event["choices"]]
    message = whole["choices"][0]["message"]
    assert "".join(delta.get("content") or "" for delta in deltas) == message["content"]
    assert "".join(delta.get("reasoning") or "" for delta in deltas) == message["reasoning"]
    assert events[-1]["usage"] == whole["usage"]


async def test_json_mode_and_schemas_give_what_validates() -> None:
    schema = WEATHER["function"]["parameters"]  # type: ignore[index]
    form = {"type": "json_schema", "json_schema": {"name": "w", "schema": schema}}
    jsonschema.validate(json.loads((await plain(response_format=form))["choices"][0]["message"]["content"]), schema)
    assert json.loads((await plain(response_format={"type": "json_object"}))["choices"][0]["message"]["content"])["sandbox"]


@pytest.mark.parametrize(
    ("said", "choice", "called"),
    [
        ("What is the weather in Oslo?", "auto", True),
        ("Tell me a joke", "auto", False),
        ("Tell me a joke", "required", True),
        ("What is the weather in Oslo?", "none", False),
        ("Tell me a joke", {"type": "function", "function": {"name": "get_weather"}}, True),
    ],
)
async def test_tools_are_called_as_tool_choice_says_with_valid_arguments(said: str, choice: Any, called: bool) -> None:
    answer = (await plain(said, tools=[WEATHER], tool_choice=choice))["choices"][0]
    assert bool(answer["message"].get("tool_calls")) == called
    if called:
        arguments = json.loads(answer["message"]["tool_calls"][0]["function"]["arguments"])
        jsonschema.validate(arguments, WEATHER["function"]["parameters"])  # type: ignore[index]
        assert answer["finish_reason"] == "tool_calls"
        assert arguments["city"] == "Oslo" or "Oslo" not in said


async def test_the_second_turn_uses_the_tools_result() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    turns = [
        {"role": "user", "content": "What is the weather in Oslo?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "11 degrees and rain"},
    ]
    assert "11 degrees and rain" in (await plain(messages=turns, tools=[WEATHER]))["choices"][0]["message"]["content"]


async def test_reasoning_grows_with_effort_and_with_the_prompt_and_is_within_the_completion() -> None:
    spent = [
        (await plain(reasoning_effort=e))["usage"]["completion_tokens_details"]["reasoning_tokens"]
        for e in ("none", "low", "high")
    ]
    harder = await plain("If 17 trains leave at 12:45 and 9 at 13:30, how many? And why? Prove it?", reasoning_effort="low")
    assert spent[0] == 0 < spent[1] < spent[2]
    assert spent[1] < harder["usage"]["completion_tokens_details"]["reasoning_tokens"] < harder["usage"]["completion_tokens"]


async def test_reasoning_details_are_taken_back_unchanged_only() -> None:
    details = (await plain(reasoning_effort="low"))["choices"][0]["message"]["reasoning_details"]
    turns = [{"role": "assistant", "content": "a", "reasoning_details": details}, {"role": "user", "content": "go on"}]
    assert await plain(messages=turns)
    details[1]["data"] = details[1]["data"][:40] + "AAAA" + details[1]["data"][44:]
    with pytest.raises(InvalidRequest, match=r"messages\[0\].reasoning_details\[1\].data"):
        await plain(messages=turns)


@pytest.mark.parametrize("name", BEFORE)
async def test_each_failure_before_the_first_byte_has_its_status(name: str) -> None:
    with pytest.raises(GatewayError) as caught:
        await raw(slug=f"openai/gpt-5.1:sandbox-{name}")
    assert caught.value.status == BEFORE[name][0]
    assert caught.value.metadata["sandbox"] == name


async def test_the_three_ways_of_asking_and_their_order() -> None:
    for asked in ({"header": "rate-limit; retry_after=7"}, {"said": "hi [sandbox: rate-limit retry_after=7]"}):
        with pytest.raises(GatewayError) as caught:
            await raw(**asked)
        assert caught.value.retry_after_s == 7
    with pytest.raises(GatewayError) as caught:
        await raw(header="rate-limit", slug="openai/gpt-5.1:sandbox-overloaded")
    assert caught.value.status == 529


async def test_an_outcome_that_is_not_one_is_refused_with_the_list() -> None:
    with pytest.raises(InvalidRequest, match="knows no outcome") as caught:
        await raw(header="explode")
    assert "rate-limit" in str(caught.value.expected)


async def test_outcomes_inside_an_answer() -> None:
    with pytest.raises(BrokenStream):
        await raw(header="break", stream=True)
    assert b'"error"' in await raw(header="error-chunk", stream=True)
    with pytest.raises(json.JSONDecodeError):
        json.loads(await raw(header="malformed-json"))
    assert (await plain(header="refusal"))["choices"][0]["message"]["refusal"]
    assert (await plain(header="content-filter"))["choices"][0]["finish_reason"] == "content_filter"
    assert (await plain(header="length"))["choices"][0]["finish_reason"] == "length"
    assert "usage" not in await plain(header="no-usage")
    assert (await plain(header="empty"))["choices"][0]["message"]["content"] == ""
    assert (await plain(header="long; tokens=500"))["usage"]["completion_tokens"] > 400
    call = (await plain("weather in Oslo", header="malformed-arguments", tools=[WEATHER]))["choices"][0]["message"]["tool_calls"][
        0
    ]
    with pytest.raises(json.JSONDecodeError):
        json.loads(call["function"]["arguments"])


async def test_a_long_prompt_seen_before_is_read_from_the_cache() -> None:
    sandbox, told = Sandbox(Pace(0, 0)), {"messages": [{"role": "user", "content": "tide " * 1500}]}
    cached = []
    for _ in range(2):
        answer = await sandbox.open(json.dumps(told).encode(), MODEL, {}, "openai/gpt-5.1")
        cached.append(json.loads(await answer.read(10**6))["usage"]["prompt_tokens_details"]["cached_tokens"])
    assert cached[0] == 0
    assert cached[1] >= 1024
    assert cached[1] % 128 == 0


def test_every_outcome_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs/do/test-mode.md").read_text(encoding="utf8")
    for name, (status, _, what) in BEFORE.items():
        assert f"| `{name}` | {status} | {what} |" in page
    for name, what in DURING.items():
        assert f"| `{name}` | {what} |" in page


async def test_what_an_agent_would_run_is_harmless() -> None:
    shell = {
        "type": "function",
        "function": {
            "name": "Bash",
            "parameters": {
                "type": "object",
                "properties": {"command": {"type": "string"}, "file_path": {"type": "string"}},
                "required": ["command", "file_path"],
            },
        },
    }
    answer = await plain("Run Bash in Lisbon", tools=[shell], tool_choice="required")
    (call,) = answer["choices"][0]["message"]["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == {"command": "echo sandbox", "file_path": "sandbox.txt"}
