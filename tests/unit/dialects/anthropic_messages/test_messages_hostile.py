"""Whatever comes, from clients or from providers, is understood or refused: nothing breaks."""

import contextlib
import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messages_answers import CALLS, NATIVE, USAGE, VOICE, answer, asked, plain, streamed

from entrepot.dialects.anthropic_messages.converse import converse
from entrepot.dialects.anthropic_messages.dialect import dialect
from entrepot.dialects.anthropic_messages.failure import envelope
from entrepot.dialects.anthropic_messages.parse import parse, parse_count
from entrepot.dialects.anthropic_messages.read import Reader, read
from entrepot.dialects.anthropic_messages.respeak import respeak
from entrepot.dialects.anthropic_messages.splice import SplicedPlain, SplicedStream
from entrepot.dialects.dialect import Hearing, Wishes
from entrepot.dialects.voice import ErrorEvent, Malformed
from entrepot.errors import BrokenStream, InvalidRequest
from entrepot.values.event import Event, PartBegan, PartEnded

TYPES = st.sampled_from(
    ["text", "image", "document", "tool_use", "tool_result", "thinking", "redacted_thinking", "server_tool_use", "search_result",
     "web_search_tool_result", "nonsense", "base64", "url", "content", "auto", "tool", "enabled", "adaptive", "ephemeral"]
)  # fmt: skip
NAMES = st.sampled_from(
    ["type", "text", "source", "id", "name", "input", "tool_use_id", "content", "thinking", "signature", "data", "cache_control",
     "citations", "title", "role", "is_error", "url", "media_type", "index", "delta", "content_block", "message", "usage", "error"]
)  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | TYPES
JSON: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=4), inner, max_size=6),
    max_leaves=8,
)
BLOCKS = st.fixed_dictionaries({"type": TYPES}, optional=dict.fromkeys(("source", "content", "input", "citations"), JSON)).map(
    lambda block: (
        {"text": "t", "id": "a", "name": "f", "tool_use_id": "a", "thinking": "t", "signature": "c2ln", "data": "ZGF0"} | block
    )
)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant", "system"]), "content": st.text(max_size=9) | st.lists(BLOCKS, max_size=4)}
    ),
    min_size=1,
    max_size=5,
)
MORE = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("system", "tools", "tool_choice", "thinking", "output_config", "metadata", "container"), JSON)
)


@given(JSON | st.dictionaries(st.sampled_from(["messages", "model", "tools", "system", "thinking"]), JSON))
def test_any_json_is_a_request_or_is_refused(value):
    for parser in (parse, parse_count):
        try:
            parser(json.dumps(value).encode())
        except InvalidRequest as error:
            assert error.message


@settings(max_examples=50)
@given(MESSAGES, MORE)
def test_what_is_taken_for_a_request_can_be_said_again(messages, more):
    body = json.dumps({"model": "m", "max_tokens": 2048, "messages": messages} | more).encode()
    try:
        request = parse(body)
        conversation = converse(request)
        assert dialect.render is not None
        anew = msgspec.structs.replace(conversation, source={})
        told = [
            respeak(request, Wishes("m", family="other-v1")),
            *[dialect.render(one, Wishes("m")) for one in (conversation, anew)],
        ]
        assert all(json.loads(rendered.body)["model"] == "m" for rendered in told)
    except InvalidRequest as error:
        assert error.field is not None or "body" in error.message


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_are_refused(body):
    with pytest.raises(InvalidRequest):
        parse(body)


def in_order(events: Sequence[Event]) -> bool:
    """Every part begins once, with a number greater than the last, and grows only while it is open."""
    last, open_now = -1, set[int]()
    for event in events:
        index = getattr(event, "index", None)
        if isinstance(event, PartBegan):
            assert event.index > last
            last = event.index
            open_now.add(last)
        elif isinstance(event, PartEnded):
            open_now.remove(event.index)
        elif index is not None:
            assert index in open_now
    return True


@settings(max_examples=50)
@given(JSON | st.dictionaries(NAMES, JSON).map(lambda told: {"content": []} | told), st.binary(max_size=80))
def test_any_answer_is_read_or_is_malformed(value, rubbish):
    for body in (json.dumps(value).encode(), rubbish):
        with contextlib.suppress(Malformed):
            assert in_order(read(body, Hearing()))
        with contextlib.suppress(Malformed, ErrorEvent):
            assert json.loads(SplicedPlain(body, VOICE, asked(), Hearing()).render_with(USAGE, 1, 2))


EVENT_TYPES = [
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "ping",
    "error",
]
EVENTS = st.fixed_dictionaries(
    {"type": st.sampled_from([*EVENT_TYPES, "message_stop", "new"]), "index": st.integers(0, 2)},
    optional={
        "content_block": st.fixed_dictionaries({"type": TYPES}, optional={"input": JSON, "text": st.text(max_size=3)}),
        "delta": st.fixed_dictionaries(
            {"type": st.sampled_from(["text_delta", "input_json_delta", "signature_delta", "citations_delta", "new_delta"])},
            optional={"text": st.text(max_size=4), "partial_json": st.text(max_size=4), "citation": JSON, "stop_reason": TYPES},
        ),
        "message": st.fixed_dictionaries({}, optional={"id": st.text(max_size=3), "usage": JSON}),
        "usage": JSON,
    },
)


@settings(max_examples=50)
@given(st.lists(EVENTS, max_size=8), st.binary(max_size=40), st.integers(1, 50))
def test_any_stream_is_read_or_is_malformed(events, rubbish, size):
    body = b"".join([b"data: " + json.dumps(event).encode() + b"\n\n" for event in events]) + rubbish
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    reader, spliced = Reader(Hearing(max_event_bytes=2_000)), SplicedStream(VOICE, asked(), Hearing(max_event_bytes=2_000))
    told: list[Event] = []
    with contextlib.suppress(Malformed, BrokenStream):
        for chunk in chunks:
            told += reader.feed(chunk)
        told += reader.close()
    assert in_order(told)
    with contextlib.suppress(Malformed, BrokenStream, ErrorEvent):
        assert all(spliced.feed(chunk).endswith((b"", b"\n\n")) for chunk in chunks)


@given(st.integers(0, 3_000), st.binary(max_size=5))
def test_a_stream_with_a_wound_is_read_or_is_malformed(place, wound):
    body = streamed(answer(NATIVE, CALLS), step=100)
    with contextlib.suppress(Malformed, BrokenStream):
        assert in_order(Reader(Hearing()).feed(body[:place] + wound + body[place + len(wound) :]))


def test_an_event_past_the_limit_breaks_the_stream():
    reader = Reader(Hearing(max_event_bytes=100))
    with pytest.raises(BrokenStream):
        reader.feed(b"data: " + b"x" * 200)


def test_a_body_nested_too_deeply_is_refused():
    deep = b'{"model":"m","messages":[{"role":"user","content":' + b"[" * 5_000 + b"]" * 5_000 + b"}]}"
    with pytest.raises(InvalidRequest):
        parse(deep)
    with pytest.raises(Malformed):
        read(b'{"content":[' + b"[" * 5_000 + b"]" * 5_000 + b"]}", Hearing())


def test_plain_and_streamed_bodies_are_ascii_safe_json():
    assert json.loads(plain(answer(NATIVE, CALLS)))["content"]


def test_a_thread_is_refused_with_the_code_at_which_anthropics_tool_runners_send_all_turns():
    body = {"model": "a/b", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}], "thread": {"type": "create"}}
    with pytest.raises(InvalidRequest, match="thread") as caught:
        parse(json.dumps(body).encode())
    assert json.loads(envelope(caught.value))["error"]["details"]["error_code"] == "thread_unsupported_request"
