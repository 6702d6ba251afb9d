"""A conversation of any client to a Responses provider: all that Chat can ask, GPT-5.1 Codex included."""

import json
from typing import Any

import msgspec
import pytest
from msgspec import Raw
from responses_samples import ENCRYPTED, SIGNED

from entrepot.dialects.dialect import Wishes
from entrepot.dialects.openai_responses.render import render
from entrepot.errors import InvalidRequest
from entrepot.providers import Quirk
from entrepot.values.conversation import (
    Audio,
    Cache,
    Conversation,
    File,
    Foreign,
    Image,
    Message,
    OutputFormat,
    Part,
    Reasoning,
    ReasoningWish,
    Sampling,
    Source,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Video,
)

WISHES = Wishes("gpt-5.1-codex", user_salt=b"salt")
HELLO = (Message("user", (Text("hi"),)),)
SCHEMA = Raw(b'{"type": "object",  "properties": {}}')


def rendered(wishes: Wishes = WISHES, **members: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    found = render(Conversation(**{"messages": HELLO, **members}), wishes)
    return json.loads(found.body), found.notes


def said(*parts: Part, role: Any = "assistant", **more: Any) -> list[dict[str, Any]]:
    body, _ = rendered(messages=(*HELLO, Message(role, parts)), **more)
    return body["input"][1:]


def test_a_plain_question_keeps_nothing_at_the_provider() -> None:
    body, notes = rendered(messages=(Message("system", (Text("Be kind."),)), *HELLO), max_tokens=100, stream=True)
    assert body == {
        "model": "gpt-5.1-codex",
        "instructions": "Be kind.",
        "input": [{"type": "message", "role": "user", "content": "hi"}],
        "max_output_tokens": 100,
        "store": False,
        "stream": True,
    }
    assert notes == ()


def test_what_a_chat_client_asks_of_codex_is_said() -> None:
    tools = (
        Tool("f", "Does.", SCHEMA),
        Tool("g", kind="custom", format=Raw(b'{"type":"grammar","grammar":{"syntax":"lark","definition":"s"}}')),
    )
    body, notes = rendered(
        tools=tools,
        tool_choice=ToolChoice("required", ("g",)),
        parallel_tool_calls=False,
        reasoning=ReasoningWish("xhigh"),
        output=OutputFormat("json_schema", "answer", SCHEMA, strict=True),
        verbosity="low",
        cache_key="k",
        service_tier="flex",
        metadata={"a": "b"},
    )
    assert body["tools"] == [
        {"type": "function", "name": "f", "description": "Does.", "parameters": json.loads(bytes(SCHEMA)), "strict": False},
        {"type": "custom", "name": "g", "format": {"type": "grammar", "syntax": "lark", "definition": "s"}},
    ]
    assert (body["tool_choice"], body["parallel_tool_calls"]) == ({"type": "custom", "name": "g"}, False)
    assert body["reasoning"] == {"effort": "xhigh", "summary": "auto"}
    assert body["include"] == ["reasoning.encrypted_content"]
    schema = {"type": "json_schema", "name": "answer", "schema": json.loads(bytes(SCHEMA)), "strict": True}
    assert body["text"] == {"format": schema, "verbosity": "low"}
    assert (body["prompt_cache_key"], body["service_tier"], body["metadata"], notes) == ("k", "flex", {"a": "b"}, ())


def test_schemas_keep_their_bytes() -> None:
    found = render(Conversation(messages=HELLO, tools=(Tool("f", parameters=SCHEMA),)), WISHES)
    assert bytes(SCHEMA) in found.body


@pytest.mark.parametrize("effort", ["none", "low", "medium", "high", "xhigh"])
def test_every_effort_is_said_and_thoughts_are_shown_unless_they_are_not_wanted(effort: str) -> None:
    shown, _ = rendered(reasoning=ReasoningWish(effort))
    hidden, _ = rendered(msgspec.structs.replace(WISHES, shows=False), reasoning=ReasoningWish(effort, exclude=True))
    assert hidden["reasoning"] == {"effort": effort}
    assert shown["reasoning"] == ({"effort": effort} if effort == "none" else {"effort": effort, "summary": "auto"})
    assert ("include" in shown) == (effort != "none")


def test_a_turn_goes_back_item_by_item_with_its_state() -> None:
    thought = Reasoning("", ("hm",), ENCRYPTED, "rs_1", "openai-responses-v1")
    assert said(thought, Text("Wait."), ToolCall("call_1", "f", '{"a": 1}'), ToolCall("call_2", "g")) == [
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "hm"}],
            "encrypted_content": ENCRYPTED.data,
        },
        {"type": "message", "role": "assistant", "content": "Wait."},
        {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": '{"a": 1}'},
        {"type": "function_call", "call_id": "call_2", "name": "g", "arguments": "{}"},
    ]


def test_state_of_another_maker_stays_behind_with_a_note() -> None:
    messages = (*HELLO, Message("assistant", (Reasoning("hm", state=SIGNED), Text("Hi"))))
    body, notes = rendered(messages=messages)
    assert [item["type"] for item in body["input"]] == ["message", "message"]
    assert notes == ("reasoning: opaque state of anthropic-claude-v1 left out for openai-responses-v1",)


def test_a_thought_that_nothing_follows_stays_behind() -> None:
    assert said(Reasoning(state=ENCRYPTED, id="rs_1")) == []


def test_readable_thoughts_go_back_to_makers_that_show_them_whole() -> None:
    thought = Reasoning("hm", family="deepseek-v1")
    own, _ = rendered(Wishes("m", family="deepseek-v1"), messages=(*HELLO, Message("assistant", (thought, Text("Hi")))))
    assert own["input"][1] == {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]}
    assert [item["type"] for item in said(thought, Text("Hi"))] == ["message"]


def test_results_are_text_or_parts_and_custom_ones_are_told_apart() -> None:
    call = ToolCall("call_1", "g", "x", custom=True)
    parts = (Text("see"), Image(Source(url="http://a.test/a.png")))
    messages = (*HELLO, Message("assistant", (call,)), Message("tool", (ToolResult("call_1", parts, is_error=True),)))
    body, notes = rendered(messages=messages)
    assert body["input"][2] == {
        "type": "custom_tool_call_output",
        "call_id": "call_1",
        "output": [
            {"type": "input_text", "text": "see"},
            {"type": "input_image", "image_url": "http://a.test/a.png", "detail": "auto"},
        ],
    }
    assert notes == ("tool_result.is_error: told by its text only, Responses has no word for it",)


def test_files_pictures_and_sound_are_said() -> None:
    parts = (
        File(Source(data="aGk=", media_type="application/pdf"), "a.pdf"),
        File(Source(url="http://a.test/b.pdf")),
        File(Source(), "c.txt", text="words"),
        Audio(Source(data="aGk=", media_type="audio/wav"), "wav"),
    )
    [message] = said(*parts, role="user")
    assert message["content"] == [
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,aGk="},
        {"type": "input_file", "file_url": "http://a.test/b.pdf"},
        {"type": "input_text", "text": "c.txt\n\nwords"},
        {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}},
    ]


def test_cache_marks_are_breakpoints_at_openai_and_noted_elsewhere() -> None:
    marked = (Message("user", (Text("long", cache=Cache("5m")),)),)
    own, _ = rendered(messages=marked)
    other, notes = rendered(Wishes("m", family="xai-responses-v1"), messages=marked)
    assert own["input"][0]["content"][0]["prompt_cache_breakpoint"] == {"mode": "explicit"}
    assert "prompt_cache_breakpoint" not in json.dumps(other)
    assert any(note.startswith("cache_control") for note in notes)


@pytest.mark.parametrize(("members", "field"), [
    ({"sampling": Sampling(n=2)}, "n"),
    ({"modalities": ("text", "audio")}, "modalities"),
    ({"output": OutputFormat("grammar", grammar="x")}, "response_format"),
    ({"messages": (Message("user", (Video(Source(url="http://a.test/a.mp4")),)),)}, "messages[0].content[0]"),
    ({"tools": (Tool("computer", kind="hosted", raw=Raw(b"{}"), dialect="x"),), "tool_choice": ToolChoice("required", ("computer",))},
     "tools[0]"),
])  # fmt: skip
def test_what_would_change_the_question_is_refused(members: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        rendered(**members)
    assert refused.value.field == field and refused.value.remedy


def test_what_responses_cannot_say_is_left_out_with_a_note() -> None:
    sampling = Sampling(temperature=0.5, top_k=3, stop=("x",), seed=1, logprobs=True, top_logprobs=2)
    body, notes = rendered(sampling=sampling, max_tokens=5, verbosity="max")
    assert (body["temperature"], body["top_logprobs"], body["max_output_tokens"]) == (0.5, 2, 16)
    assert body["include"] == ["message.output_text.logprobs"]
    assert [note.partition(":")[0] for note in notes] == ["top_k", "seed", "stop", "verbosity", "max_tokens"]


def test_foreign_items_of_this_dialect_go_back_as_they_came() -> None:
    item = Raw(b'{"type":"web_search_call",  "id":"ws_1"}')
    assert said(Foreign("openai_responses", "web_search_call", item), Text("Hi"))[0]["id"] == "ws_1"
    assert said(Foreign("gemini", "executableCode", item), Text("Hi")) == [
        {"type": "message", "role": "assistant", "content": "Hi"}
    ]


def test_web_search_of_a_chat_client_is_the_tool_it_stands_for() -> None:
    options = Raw(b'{"search_context_size":"low","user_location":{"type":"approximate","approximate":{"city":"Oslo"}}}')
    body, _ = rendered(web_search=options)
    place = {"type": "approximate", "city": "Oslo"}
    assert body["tools"] == [{"type": "web_search", "search_context_size": "low", "user_location": place}]


def test_the_end_users_name_never_leaves_as_it_came() -> None:
    body, _ = rendered(user="ada@a.test")
    assert len(body["safety_identifier"]) == 32
    assert "ada" not in json.dumps(body)


def test_a_provider_that_knows_no_developer_gets_a_system_message() -> None:
    messages = (*HELLO, Message("developer", (Text("Be brief."),)))
    body, _ = rendered(Wishes("m", quirks=frozenset({Quirk.DEVELOPER_AS_SYSTEM})), messages=messages)
    assert body["input"][1]["role"] == "system"
