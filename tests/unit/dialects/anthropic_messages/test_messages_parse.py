"""What a Messages request may say, what is wrong with it, and what it means."""

import json
from typing import Any

import pytest
from messages_answers import asked
from msgspec import Raw

from entrepot.dialects.anthropic_messages.converse import converse
from entrepot.dialects.anthropic_messages.parse import parse
from entrepot.errors import InvalidRequest
from entrepot.values.conversation import (
    Cache,
    Citation,
    Conversation,
    File,
    Foreign,
    Image,
    Message,
    Opaque,
    Reasoning,
    ReasoningWish,
    Source,
    Text,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from entrepot.values.media import media_of

CALL = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "1"}
HI = {"role": "user", "content": "hi"}


def turns(*contents: Any) -> list[dict[str, Any]]:
    """User and assistant in turn, from the contents of their messages."""
    return [{"role": ("user", "assistant")[number % 2], "content": content} for number, content in enumerate(contents)]


def said(*contents: Any) -> Conversation:
    return converse(asked(messages=turns(*contents)))


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": turns([{"type": "hologram"}])}, "messages[0].content[0].type"),
        ({"messages": turns([{"type": "text", "text": 3}])}, "messages[0].content[0].text"),
        ({"messages": turns([{"type": "text"}])}, "messages[0].content[0].text"),
        ({"messages": turns([{"type": "image", "source": {"type": "ftp"}}])}, "messages[0].content[0].source.type"),
        ({"messages": turns([{"type": "image", "source": {"type": "base64", "data": "A"}}])}, "messages[0].content[0].source.media_type"),
        ({"messages": turns([{"type": "image", "source": {"type": "url"}}])}, "messages[0].content[0].source.url"),
        ({"messages": turns([RESULT])}, "messages[0].content[0].tool_use_id"),
        ({"messages": turns("a", [CALL], [RESULT, RESULT])}, "messages[2].content[1].tool_use_id"),
        ({"messages": turns("a", [CALL], "no")}, "messages[1].content[0].id"),
        ({"messages": turns("a", [CALL], "no", "b", "c")}, "messages[1].content[0].id"),
        ({"messages": turns("a", [CALL])}, "messages[1].content[0].id"),
        ({"messages": turns("a", [CALL, CALL | {"id": "toolu_2"}], [RESULT])}, "messages[1].content[1].id"),
        ({"messages": turns("a", [RESULT])}, "messages[1].content[0].type"),
        ({"messages": turns([CALL])}, "messages[0].content[0].type"),
        ({"messages": turns("a", [CALL | {"input": "{}"}], [RESULT])}, "messages[1].content[0].input"),
        ({"messages": turns("a", [CALL], [RESULT | {"content": {"a": 1}}])}, "messages[2].content[0].content"),
        ({"messages": turns("a", [CALL], [RESULT | {"content": [CALL]}])}, "messages[2].content[0].content[0].type"),
        ({"messages": turns("a", [{"type": "thinking", "thinking": "t"}])}, "messages[1].content[0].signature"),
        ({"messages": turns("a", [{"type": "thinking", "thinking": "t", "signature": "c2ln=x"}])}, "messages[1].content[0].signature"),
        ({"messages": turns("a", [{"type": "thinking", "thinking": "t", "signature": 7}])}, "messages[1].content[0].signature"),
        ({"messages": turns("a", [{"type": "redacted_thinking", "data": "not base64"}])}, "messages[1].content[0].data"),
        ({"messages": turns("a", [{"type": "text", "text": "a", "signature": "entrepot.0.W10.x"}])}, "messages[1].content[0].signature"),
        ({"messages": turns("a", [{"type": "text", "text": "a", "citations": [{"file_id": "entrepot.0.W10.x"}]}])},
         "messages[1].content[0].citations[0].file_id"),
        ({"messages": turns([{"type": "text", "text": "a", "cache_control": {"type": "ephemeral", "ttl": "2h"}}])},
         "messages[0].content[0].cache_control.ttl"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"temperature": 1.5}, "temperature"),
        ({"thinking": {"type": "enabled"}}, "thinking.budget_tokens"),
        ({"thinking": {"type": "enabled", "budget_tokens": 10}}, "thinking.budget_tokens"),
        ({"thinking": {"type": "deep"}}, "thinking.type"),
        ({"output_config": {"effort": "extreme"}}, "output_config.effort"),
        ({"tools": [{"name": "a b", "input_schema": {}}]}, "tools[0].name"),
        ({"tools": [{"name": "a"}]}, "tools[0].input_schema"),
        ({"tools": [{"name": "a", "input_schema": {}}], "tool_choice": {"type": "tool", "name": "b"}}, "tool_choice.name"),
        ({"tool_choice": {"type": "any"}}, "tools"),
        ({"models": ["a"], "fallbacks": [{"model": "b"}]}, "fallbacks"),
        ({"fallbacks": [{"model": "b", "max_tokens": 3}]}, "fallbacks[0]"),
    ],
)  # fmt: skip
def test_the_error_names_the_path_and_what_mends_it(more, field):
    with pytest.raises(InvalidRequest) as raised:
        asked(**more)
    assert raised.value.field == field and raised.value.remedy


NOT_UTF8 = b'{"model":"m","messages":[{"role":"user","content":"a"}],"new":"\xff"}'


@pytest.mark.parametrize(
    "body", [b"", b"[]", NOT_UTF8, b"{", b'"a"', b"\xff", b'{"messages":[{"role":"user","content":"\\ud83d"}]}']
)
def test_what_is_no_request_is_refused(body):
    with pytest.raises(InvalidRequest):
        parse(body)


def test_a_member_given_twice_is_refused():
    with pytest.raises(InvalidRequest) as raised:
        parse(b'{"model":"a","model":"b","max_tokens":1,"messages":[{"role":"user","content":"hi"}]}')
    assert raised.value.field == "model"


def test_what_routing_looks_at_is_told_in_chats_words():
    request = asked(
        stream=True, temperature=0.5, top_k=3, stop_sequences=["X"], metadata={"user_id": "u"}, new_member=1, fallbacks=[{"model": "n"}],
        thinking={"type": "adaptive"}, output_config={"effort": "low", "format": {"type": "json_schema", "schema": {}}},
        tools=[{"name": "f", "input_schema": {"type": "object"}}], tool_choice={"type": "auto", "disable_parallel_tool_use": True},
        messages=turns([{"type": "image", "source": {"type": "url", "url": "https://a.test/b.png"}}]),
    )  # fmt: skip
    assert request.parameters == {
        "messages", "model", "max_tokens", "stream", "temperature", "top_k", "stop", "tools", "tool_choice", "parallel_tool_calls",
        "reasoning", "response_format", "user",
    }  # fmt: skip
    assert (request.slugs, request.effort, request.user, request.unknown) == (("m", "n"), "low", "u", ("new_member",))
    assert request.media == media_of(["image"]) and request.stream and request.max_tokens == 9


@pytest.mark.parametrize(
    ("more", "effort", "wish"),
    [
        ({}, None, ReasoningWish()),
        ({"thinking": {"type": "disabled"}}, "none", ReasoningWish("none")),
        ({"thinking": {"type": "between_tools"}}, "none", ReasoningWish("none")),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "minimal", ReasoningWish(max_tokens=1024)),
        ({"thinking": {"type": "enabled", "budget_tokens": 31999}}, "high", ReasoningWish(max_tokens=31999)),
        ({"thinking": {"type": "adaptive"}}, "high", ReasoningWish("high", adaptive=True)),
        ({"thinking": {"type": "adaptive", "display": "omitted"}, "output_config": {"effort": "max"}}, "max",
         ReasoningWish("max", exclude=True, adaptive=True)),
        ({"output_config": {"effort": "xhigh"}}, "xhigh", ReasoningWish("xhigh")),
    ],
)  # fmt: skip
def test_every_way_to_ask_for_thinking_is_one_wish(more, effort, wish):
    request = asked(**more)
    assert request.effort == effort and converse(request).reasoning == wish


def test_thinking_stays_between_the_calls_it_stood_between():
    thinking = {"type": "thinking", "thinking": "hm", "signature": "c2ln"}
    hidden = {"type": "redacted_thinking", "data": "aGlk"}
    search = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}}
    found = {
        "type": "web_search_tool_result",
        "tool_use_id": "srvtoolu_1",
        "content": [{"type": "web_search_result", "url": "u"}],
    }
    heard = said("a", [thinking, CALL, hidden, search, found, CALL | {"id": "b"}], [RESULT, RESULT | {"tool_use_id": "b"}])
    [turn] = [message for message in heard.messages if message.role == "assistant"]
    assert turn.parts == (
        Reasoning("hm", state=Opaque("anthropic-claude-v1", "c2ln"), family="anthropic-claude-v1"),
        ToolCall("toolu_1", "f", '{"a": 1}'),
        Reasoning(state=Opaque("anthropic-claude-v1", "aGlk", "encrypted"), family="anthropic-claude-v1"),
        Foreign("anthropic_messages", "server_tool_use", Raw(json.dumps(search).encode())),
        Foreign("anthropic_messages", "web_search_tool_result", Raw(json.dumps(found).encode())),
        ToolCall("b", "f", '{"a": 1}'),
    )


def test_results_hold_text_pictures_documents_and_errors():
    content = [
        {"type": "text", "text": "t"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "doc"}, "title": "T"},
        {"type": "search_result", "source": "https://a.test", "title": "S", "content": [{"type": "text", "text": "found"}]},
    ]
    result = RESULT | {"content": content, "is_error": True, "cache_control": {"type": "ephemeral"}}
    heard = said("a", [CALL], [result, {"type": "text", "text": "so?"}])
    assert heard.messages[2:] == (
        Message(
            "tool",
            (
                ToolResult(
                    "toolu_1",
                    (
                        Text("t"),
                        Image(Source(data="AAAA", media_type="image/png")),
                        File(Source(media_type="text/plain"), "T", "doc"),
                        File(Source(media_type="text/plain"), "S", "found", "https://a.test"),
                    ),
                    name="f",
                    is_error=True,
                    cache=Cache(),
                ),
            ),
        ),
        Message("user", (Text("so?"),)),
    )


def test_documents_say_what_they_are_and_whether_they_are_to_be_cited():
    pdf = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}, "title": "T"}
    held = {"type": "document", "source": {"type": "file", "file_id": "file_1"}, "context": "C", "citations": {"enabled": True}}
    pieces = {
        "type": "document",
        "source": {"type": "content", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
    }
    cited = {"type": "text", "text": "x", "citations": [{"type": "char_location", "cited_text": "y", "document_title": "T"}]}
    heard = said([pdf, held, pieces], [cited])
    assert heard.messages[0].parts == (
        File(Source(data="JVBE", media_type="application/pdf"), "T"),
        File(Source(file_id="file_1"), context="C", citable=True),
        File(Source(media_type="text/plain"), text="a\nb"),
    )
    [told] = heard.messages[1].parts
    assert isinstance(told, Text) and isinstance(told.citations[0], Citation)
    assert (told.citations[0].text, told.citations[0].title) == ("y", "T")


def test_settings_and_marks_are_kept():
    hour = {"type": "ephemeral", "ttl": "1h"}
    heard = converse(
        asked(
            system=[{"type": "text", "text": "s", "cache_control": hour}], cache_control={"type": "ephemeral", "ttl": "5m"},
            tools=[{"name": "f", "description": "d", "input_schema": {"type": "object"}, "strict": True, "cache_control": hour},
                   {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}],
            tool_choice={"type": "tool", "name": "f", "disable_parallel_tool_use": True}, service_tier="standard_only",
            top_p=0.9, stop_sequences=["X"], output_config={"format": {"type": "json_schema", "schema": {"type": "object"}}},
        )
    )  # fmt: skip
    function, hosted = heard.tools
    assert heard.messages[0] == Message("system", (Text("s", cache=Cache("1h")),)) and heard.cache == Cache("5m")
    assert (function.name, function.strict, function.cache) == ("f", True, Cache("1h"))
    assert (hosted.kind, hosted.name, json.loads(bytes(hosted.raw))["max_uses"]) == ("hosted", "web_search", 3)
    assert heard.tool_choice == ToolChoice("required", ("f",)) and heard.parallel_tool_calls is False
    assert heard.service_tier == "default" and heard.sampling.stop == ("X",)
    assert bytes(heard.output.schema) == b'{"type": "object"}'
