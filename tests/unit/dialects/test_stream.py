"""A provider's stream becomes ours: bytes kept where they can be, everything else brought into the contract's shape."""

import json
from typing import Any

import pytest

from entrepot.dialects.openai_chat.shape import ErrorEvent, Malformed, Voice
from entrepot.dialects.openai_chat.stream import StreamedAnswer, as_stream


class Run:
    """What a stream of chunks gives."""

    def __init__(self, *chunks: Any, shows_reasoning: bool = True, done: bool = True, **options: bool) -> None:
        self.counted: list[str] = []
        voice = Voice("gen-1", "openai/gpt-5.1", "Acme", 7, self.counted.append, shows_reasoning)
        self.stream = StreamedAnswer(voice, max_event_bytes=10_000, **options)
        data = b"".join(
            chunk if isinstance(chunk, bytes) else b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks
        )
        self.bytes = self.stream.feed(data + (b"data: [DONE]\n\n" if done else b"")) + self.stream.close()
        self.events = [json.loads(event[6:]) for event in self.bytes.split(b"\n\n") if event]

    @property
    def deltas(self) -> list[dict[str, Any]]:
        return [event["choices"][0]["delta"] for event in self.events]


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]} | more


def test_names_are_ours_and_the_rest_stays() -> None:
    run = Run(chunk({"content": "Hi"}, safety={"score": 1.50}), chunk({"content": "!"}), chunk({}, "stop"))
    assert {(event["id"], event["model"], event["provider"], event["created"]) for event in run.events} == {
        ("gen-1", "openai/gpt-5.1", "Acme", 7)
    }
    assert b'"safety": {"score": 1.5}' in run.bytes
    assert run.counted == ["Hi", "!"]
    assert (run.stream.finish_reason, run.stream.upstream_id, run.stream.complete) == ("stop", "c-1", True)


@pytest.mark.parametrize("place", ["chunk", "finish", "x_groq"])
def test_usage_is_taken_wherever_it_stands_and_does_not_pass(place: str) -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    last = {"chunk": [chunk({}, "stop"), chunk({}) | {"choices": [], "usage": usage}], "finish": [chunk({}, "stop", usage=usage)]}
    run = Run(chunk({"content": "a"}), *last.get(place, [chunk({}, "stop", x_groq={"usage": usage})]))
    assert run.stream.usage is not None
    assert run.stream.usage.total_tokens == 5
    assert not any(event.get("usage") for event in run.events)


def test_reasoning_under_any_name_becomes_reasoning_with_details() -> None:
    run = Run(
        chunk({"reasoning_content": "hm"}),
        chunk({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "so"}]}]}),
    )
    assert [delta["reasoning"] for delta in run.deltas] == ["hm", "so"]
    assert run.deltas[0]["reasoning_details"] == [{"type": "reasoning.text", "text": "hm", "format": "unknown", "index": 0}]
    assert run.counted == ["hm", "so"]


def test_details_of_the_provider_pass_unchanged_and_can_be_hidden() -> None:
    details = [{"type": "reasoning.encrypted", "data": "b64==", "id": "rs_1", "format": "openai-responses-v1", "index": 0}]
    shown = Run(chunk({"reasoning": "a", "reasoning_details": details}))
    hidden = Run(chunk({"reasoning": "a", "reasoning_details": details}), shows_reasoning=False)
    assert shown.deltas[0]["reasoning_details"] == details
    assert hidden.deltas[0] == {}
    assert hidden.counted == ["a"]


def test_calls_without_index_or_with_object_arguments_are_completed() -> None:
    call = {"id": "x", "function": {"name": "f", "arguments": {"a": 1}}}
    run = Run(chunk({"tool_calls": [call]}, "stop"))
    assert run.deltas[0]["tool_calls"] == [
        {"id": "x", "function": {"name": "f", "arguments": '{"a":1}'}, "index": 0, "type": "function"}
    ]
    assert run.events[0]["choices"][0]["finish_reason"] == "tool_calls"
    assert run.stream.native_finish_reason == "stop"


@pytest.mark.parametrize(
    "event",
    [{"error": {"message": "no", "code": 502}}, {"object": "error", "message": "no"}, {"detail": "no"}],
)
def test_an_error_inside_the_stream_is_raised(event: dict[str, Any]) -> None:
    with pytest.raises(ErrorEvent):
        Run(chunk({"content": "a"}), event)


def test_an_event_that_is_not_json_is_malformed() -> None:
    with pytest.raises(Malformed):
        Run(chunk({"content": "a"}), b"data: {oops\n\n")


def test_half_a_surrogate_pair_passes_as_it_came() -> None:
    run = Run(
        b'data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"\\ud83d"},"finish_reason":null}]}\n\n',
        chunk({}, "stop"),
    )
    assert run.deltas[0]["content"] == "\ud83d"


def test_without_an_end_sign_it_is_not_complete_but_a_finish_reason_is_one() -> None:
    assert not Run(chunk({"content": "a"}), done=False).stream.complete
    assert Run(chunk({"content": "a"}, "stop"), done=False).stream.complete


def test_names_after_the_choices_are_replaced_too() -> None:
    run = Run({"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": None}], "id": "x", "model": "file.gguf"})
    assert run.events[0]["model"] == "openai/gpt-5.1"
    assert run.stream.upstream_id == "x"


def test_a_plain_answer_where_a_stream_was_asked_for_becomes_one() -> None:
    voice = Voice("gen-1", "m", "Acme", 7, lambda text: None)
    plain = {"id": "x", "choices": [{"index": 0, "message": {"role": "assistant", "content": "all"}, "finish_reason": "stop"}]}
    run = Run(as_stream(json.dumps(plain).encode(), voice), done=False)
    assert run.deltas == [{"role": "assistant", "content": "all"}]
    assert run.stream.complete
