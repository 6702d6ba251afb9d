"""Events become a `text_completion`, the same whole and in pieces."""

import json
from typing import Any

import pytest
from msgspec import Raw

from entrepot.dialects.openai_completions.parse import Completion, parse
from entrepot.dialects.openai_completions.write import CompletionStreamWriter, write
from entrepot.dialects.voice import Voice
from entrepot.errors import BrokenStream
from entrepot.values.event import (
    Began,
    Event,
    Finished,
    LogprobsDelta,
    PartBegan,
    PartEnded,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
)
from entrepot.values.usage import Usage

VOICE = Voice("gen-1", "openai/gpt-5.1", "OpenAI", 1, lambda text: None)
LIKELY = [{"token": " a", "logprob": -0.5, "bytes": None, "top_logprobs": [{"token": " a", "logprob": -0.5}]}]
THOUGHT: list[Event] = [PartBegan(0, "reasoning"), ReasoningDelta(0, "Hm."), PartEnded(0)]
SAID: list[Event] = [PartBegan(1, "text"), TextDelta(1, " a"), TextDelta(1, " time"), PartEnded(1)]
OVER: list[Event] = [Finished("length", "max_tokens")]


def asked(**more: Any) -> Completion:
    return parse(json.dumps({"model": "x/y", "prompt": "Once upon"} | more).encode())


def whole(events: list[Event], **more: Any) -> Any:
    return json.loads(write([Began(fingerprint="fp"), *events], VOICE, asked(**more), Usage(3, 2), 5, 6))


def pieces(events: list[Event], **more: Any) -> list[Any]:
    writer = CompletionStreamWriter(VOICE, asked(**more))
    out = writer.feed([Began(fingerprint="fp"), *events]) + writer.end(Usage(3, 2), 5, 6)
    lines = out.decode().split("\n\n")
    assert lines[-2:] == ["data: [DONE]", ""]
    return [json.loads(line.removeprefix("data: ")) for line in lines[:-2]]


def joined(chunks: list[Any], choice: int = 0) -> str:
    return "".join(one["text"] for chunk in chunks for one in chunk["choices"] if one["index"] == choice)


@pytest.mark.parametrize(("more", "text"), [({}, " a time"), ({"echo": True}, "Once upon a time")])
def test_text_is_the_same_whole_and_in_pieces_and_begins_with_the_prompt_when_that_is_wished(
    more: dict[str, Any], text: str
) -> None:
    told, chunks = whole(SAID + OVER, **more), pieces(SAID + OVER, **more)
    assert (told["object"], told["choices"][0]["text"], told["choices"][0]["finish_reason"]) == (
        "text_completion",
        text,
        "length",
    )
    assert joined(chunks) == text
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks[:-1]][-1] == "length"
    assert (chunks[-1]["choices"], chunks[-1]["usage"]) == ([], told["usage"])
    assert told["usage"]["cost"] == 0.000000011


def test_each_choice_echoes_once() -> None:
    events: list[Event] = []
    for choice in (0, 1):
        events += [PartBegan(0, "text", choice), TextDelta(0, f" {choice}", choice), Finished("stop", choice=choice)]
    assert [joined(pieces(events, echo=True, n=2), choice) for choice in (0, 1)] == ["Once upon 0", "Once upon 1"]
    assert [choice["text"] for choice in whole(events, echo=True, n=2)["choices"]] == ["Once upon 0", "Once upon 1"]


def test_an_empty_answer_still_echoes() -> None:
    assert (
        joined(pieces([Finished("stop")], echo=True)) == "Once upon" == whole([Finished("stop")], echo=True)["choices"][0]["text"]
    )


def test_thoughts_stand_beside_the_text() -> None:
    told, chunks = whole(THOUGHT + SAID + OVER), pieces(THOUGHT + SAID + OVER)
    assert told["choices"][0]["reasoning"] == "Hm."
    assert "".join(one.get("reasoning", "") for chunk in chunks for one in chunk["choices"]) == "Hm."
    assert joined(chunks) == " a time"
    assert "reasoning" not in whole(SAID + OVER)["choices"][0]


def test_words_of_a_refusal_are_text() -> None:
    events: list[Event] = [PartBegan(0, "refusal"), RefusalDelta(0, "No."), PartEnded(0), Finished("stop")]
    assert whole(events)["choices"][0]["text"] == joined(pieces(events)) == "No."


def test_probabilities_come_in_four_lists_and_with_their_piece() -> None:
    tokens = Raw(json.dumps(LIKELY).encode())
    events: list[Event] = [PartBegan(0, "text"), TextDelta(0, " a"), LogprobsDelta(0, tokens), TextDelta(0, " a")]
    events += [LogprobsDelta(0, tokens), Finished("stop")]
    one = {"tokens": [" a"], "token_logprobs": [-0.5], "top_logprobs": [{" a": -0.5}]}
    told = whole(events, logprobs=1)["choices"][0]["logprobs"]
    assert told == {name: values * 2 for name, values in one.items()} | {"text_offset": [0, 2]}
    spoken = [chunk["choices"][0] for chunk in pieces(events, logprobs=1)[:-2]]
    assert [choice["logprobs"] for choice in spoken] == [one | {"text_offset": [0]}, one | {"text_offset": [2]}]
    assert [choice["text"] for choice in spoken] == [" a", " a"]


def test_a_failure_in_mid_stream_is_told_in_the_stream() -> None:
    line = CompletionStreamWriter(VOICE, asked()).error(BrokenStream("It broke."))
    told = json.loads(line.decode().removeprefix("data: "))
    assert (told["object"], told["error"]["message"], told["choices"][0]["finish_reason"]) == (
        "text_completion",
        "It broke.",
        "error",
    )
