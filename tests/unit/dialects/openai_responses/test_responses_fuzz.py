"""Whatever comes: a request or its refusal from a client, events or a named failure from a provider."""

import json
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entrepot.dialects.dialect import Hearing, Wishes
from entrepot.dialects.openai_responses.converse import converse
from entrepot.dialects.openai_responses.parse import parse
from entrepot.dialects.openai_responses.read import ResponsesReader, read
from entrepot.dialects.openai_responses.render import render
from entrepot.dialects.openai_responses.respeak import respeak
from entrepot.dialects.voice import Malformed
from entrepot.errors import BrokenStream, InvalidRequest
from entrepot.values.event import Event

KINDS = [
    "message", "reasoning", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output", "item_reference",
    "web_search_call", "local_shell_call_output", "tomorrow", None,
]  # fmt: skip
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-5, 99)
    | st.text(max_size=5)
    | st.sampled_from(["call_1", "gAAA", "entrepot|a|b", "{}"])
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)
contents = st.lists(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["input_text", "output_text", "input_image", "input_file", "refusal", "summary_text", "x"])},
        optional={
            "text": scalars,
            "image_url": scalars,
            "file_data": scalars,
            "annotations": anything,
            "cache_control": anything,
        },
    ),
    max_size=3,
)
items = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(KINDS),
        "role": st.sampled_from(["user", "assistant", "system", "developer", None]),
        "content": contents | scalars,
        "summary": contents | anything,
        "id": scalars,
        "call_id": st.sampled_from(["call_1", "call_2", None]),
        "name": scalars,
        "arguments": scalars,
        "output": contents | scalars,
        "encrypted_content": scalars,
    },
)
bodies = st.fixed_dictionaries(
    {"input": st.lists(items, max_size=6) | scalars},
    optional={
        "instructions": scalars,
        "tools": st.lists(
            st.fixed_dictionaries(
                {"type": st.sampled_from(["function", "custom", "namespace", "mcp"])},
                optional={"name": scalars, "tools": anything, "format": anything},
            ),
            max_size=3,
        ),
        "tool_choice": anything,
        "text": anything,
        "reasoning": anything,
        "include": anything,
        "metadata": anything,
        "previous_response_id": scalars,
        "tomorrow": anything,
    },
)
NAMES = [
    "response.created", "response.output_item.added", "response.output_item.done", "response.content_part.added",
    "response.output_text.delta", "response.output_text.done", "response.output_text.annotation.added", "response.refusal.delta",
    "response.function_call_arguments.delta", "response.function_call_arguments.done", "response.reasoning_summary_text.delta",
    "response.reasoning_summary_text.done", "response.reasoning_text.delta", "response.completed", "response.failed", "error", "x", "",
]  # fmt: skip
told = st.fixed_dictionaries(
    {"type": st.sampled_from(NAMES)},
    optional={
        "delta": scalars,
        "text": scalars,
        "item": items | anything,
        "part": anything,
        "output_index": st.integers(0, 2),
        "content_index": st.integers(0, 1),
        "response": st.fixed_dictionaries(
            {}, optional={"output": st.lists(items, max_size=2), "usage": anything, "status": scalars}
        ),
        "error": anything,
        "annotation": anything,
        "logprobs": anything,
    },
)
quick = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@quick
@given(bodies | anything)
def test_any_body_is_a_request_or_a_refusal(body: Any) -> None:
    try:
        request = parse(json.dumps(body).encode())
        respeak(request, Wishes("up"))
        conversation = converse(request)
        render(conversation, Wishes("up"))
        render(msgspec.structs.replace(conversation, dialect="x", extra={}), Wishes("up"))
    except InvalidRequest as refused:
        assert refused.message


@quick
@given(st.lists(told, max_size=8), st.binary(max_size=20), st.integers(1, 40))
def test_any_stream_is_events_or_a_named_failure(events: list[Any], noise: bytes, size: int) -> None:
    data = b"".join([b"data: " + json.dumps(event).encode() + b"\n\n" for event in events]) + noise
    reader = ResponsesReader(Hearing(max_event_bytes=500))
    heard: list[Event] = []
    try:
        for at in range(0, len(data), size):
            heard += reader.feed(data[at : at + size])
        heard += reader.close()
    except (Malformed, BrokenStream):
        pass
    assert all(isinstance(event, Event) for event in heard)


@quick
@given(
    st.binary(max_size=60)
    | st.builds(
        lambda told: json.dumps(told).encode(),
        anything | st.fixed_dictionaries({"output": st.lists(items), "status": scalars, "usage": anything}),
    )
)
def test_any_whole_answer_is_events_or_malformed(body: bytes) -> None:
    try:
        assert all(isinstance(event, Event) for event in read(body, Hearing()))
    except Malformed:
        pass
