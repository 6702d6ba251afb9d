"""Ollama's /api/chat beyond the recordings."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from native import heard, strays_in
from said import LOOP, PLAIN, PNG, TOOL

from entrepot.dialects.dialect import Hearing, Wishes
from entrepot.dialects.gather import gather
from entrepot.dialects.ollama.read import Reader, read
from entrepot.dialects.ollama.render import render
from entrepot.dialects.voice import Malformed
from entrepot.errors import BrokenStream, InvalidRequest
from entrepot.values.conversation import (
    Conversation,
    Image,
    Message,
    OutputFormat,
    Reasoning,
    ReasoningWish,
    Sampling,
    Source,
    Text,
    ToolCall,
    ToolChoice,
)
from entrepot.values.event import Failed, ForeignEvent

HEARING = Hearing()
QWEN = Wishes("qwen3", family="unknown")
DONE = {"done": True, "done_reason": "stop", "prompt_eval_count": 7, "eval_count": 3}


def lines(*told: dict[str, Any]) -> bytes:
    return b"".join(
        json.dumps({"model": "m", "created_at": "2026-01-01T00:00:00.1Z", "done": False} | line).encode() + b"\n" for line in told
    )


def body_of(conversation: Conversation, wishes: Wishes = QWEN) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(render(conversation, wishes).body)
    return told


def test_thinking_text_pictures_and_calls_stream_into_what_the_whole_answer_has() -> None:
    calls = [{"function": {"name": "f", "arguments": {"a": 1}}}, {"function": {"name": "f", "arguments": {"a": 1}}}]
    message = {"role": "assistant", "thinking": "hm", "content": "Hi", "images": ["AA=="], "tool_calls": calls}
    whole = read(lines({"message": message} | DONE), HEARING)
    stream = heard(
        "ollama",
        [lines({"message": {"thinking": "h"}}, {"message": {"thinking": "m"}}, {"message": {"content": "Hi"}}, {"message": {"images": ["AA=="]}}, {"message": {"tool_calls": calls}}, {"message": {"content": ""}} | DONE)],
    )  # fmt: skip
    assert gather(stream) == gather(whole)
    thought, text, image, first, second = gather(stream).choices[0].parts
    assert isinstance(thought, Reasoning) and isinstance(text, Text) and isinstance(image, Image)
    assert isinstance(first, ToolCall) and isinstance(second, ToolCall)
    assert first.id != second.id and first.arguments == '{"a": 1}'
    finish = gather(stream).choices[0].finish
    assert finish and (finish.reason, finish.native) == ("tool_calls", "stop")


def test_an_id_that_was_given_is_kept() -> None:
    call = {"id": "call_x", "function": {"name": "f", "arguments": "{}"}}
    assert gather(read(lines({"message": {"tool_calls": [call]}} | DONE), HEARING)).choices[0].parts == (
        ToolCall("call_x", "f", "{}"),
    )


@pytest.mark.parametrize("arguments", [None, "", {}])
def test_no_arguments_are_an_empty_object(arguments: Any) -> None:
    call = {"function": {"name": "f", "arguments": arguments}}
    [told] = gather(read(lines({"message": {"tool_calls": [call]}} | DONE), HEARING)).choices[0].parts
    assert isinstance(told, ToolCall) and told.arguments == "{}"


def test_a_failure_in_the_last_line_is_a_failure() -> None:
    events = heard("ollama", [lines({"message": {"content": "x"}}) + b'{"error":"out of memory"}'])
    assert isinstance(events[-1], Failed) and b"out of memory" in events[-1].payload
    assert isinstance(read(b'{"error":"model is gone"}', HEARING)[-1], Failed)


def test_a_prompt_that_was_all_in_the_cache_is_counted_as_nothing_and_lines_without_words_are_passed_over() -> None:
    events = heard("ollama", [lines({"status": "loading"}, {"message": {"content": "x"}}, {"done": True, "eval_count": 2})])
    seen = gather(events).seen
    assert seen and (seen.usage.prompt_tokens, seen.usage.completion_tokens) == (0, 2)
    assert [type(event) for event in events].count(ForeignEvent) == 1


def test_a_line_past_the_limit_and_an_answer_without_an_end_are_told() -> None:
    with pytest.raises(BrokenStream, match="more than 50 bytes"):
        Reader(Hearing(50)).feed(b"x" * 51)
    with pytest.raises(Malformed, match="no end"):
        read(lines({"message": {"content": "x"}}), HEARING)
    reader = Reader(HEARING)
    reader.feed(lines({"message": {"content": "x"}}))
    assert reader.close() == [] and not reader.done


def test_settings_stand_in_options_under_ollamas_names() -> None:
    sampling = Sampling(0.3, 0.9, 5, 0.1, seed=1, stop=("a",), repetition_penalty=1.1, top_a=0.5)
    rendered = render(Conversation(messages=PLAIN, sampling=sampling, max_tokens=9), QWEN)
    told = json.loads(rendered.body)["options"]
    assert told == {
        "temperature": 0.3,
        "top_p": 0.9,
        "top_k": 5,
        "min_p": 0.1,
        "seed": 1,
        "repeat_penalty": 1.1,
        "stop": ["a"],
        "num_predict": 9,
    }
    assert rendered.notes == ("top_a: left out, Ollama has no word for it",)


def test_a_loop_of_calls_goes_back_by_name_and_pictures_beside_the_text() -> None:
    told = body_of(Conversation(messages=LOOP, tools=(TOOL,)))["messages"]
    assert told[2]["tool_calls"][0] == {"function": {"name": "get_weather", "arguments": {"city": "Paris"}}}
    assert [message["tool_name"] for message in told if message["role"] == "tool"] == ["get_weather", "now"]
    assert told[-1] == {"role": "user", "content": "And tomorrow?", "images": [PNG.data]}
    assert "thinking" not in told[2]


@pytest.mark.parametrize(
    ("model", "wish", "think"),
    [
        ("qwen3", ReasoningWish("high"), True),
        ("qwen3", ReasoningWish("none"), False),
        ("qwen3", ReasoningWish(max_tokens=100), True),
        ("gpt-oss:20b", ReasoningWish("minimal"), "low"),
        ("gpt-oss:20b", ReasoningWish("high"), "high"),
        ("qwen3", ReasoningWish(), None),
    ],
)
def test_thinking_is_on_or_off_and_a_word_for_gpt_oss_alone(model: str, wish: ReasoningWish, think: Any) -> None:
    rendered = render(Conversation(messages=PLAIN, reasoning=wish), Wishes(model, family="unknown"))
    assert json.loads(rendered.body).get("think") == think
    assert bool(rendered.notes) == (think is True or think == "low")


def test_its_own_thoughts_go_back_and_a_schema_is_the_format() -> None:
    said = Message("assistant", (Reasoning("hm"), Text("Hi")))
    told = body_of(Conversation(messages=(*PLAIN, said), output=OutputFormat("json_object")))
    assert (told["messages"][1]["thinking"], told["format"], told["stream"]) == ("hm", "json", False)


def test_a_choice_of_none_leaves_the_tools_out_and_a_forced_one_is_refused() -> None:
    assert "tools" not in body_of(Conversation(messages=PLAIN, tools=(TOOL,), tool_choice=ToolChoice("none")))
    with pytest.raises(InvalidRequest, match="tool_choice"):
        render(Conversation(messages=PLAIN, tools=(TOOL,), tool_choice=ToolChoice("required")), QWEN)


def test_a_picture_that_is_not_inline_is_refused_with_its_path() -> None:
    question = Conversation(messages=(Message("user", (Text("Look"), Image(Source(url="https://a.test/x.png")))),))
    with pytest.raises(InvalidRequest) as refused:
        render(question, QWEN)
    assert refused.value.field == "messages[0].content[1]" and "data URL" in str(refused.value.remedy)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 5) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(st.sampled_from(["message", "content", "thinking", "done", "tool_calls", "function", "arguments", "error"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=30) | VALUES.map(lambda value: json.dumps(value).encode() + b"\n"), max_size=5))
def test_any_bytes_are_events_or_malformed(pieces: list[bytes]) -> None:
    reader = Reader(Hearing(4096))
    with contextlib.suppress(Malformed, BrokenStream):
        assert strays_in([event for given in pieces for event in reader.feed(given)] + reader.close()) == []
        assert strays_in(read(b"".join(pieces), HEARING)) == []
