"""Responses items to a conversation: what belongs together, and what does not fit."""

import json
from typing import Any

import pytest
from responses_samples import asked

from entrepot.dialects.openai_responses.converse import converse
from entrepot.errors import InvalidRequest
from entrepot.values.conversation import (
    Audio,
    Conversation,
    File,
    Foreign,
    Image,
    Message,
    Opaque,
    Reasoning,
    Source,
    Text,
    ToolCall,
    ToolChoice,
    ToolResult,
)

CALL = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": '{"a":1}'}
RESULT = {"type": "function_call_output", "call_id": "call_1", "output": "ok"}


def said(*items: Any, **members: Any) -> Conversation:
    return converse(asked(input=list(items), **members))


def fault(*items: Any, **members: Any) -> str | None:
    with pytest.raises(InvalidRequest) as refused:
        said(*items, **members)
    assert refused.value.remedy
    return refused.value.field


def test_instructions_and_a_text_are_two_messages() -> None:
    conversation = converse(asked(instructions="Be kind."))
    assert conversation.messages == (Message("system", (Text("Be kind."),)), Message("user", (Text("hi"),)))


def test_what_the_assistant_said_in_a_row_is_one_message() -> None:
    thought = {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "hm"}],
        "encrypted_content": "gAAA",
    }
    text = {"type": "message", "role": "assistant", "id": "msg_1", "phase": "commentary"}
    text["content"] = [{"type": "output_text", "text": "Wait."}]  # type: ignore[assignment]
    messages = said({"role": "user", "content": "hi"}, thought, text, CALL, RESULT).messages
    state = Opaque("openai-responses-v1", "gAAA", "encrypted")
    parts = (
        Reasoning("", ("hm",), state, "rs_1", "openai-responses-v1"),
        Text("Wait."),
        ToolCall("call_1", "f", '{"a":1}', item="fc_1"),
    )
    assert messages[1] == Message("assistant", parts, id="msg_1", phase="commentary")
    assert messages[2] == Message("tool", (ToolResult("call_1", (Text("ok"),)),))


def test_two_messages_of_the_assistant_stay_two() -> None:
    first, second = (
        {"role": "assistant", "content": text, "phase": phase} for text, phase in (("a", "commentary"), ("b", "final_answer"))
    )
    messages = said(first, CALL, second, RESULT).messages
    assert [(message.role, message.phase) for message in messages] == [
        ("assistant", "commentary"),
        ("tool", ""),
        ("assistant", "final_answer"),
    ]


def test_results_follow_their_calls_also_when_the_client_spoke_in_between() -> None:
    other = CALL | {"call_id": "call_2"}
    spoken = {"role": "user", "content": "Hurry."}
    messages = said(CALL, other, spoken, RESULT, RESULT | {"call_id": "call_2"}).messages
    assert [message.role for message in messages] == ["assistant", "tool", "tool", "user"]
    assert [part.call_id for message in messages[1:3] for part in message.parts if isinstance(part, ToolResult)] == [
        "call_1",
        "call_2",
    ]


def test_content_has_its_kinds() -> None:
    parts = [
        {"type": "input_text", "text": "See", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        {"type": "input_image", "image_url": "data:image/png;base64,aGk=", "detail": "low"},
        {"type": "input_image", "file_id": "file-1"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,aGk="},
        {"type": "input_file", "file_url": "http://a.test/b.pdf"},
        {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "mp3"}},
    ]
    [message] = said({"role": "user", "content": parts}).messages
    text, *rest = message.parts
    assert isinstance(text, Text) and text.cache is not None and text.cache.ttl == "1h"
    assert rest == [
        Image(Source(data="aGk=", media_type="image/png"), "low"),
        Image(Source(file_id="file-1")),
        File(Source(data="aGk=", media_type="application/pdf"), "a.pdf"),
        File(Source(url="http://a.test/b.pdf")),
        Audio(Source(data="aGk=", media_type="audio/mpeg"), "mp3"),
    ]


@pytest.mark.parametrize(("items", "field"), [
    ([RESULT], "input[0].call_id"),
    ([CALL], "input[0].call_id"),
    ([CALL, RESULT, RESULT], "input[2].call_id"),
    ([{"type": "function_call", "name": "f", "arguments": "{}"}], "input[0].call_id"),
    ([CALL | {"arguments": {"a": 1}}, RESULT], "input[0].arguments"),
    ([{"type": "thought_of_tomorrow"}], "input[0].type"),
    ([{"id": "msg_1"}], "input[0].id"),
    ([{"role": "user"}], "input[0].content"),
    ([{"role": "user", "content": [{"type": "text_of_tomorrow"}]}], "input[0].content[0].type"),
    ([{"role": "user", "content": [{"type": "input_image"}]}], "input[0].content[0].image_url"),
    ([{"role": "user", "content": "x"}, {"type": "reasoning", "encrypted_content": "entrepot|x|signature"}], "input[1].encrypted_content"),
])  # fmt: skip
def test_what_does_not_fit_is_named(items: list[Any], field: str) -> None:
    assert fault(*items) == field


def test_what_is_kept_elsewhere_is_refused() -> None:
    assert fault({"role": "user", "content": "x"}, previous_response_id="resp_1") == "previous_response_id"
    assert fault({"role": "user", "content": "x"}, prompt={"id": "pmpt_1"}) == "prompt"


def test_items_of_the_providers_tools_are_kept_as_they_came() -> None:
    call = {"type": "local_shell_call", "id": "lsh_1", "call_id": "c", "action": {"type": "exec"}, "status": "completed"}
    output = {"type": "local_shell_call_output", "id": "x", "output": "ok"}
    assistant, user = said(call, output).messages
    for message, item, role in ((assistant, call, "assistant"), (user, output, "user")):
        [part] = message.parts
        assert message.role == role and isinstance(part, Foreign)
        assert (part.name, json.loads(bytes(part.raw))) == (item["type"], item)


def test_tools_are_functions_free_text_or_the_providers_own() -> None:
    grammar = {"type": "grammar", "syntax": "lark", "definition": "start: /a/"}
    function = {"type": "function", "name": "f", "description": None, "parameters": {"type": "object"}, "strict": True}
    conversation = said(
        {"role": "user", "content": "x"},
        tools=[function, {"type": "custom", "name": "g", "format": grammar}, {"type": "local_shell"}],
        tool_choice={"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "f"}]},
    )
    assert [(tool.name, tool.kind) for tool in conversation.tools] == [
        ("f", "function"),
        ("g", "custom"),
        ("local_shell", "hosted"),
    ]
    assert json.loads(bytes(conversation.tools[1].format)) == grammar
    assert conversation.tool_choice == ToolChoice("required", ("f",))


def test_a_choice_of_the_providers_own_tool_keeps_its_words() -> None:
    choice = said(
        {"role": "user", "content": "x"}, tools=[{"type": "web_search"}], tool_choice={"type": "web_search"}
    ).tool_choice
    assert choice is not None
    assert (choice.mode, choice.names, json.loads(bytes(choice.hosted))) == ("required", ("web_search",), {"type": "web_search"})


def test_signed_thoughts_come_back_from_their_summary() -> None:
    sealed = "entrepot|anthropic-claude-v1|signature||EqQ|B=="
    thought = {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "hm"}],
        "encrypted_content": sealed,
    }
    [message] = said(thought).messages
    state = Opaque("anthropic-claude-v1", "EqQ|B==", "signature")
    assert message.parts == (Reasoning("hm", (), state, "rs_1", "anthropic-claude-v1"),)
