"""Between two who speak Messages: bytes stay bytes, but for what the plan, the endpoint or another maker's state makes different."""

import json
from typing import Any

import msgspec
import pytest
from messages_answers import ASK, CALLS, FOREIGN, NATIVE, VOICE, answer, asked, by_sdk, plain, sent_back, streamed

from entrepot.dialects.anthropic_messages.converse import converse
from entrepot.dialects.anthropic_messages.dialect import dialect
from entrepot.dialects.anthropic_messages.parse import parse
from entrepot.dialects.anthropic_messages.respeak import again, respeak
from entrepot.dialects.anthropic_messages.splice import SplicedPlain, SplicedStream
from entrepot.dialects.dialect import Hearing, Wishes
from entrepot.dialects.voice import ErrorEvent
from entrepot.values.conversation import Message, OutputFormat, Text
from entrepot.values.model import Reasoning as Facts
from entrepot.values.request import Asked
from entrepot.values.usage import Usage

NEW = Facts(("max", "xhigh", "high", "medium", "low"))
BUDGET = {"thinking": {"type": "enabled", "budget_tokens": 5000}}
TOOL = {"name": "f", "input_schema": {"type": "object"}}


def sent(request: Asked, **wishes: Any) -> dict[str, Any]:
    wanted: dict[str, Any] = {"effort": request.effort, "max_tokens": request.max_tokens}
    body: dict[str, Any] = json.loads(respeak(request, Wishes("claude", **(wanted | wishes))).body)
    return body


def test_only_the_model_changes_and_what_is_for_us_goes_no_further():
    body = b'{"model": "m", "max_tokens": 9, "new": {"a":  1.0}, "provider": {"order": ["x"]}, "messages": [ {"role":"user","content":"\\u00e9"} ]}'
    rendered = respeak(parse(body), Wishes("claude", max_tokens=9))
    assert (
        rendered.body == b'{"model":"claude","max_tokens":9,"new":{"a":  1.0},"messages":[ {"role":"user","content":"\\u00e9"} ]}'
    )
    assert rendered.notes == () and rendered.headers == {}


def test_the_length_is_that_of_the_plan_or_the_longest_of_the_endpoint():
    short = parse(json.dumps({name: value for name, value in ASK.items() if name != "max_tokens"}).encode())
    assert sent(asked(), max_tokens=5)["max_tokens"] == 5
    assert sent(short, longest_answer=64_000)["max_tokens"] == 64_000


def test_the_users_name_leaves_as_a_digest_and_other_metadata_as_it_came():
    told = sent(asked(metadata={"user_id": "alice", "x": 1}), user_salt=b"s")["metadata"]
    assert len(told["user_id"]) == 32 and told["x"] == 1


def test_what_the_plan_drops_is_dropped_and_the_rest_stays_to_the_byte():
    request = asked(temperature=0.5, top_k=3, stop_sequences=["X"], tools=[TOOL], tool_choice={"type": "any"}, new=[1],
                    output_config={"effort": "high", "format": {"type": "json_schema", "schema": {}}, "task_budget": 1})  # fmt: skip
    told = sent(request, dropped=("temperature", "stop", "tools", "response_format"))
    assert told == {"model": "claude", "max_tokens": 9, "top_k": 3, "new": [1], "messages": told["messages"],
                    "output_config": {"effort": "high", "task_budget": 1}}  # fmt: skip


def test_another_effort_is_said_and_a_budget_that_is_refused_becomes_adaptive():
    assert sent(asked(output_config={"effort": "max"}), effort="high", reasoning=NEW)["output_config"] == {"effort": "high"}
    told = sent(asked(max_tokens=9000, **BUDGET), reasoning=NEW)
    assert told["thinking"] == {"type": "adaptive", "display": "summarized"} and told["output_config"] == {"effort": "low"}
    assert sent(asked(max_tokens=9000, **BUDGET), reasoning=Facts())["thinking"] == BUDGET["thinking"]
    assert "thinking" not in sent(asked(**BUDGET), effort=None)


def test_a_schema_is_left_out_where_the_model_keeps_to_none():
    request = asked(output_config={"effort": "low", "format": {"type": "json_schema", "schema": {}}})
    rendered = respeak(request, Wishes("claude", max_tokens=9, effort="low", schemas=False))
    assert json.loads(rendered.body)["output_config"] == {"effort": "low"} and len(rendered.notes) == 1


def test_state_of_other_makers_stays_behind_and_claudes_goes_on_to_the_byte():
    request = sent_back(by_sdk(plain(answer((*FOREIGN, *NATIVE), CALLS))), ["call_1", "toolu_01", "toolu_02"])
    rendered = respeak(request, Wishes("claude", max_tokens=9))
    content = json.loads(rendered.body)["messages"][1]["content"]
    held = [block for block in content if block["type"] in ("thinking", "redacted_thinking")]
    assert [block.get("signature") or block.get("data") for block in held] == ["c2lnbmF0dXJlMQ==", "aGlkZGVu", "bm8gdGV4dA=="]
    assert len(rendered.notes) == 3 and b"entrepot." not in rendered.body
    streaming = sent_back(by_sdk(streamed(answer((*FOREIGN, *NATIVE), CALLS))), ["call_1", "toolu_01", "toolu_02"])
    assert b"entrepot." not in respeak(streaming, Wishes("claude", max_tokens=9)).body


def test_an_endpoint_of_another_family_gets_its_own_state_and_no_one_elses():
    body = {
        "content": [{"type": "thinking", "thinking": "t", "signature": "own"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 1},
    }
    told = SplicedPlain(json.dumps(body).encode(), VOICE, asked(), Hearing(family="kimi-v1")).render_with(Usage(1), 0, 0)
    message = json.loads(told)
    message["content"] += [{"type": "thinking", "thinking": "c", "signature": "c2ln"}, {"type": "text", "text": "x"}]
    request = sent_back(message)
    assert [block.get("signature") for block in sent(request, family="kimi-v1")["messages"][1]["content"]] == ["own", None]
    assert [block.get("signature") for block in sent(request)["messages"][1]["content"]] == ["c2ln", None]


def test_a_stream_of_another_family_is_marked_as_its_own():
    stream = SplicedStream(VOICE, asked(), Hearing(family="kimi-v1"))
    out = stream.feed(b'data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"own"}}\n\n')
    assert b'"signature":"entrepot.' in out and out.endswith(b'.own"}}\n\n')


@pytest.mark.parametrize(
    ("more", "beta"),
    [
        ({"context_management": {"edits": []}}, "context-management-2025-06-27"),
        ({"context_management": {"edits": [{"type": "compact_20260112"}]}}, "compact-2026-01-12,context-management-2025-06-27"),
        ({"mcp_servers": [{"type": "url"}]}, "mcp-client-2025-11-20"),
        ({"fallbacks": "default"}, "server-side-fallback-2026-07-01"),
        ({"speed": "fast"}, "fast-mode-2026-02-01"),
        ({"output_format": {"type": "json_schema", "schema": {}}}, "structured-outputs-2025-11-13"),
        ({"container": {"skills": []}}, "skills-2025-10-02"),
        ({"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "file", "file_id": "f"}}]}]}, "files-api-2025-04-14"),
    ],
)  # fmt: skip
def test_features_that_need_a_header_have_it(more, beta):
    assert respeak(asked(**more), Wishes("claude")).headers == {"anthropic-beta": beta}


def test_what_the_client_said_in_its_header_goes_on_beside_ours():
    request = asked(speed="fast")
    request.passed = {"anthropic-beta": "effort-2025-11-24, fast-mode-2026-02-01,\r\nx: y"}
    told = respeak(request, Wishes("claude")).headers["anthropic-beta"]
    assert told == "effort-2025-11-24,fast-mode-2026-02-01"


def test_what_was_changed_on_the_way_is_said_anew_and_the_rest_as_it_came():
    request = asked(system="s", new=1, tools=[TOOL], temperature=1)
    conversation = converse(request)
    longer = (*conversation.messages, Message("user", (Text("more"),)))
    told = json.loads(again(msgspec.structs.replace(conversation, messages=longer, output=OutputFormat()), Wishes("claude")).body)
    assert told["messages"] == [{"role": "user", "content": [{"type": "text", "text": "hi"}, {"type": "text", "text": "more"}]}]
    assert (told["new"], told["tools"], told["temperature"], told["system"]) == (1, [TOOL], 1, [{"type": "text", "text": "s"}])


def test_unknown_events_pass_and_a_failure_comes_after_what_was_said():
    stream = SplicedStream(VOICE, asked(), Hearing())
    assert stream.feed(b'event: news\ndata: {"type":"news","a":1}\n\n') == b'event: news\ndata: {"type":"news","a":1}\n\n'
    with pytest.raises(ErrorEvent) as raised:
        stream.feed(b'data: {"type":"ping"}\n\ndata: {"type":"error","error":{"type":"overloaded_error"}}\n\n')
    assert raised.value.before == b'event: ping\ndata: {"type":"ping"}\n\n' and b"overloaded_error" in raised.value.payload


def test_half_a_surrogate_pair_passes_as_it_came():
    stream = SplicedStream(VOICE, asked(), Hearing())
    half = b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\\ud83d"}}'
    assert half in stream.feed(b"data: " + half + b"\n\n")


def test_usage_that_nobody_told_is_ours():
    body = b'{"id":"x","content":[{"type":"text","text":"a","citations":null}],"stop_reason":"end_turn"}'
    told = SplicedPlain(body, VOICE, asked(), Hearing())
    message = json.loads(told.render_with(Usage(7, 3), 1, 2))
    assert told.usage is None and (message["usage"]["input_tokens"], message["usage"]["output_tokens"]) == (7, 3)
    assert message["content"] == [{"type": "text", "text": "a", "citations": []}]


def test_the_dialect_offers_both_ways():
    assert dialect.respeak is respeak and dialect.plain is SplicedPlain and dialect.streamed is SplicedStream
