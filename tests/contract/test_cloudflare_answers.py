"""Every recorded answer reaches a client of Cloudflare's `ai/run` whole: nothing lost, nothing doubled, state sent back to the byte."""

import itertools
import json
import random
from typing import Any

import pytest
from recordings import ROOT, WHY_SKIPPED
from traffic import Heard, everything

from entrepot.dialects.cloudflare_run.parse import parse
from entrepot.dialects.dialect import Hearing
from entrepot.dialects.gather import Answered, gather
from entrepot.dialects.translated import conversation_of, dialect, plain_answer, streamed_answer
from entrepot.dialects.voice import ErrorEvent, Voice
from entrepot.values.conversation import Opaque, Reasoning, Text, ToolCall
from entrepot.values.event import Event, Failed
from entrepot.values.usage import Usage

pytestmark = pytest.mark.skipif(not ROOT.exists(), reason=WHY_SKIPPED)
SEED = random.randrange(1 << 30)
VOICE = Voice("gen-1", "a/b", "P", 1, lambda text: None)


def hearing(heard: Heard) -> Hearing:
    return Hearing(family=heard.family or dialect(heard.dialect).family)


def events_of(heard: Heard) -> list[Event]:
    speaks = dialect(heard.dialect)
    assert speaks.read is not None and speaks.reader is not None
    if not heard.streamed:
        return speaks.read(heard.body, hearing(heard))
    reader = speaks.reader(hearing(heard))
    return reader.feed(heard.body) + reader.close()


def asked(stream: bool, **more: Any) -> Any:
    return parse(json.dumps({"prompt": "Go on.", "stream": stream} | more).encode(), "a/b")


def plain(heard: Heard) -> tuple[dict[str, Any], Usage | None]:
    """The assistant's message with calls as Cloudflare gives them, and the usage."""
    answer = plain_answer(heard.body, VOICE, asked(False), heard.dialect, hearing(heard))
    told = json.loads(answer.render_with(answer.usage or Usage(), 1, 2))
    assert told["success"] and (told["errors"], told["messages"]) == ([], [])
    result = told["result"]
    message = result["choices"][0]["message"] if result["choices"] else {}
    assert (result["response"] or "") == (message.get("content") or "")
    return message | {"tool_calls": result.get("tool_calls", []), "usage": result["usage"]}, answer.usage


def streamed(heard: Heard) -> tuple[dict[str, Any], Usage | None]:
    """The same, put together from a stream that came in random pieces."""
    print(f"{SEED=}")
    dice = random.Random(f"{SEED}{heard.name}")
    places = sorted({dice.randrange(len(heard.body)) for _ in range(dice.randrange(1, 50))} | {0, len(heard.body)})
    stream = streamed_answer(VOICE, asked(True), heard.dialect, hearing(heard))
    out = b"".join([stream.feed(heard.body[start:end]) for start, end in itertools.pairwise(places)]) + stream.close()
    *events, last = (out + stream.end_with(stream.usage or Usage(), 1, 2)).decode().strip().split("\n\n")
    assert stream.complete and last == "data: [DONE]"
    chunks = [json.loads(event.removeprefix("data: ")) for event in events]
    calls = [call for chunk in chunks for call in chunk.get("tool_calls", ())]
    return chunks[-1] | {"content": "".join([chunk["response"] for chunk in chunks]), "tool_calls": calls}, stream.usage


def sent_back(message: dict[str, Any]) -> list[Opaque]:
    """The state that the conversation has again when the client's next turn holds what it was given."""
    told = {name: message[name] for name in ("content", "tool_calls", "reasoning_details") if message.get(name)}
    results = [{"role": "tool", "content": "done"} for _ in message["tool_calls"]]
    turns = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "", **told}, *results]
    turn = conversation_of(parse(json.dumps({"messages": turns}).encode(), "a/b"))
    return states([part for message in turn.messages for part in message.parts])


def states(parts: Any) -> list[Opaque]:
    return [part.state for part in parts if isinstance(part, Text | ToolCall | Reasoning) and part.state is not None]


@pytest.mark.parametrize("heard", everything(), ids=lambda heard: heard.name)
def test_every_recording_reaches_the_client_whole(heard: Heard) -> None:
    events = events_of(heard)
    if any(isinstance(event, Failed) for event in events):
        with pytest.raises(ErrorEvent):
            (streamed if heard.streamed else plain)(heard)
        return
    told = gather(events)
    first = told.choices[0] if told.choices else Answered((), ())
    message, usage = (streamed if heard.streamed else plain)(heard)
    assert (message["content"] or "") == "".join([part.text for part in first.parts if isinstance(part, Text)])
    calls = [part for part in first.parts if isinstance(part, ToolCall)]
    assert [(call["id"], call["name"]) for call in message["tool_calls"]] == [(call.id, call.name) for call in calls]
    for given, call in zip(message["tool_calls"], calls, strict=True):
        assert given["arguments"] == (call.arguments if call.custom else json.loads(call.arguments or "{}"))
    assert usage == (told.seen.usage if told.seen else None)
    assert message["usage"]["prompt_tokens"] == (usage.prompt_tokens if usage else 0)
    assert sent_back(message) == states(first.parts)
