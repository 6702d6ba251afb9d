"""A conversation of another dialect for a provider of Messages: what is said how, what is left out, and what is refused."""

import json
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from entrepot.dialects.anthropic_messages.render import render
from entrepot.dialects.anthropic_messages.words import ANSWER_TOOL
from entrepot.dialects.dialect import Wishes
from entrepot.errors import InvalidRequest
from entrepot.values.conversation import (
    Audio,
    Cache,
    Citation,
    Conversation,
    File,
    Foreign,
    Image,
    Message,
    Opaque,
    OutputFormat,
    Part,
    Reasoning,
    ReasoningWish,
    Refusal,
    Sampling,
    Source,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from entrepot.values.model import Reasoning as Facts

CLAUDE = "anthropic-claude-v1"
HI = Message("user", (Text("hi"),))
WEATHER = Tool("weather", "d", Raw(b'{"type":"object","properties":{"city":{"type":"string"}}}'))
OLD, NEW = Facts(), Facts(("max", "xhigh", "high", "medium", "low"), default_effort="high")
ADAPTIVE = Facts(("max", "high", "medium", "low"), takes_max_tokens=True)


def told(*messages: Message, wishes: Wishes = Wishes("claude", family=CLAUDE), **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(
        render(Conversation(messages=messages or (HI,), **({"max_tokens": 8000} | more)), wishes).body
    )
    return body


def notes(*messages: Message, wishes: Wishes = Wishes("claude", family=CLAUDE), **more: Any) -> list[str]:
    rendered = render(Conversation(messages=messages or (HI,), **({"max_tokens": 8000} | more)), wishes)
    return [note.partition(":")[0] for note in rendered.notes]


def user(*parts: Part) -> Message:
    return Message("user", parts)


def assistant(*parts: Part) -> Message:
    return Message("assistant", parts)


def test_system_texts_come_first_and_later_ones_are_said_by_the_user():
    messages = (
        Message("system", (Text("a", cache=Cache("1h")),)),
        Message("developer", (Text("b"),)),
        HI,
        Message("system", (Text("c"),)),
    )
    body = told(*messages)
    hour = {"type": "ephemeral", "ttl": "1h"}
    assert body["system"] == [{"type": "text", "text": "a", "cache_control": hour}, {"type": "text", "text": "b"}]
    assert body["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "hi"}, {"type": "text", "text": "<system>\nc\n</system>"}]}
    ]
    assert notes(*messages) == ["messages"]


def test_a_system_prompt_alone_is_said_by_the_user():
    body = told(Message("system", (Text("a"),)))
    assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": "a"}]}] and "system" not in body


def test_results_of_one_turn_come_together_first_and_ids_fit():
    call, other = ToolCall("call:1", "weather", '{"city": "Ulm", "n": 1.0}'), ToolCall("b", "weather", "")
    results = [Message("tool", (ToolResult(name, (Text("1"),), is_error=name == "b"),)) for name in ("call:1", "b")]
    raw = render(Conversation(messages=(HI, assistant(call, other), *results, user(Text("so?")))), Wishes("c")).body
    _, calls, answers = json.loads(raw)["messages"]
    assert b'"input":{"city": "Ulm", "n": 1.0}' in raw and calls["content"][1]["input"] == {}
    assert [block["type"] for block in answers["content"]] == ["tool_result", "tool_result", "text"]
    assert answers["content"][0]["tool_use_id"] == calls["content"][0]["id"] and ":" not in calls["content"][0]["id"]
    assert answers["content"][1]["is_error"] is True and answers["content"][0]["content"] == "1"


def test_pictures_and_documents_say_where_their_bytes_are():
    [turn] = told(
        user(
            Image(Source(url="https://a.test/b.png")), Image(Source(data="AAAA", media_type="image/png"), cache=Cache()),
            File(Source(data="JVBE", media_type="application/pdf"), "f.pdf"), File(Source(url="https://a.test/c.pdf")),
            File(Source(data="YWI=", media_type="text/plain"), citable=True), File(Source(file_id="file_1")),
        )
    )["messages"]  # fmt: skip
    assert [block["source"] for block in turn["content"]] == [
        {"type": "url", "url": "https://a.test/b.png"},
        {"type": "base64", "media_type": "image/png", "data": "AAAA"},
        {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
        {"type": "url", "url": "https://a.test/c.pdf"},
        {"type": "text", "media_type": "text/plain", "data": "ab"},
        {"type": "file", "file_id": "file_1"},
    ]
    assert turn["content"][1]["cache_control"] == {"type": "ephemeral"} and turn["content"][2]["title"] == "f.pdf"
    assert turn["content"][4]["citations"] == {"enabled": True}


def test_files_the_provider_keeps_need_a_header():
    rendered = render(Conversation(messages=(user(File(Source(file_id="f"))),)), Wishes("c"))
    assert rendered.headers == {"anthropic-beta": "files-api-2025-04-14"}


def test_claudes_state_goes_back_and_no_one_elses_does():
    mine = Reasoning("hm", state=Opaque(CLAUDE, "c2ln"), family=CLAUDE)
    hidden = Reasoning(state=Opaque(CLAUDE, "aGlk", "encrypted"))
    other = Reasoning("x", state=Opaque("openai-responses-v1", "gAAA", "encrypted"))
    call = ToolCall("a", "f", "{}", state=Opaque("google-gemini-v1", "c2ln"))
    messages = (HI, assistant(mine, other, Reasoning("bare"), hidden, call), Message("tool", (ToolResult("a"),)))
    assert [block["type"] for block in told(*messages)["messages"][1]["content"]] == ["thinking", "redacted_thinking", "tool_use"]
    assert told(*messages)["messages"][1]["content"][0] == {"type": "thinking", "thinking": "hm", "signature": "c2ln"}
    assert notes(*messages, tools=(Tool("f"),)) == ["reasoning", "reasoning", "reasoning"]


def test_what_means_nothing_here_is_left_out_with_a_note():
    foreign = Foreign("openai_responses", "web_search_call", Raw(b"{}"))
    cited = Text("t", citations=(Citation(url="u", raw=Raw(b"{}"), dialect="openai_chat"),))
    body = told(HI, assistant(foreign, cited, Text(" "), Refusal("no")), HI)
    assert body["messages"][1]["content"] == [{"type": "text", "text": "t"}, {"type": "text", "text": "no"}]
    assert notes(HI, assistant(foreign, cited), HI) == ["web_search_call", "annotations"]


@pytest.mark.parametrize(
    ("message", "more", "field"),
    [
        (user(Audio(Source(data="AAAA"), "wav")), {}, "messages"),
        (user(File(Source(data="AAAA", media_type="application/zip"))), {}, "messages[].content[].file"),
        (user(Image(Source())), {}, "messages[].content[].image_url.url"),
        (HI, {"sampling": Sampling(n=2)}, "n"),
        (HI, {"output": OutputFormat("grammar", grammar="x")}, "response_format"),
        (HI, {"tools": (Tool("a.b"),)}, "tools[].function.name"),
        (HI, {"output": OutputFormat("json_schema", schema=Raw(b'{"$ref":"#"}'))}, "response_format.json_schema.schema"),
        (HI, {"tools": (Tool("s", kind="hosted", dialect="x"),), "tool_choice": ToolChoice("required", ("s",))}, "tool_choice"),
    ],
)  # fmt: skip
def test_what_would_change_the_question_is_refused(message, more, field):
    with pytest.raises(InvalidRequest) as raised:
        told(message, **more)
    assert raised.value.field == field and raised.value.remedy


@pytest.mark.parametrize(
    ("choice", "parallel", "expected"),
    [
        (None, None, None),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice("none"), False, {"type": "none"}),
        (ToolChoice("auto"), True, {"type": "auto"}),
        (ToolChoice("required"), None, {"type": "any"}),
        (ToolChoice("required", ("weather",)), False, {"type": "tool", "name": "weather", "disable_parallel_tool_use": True}),
    ],
)
def test_every_choice_of_tools_has_a_word(choice, parallel, expected):
    body = told(tools=(WEATHER,), tool_choice=choice, parallel_tool_calls=parallel)
    assert body.get("tool_choice") == expected


def test_tools_keep_their_schemas_to_the_byte_and_some_are_put_otherwise():
    tools = (WEATHER, Tool("bare"), Tool("untyped", parameters=Raw(b'{ "properties": {}}')), Tool("patch", kind="custom"),
             Tool("web_search", kind="hosted", dialect="openai_responses"))  # fmt: skip
    rendered = render(Conversation(messages=(HI,), tools=tools), Wishes("c"))
    schemas = [tool["input_schema"] for tool in json.loads(rendered.body)["tools"]]
    assert b'"input_schema":{"type":"object","properties":{"city":{"type":"string"}}}' in rendered.body
    assert schemas[1:3] == [{"type": "object", "properties": {}}] * 2 and schemas[3]["required"] == ["input"]
    assert [note.partition(":")[0] for note in rendered.notes] == ["tools", "tools"]


def test_only_the_tools_that_may_be_chosen_are_offered():
    body = told(tools=(Tool("a"), Tool("b"), Tool("c")), tool_choice=ToolChoice("required", ("a", "c")))
    assert [tool["name"] for tool in body["tools"]] == ["a", "c"] and body["tool_choice"] == {"type": "any"}


def test_calls_of_a_history_without_tools_are_named():
    body = told(HI, assistant(ToolCall("a", "weather", "{}")), Message("tool", (ToolResult("a"),)))
    assert body["tools"] == [{"name": "weather", "input_schema": {"type": "object"}}] and body["tool_choice"] == {"type": "none"}


@pytest.mark.parametrize(
    ("wish", "facts", "thinking", "config"),
    [
        (ReasoningWish(), NEW, None, None),
        (ReasoningWish("none"), NEW, {"type": "disabled"}, None),
        (ReasoningWish("low"), NEW, {"type": "adaptive", "display": "summarized"}, {"effort": "low"}),
        (ReasoningWish("minimal", exclude=True), NEW, {"type": "adaptive", "display": "omitted"}, {"effort": "low"}),
        (ReasoningWish("high", 3000), NEW, {"type": "adaptive", "display": "summarized"}, {"effort": "high"}),
        (ReasoningWish("high", 3000), ADAPTIVE, {"type": "enabled", "budget_tokens": 3000}, None),
        (ReasoningWish("high"), ADAPTIVE, {"type": "adaptive", "display": "summarized"}, {"effort": "high"}),
        (ReasoningWish("medium"), OLD, {"type": "enabled", "budget_tokens": 4000}, None),
        (ReasoningWish("minimal"), OLD, {"type": "enabled", "budget_tokens": 1024}, None),
        (ReasoningWish("max", 90_000), OLD, {"type": "enabled", "budget_tokens": 7999}, None),
        (ReasoningWish("high"), None, {"type": "enabled", "budget_tokens": 6400}, None),
    ],
)
def test_thinking_is_asked_for_in_the_words_of_the_models_generation(wish, facts, thinking, config):
    body = told(reasoning=wish, wishes=Wishes("c", reasoning=facts))
    assert (body.get("thinking"), body.get("output_config")) == (thinking, config)


def test_thinking_gives_way_to_what_it_cannot_stand_beside():
    wishes = Wishes("c", reasoning=OLD, family=CLAUDE)
    high = ReasoningWish("high")
    loop = (HI, assistant(ToolCall("a", "weather", "{}")), Message("tool", (ToolResult("a"),)))
    forced = told(reasoning=high, tools=(WEATHER,), tool_choice=ToolChoice("required"), wishes=wishes)
    assert "thinking" not in forced and forced["tool_choice"] == {"type": "any"}
    assert "thinking" not in told(reasoning=high, max_tokens=1000, wishes=wishes)
    assert "thinking" not in told(*loop, reasoning=high, tools=(WEATHER,), wishes=wishes)
    sampled = told(reasoning=high, sampling=Sampling(temperature=0.2, top_k=3), wishes=wishes)
    assert sampled["thinking"]["type"] == "enabled" and "temperature" not in sampled and "top_k" not in sampled


def test_thinking_between_calls_needs_a_header_where_a_budget_is_given():
    rendered = render(
        Conversation(messages=(HI,), tools=(WEATHER,), reasoning=ReasoningWish("high")), Wishes("c", longest_answer=9000)
    )
    assert rendered.headers == {"anthropic-beta": "interleaved-thinking-2025-05-14"}


def test_sampling_is_fitted_and_the_rest_noted():
    sampling = Sampling(temperature=1.7, top_p=0.5, seed=1, stop=("X", "\n"), frequency_penalty=1.0)
    body = told(sampling=sampling)
    assert body["temperature"] == 1 and body["stop_sequences"] == ["X"] and "top_p" not in body
    assert sorted(notes(sampling=sampling)) == ["frequency_penalty", "seed", "stop", "temperature", "top_p"]


def test_a_length_is_always_said():
    assert told(max_tokens=None)["max_tokens"] == 4096
    assert told(max_tokens=None, wishes=Wishes("c", longest_answer=64_000))["max_tokens"] == 64_000


def test_the_users_name_leaves_as_a_digest():
    body = told(user="alice@example.test", wishes=Wishes("c", user_salt=b"s"))
    assert len(body["metadata"]["user_id"]) == 32 and "alice" not in json.dumps(body)


def test_a_schema_that_fits_stays_to_the_byte_and_others_are_fitted():
    good = b'{"type":"object","properties":{"a":{"type":"number"}}, "required":["a"],"additionalProperties":false}'
    rendered = render(Conversation(messages=(HI,), output=OutputFormat("json_schema", "n", Raw(good))), Wishes("c"))
    assert good in rendered.body and not rendered.notes
    loose = {
        "type": "object",
        "properties": {"a": {"type": "object", "properties": {"minimum": {"type": "integer", "minimum": 1}}}},
    }
    output = OutputFormat("json_schema", "n", Raw(json.dumps(loose).encode()))
    schema = told(output=output)["output_config"]["format"]["schema"]
    assert schema["additionalProperties"] is False and schema["properties"]["a"]["additionalProperties"] is False
    assert schema["properties"]["a"]["properties"] == {"minimum": {"type": "integer"}}
    assert notes(output=output) == ["response_format", "response_format"]


def test_a_model_without_schemas_is_made_to_call_one_tool():
    output = OutputFormat("json_schema", "n", Raw(b'{"type":"object"}'))
    wishes = Wishes("c", schemas=False)
    body = told(output=output, wishes=wishes)
    assert body["tool_choice"] == {"type": "tool", "name": ANSWER_TOOL} and body["tools"][0]["name"] == ANSWER_TOOL
    assert told(output=output, tools=(WEATHER,), wishes=wishes)["tool_choice"] == {"type": "any"}
    assert told(output=OutputFormat("json_object"))["system"][-1]["text"].startswith("Answer with one JSON object")


def test_a_request_has_four_marks_at_most():
    marked = tuple(user(Text(str(number), cache=Cache("5m"))) for number in range(6))
    body = told(*marked, tools=(msgspec.structs.replace(WEATHER, cache=Cache()),), cache=Cache("1h"))
    marks = ["cache_control" in block for block in body["messages"][0]["content"]]
    assert marks == [False] * 4 + [True] * 2 and body["cache_control"] == {"type": "ephemeral", "ttl": "1h"}


def test_everything_at_once_fits_the_published_schema():
    from test_anthropic_messages_requests import SPECIFICATION, validator

    if not SPECIFICATION.is_file():
        pytest.skip("the published schema is not beside the checkout")
    body = told(
        Message("system", (Text("s", cache=Cache()),)),
        user(Text("a"), Image(Source(url="https://a.test/b.png")), File(Source(data="JVBE", media_type="application/pdf"), "f")),
        assistant(Reasoning("t", state=Opaque(CLAUDE, "c2ln")), Text("b"), ToolCall("a", "weather", '{"city":"x"}')),
        Message("tool", (ToolResult("a", (Text("1"), Image(Source(data="AAAA", media_type="image/png")))),)),
        tools=(WEATHER,), tool_choice=ToolChoice("auto"), parallel_tool_calls=False, reasoning=ReasoningWish("high"), user="u",
        sampling=Sampling(temperature=1.0, stop=("X",)), output=OutputFormat("json_schema", "n", Raw(b'{"type":"object"}')),
        service_tier="default", stream=True, cache=Cache("5m"), wishes=Wishes("c", reasoning=NEW, family=CLAUDE),
    )  # fmt: skip
    assert [fault.message for fault in validator("CreateMessageParams").iter_errors(body)] == []
