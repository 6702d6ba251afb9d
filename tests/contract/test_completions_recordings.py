"""Every recorded answer, replayed as the upstream of a client of legacy completions: its text, thoughts and usage arrive whole."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openai.types import Completion
from recordings import ROOT, WHY_SKIPPED
from traffic import Heard, everything

from entrepot.dialects.dialect import Hearing
from entrepot.dialects.gather import Gathered, gather
from entrepot.dialects.openai_completions.parse import parse
from entrepot.dialects.translated import dialect, plain_answer, streamed_answer
from entrepot.dialects.voice import Voice
from entrepot.values.conversation import Reasoning, Refusal, Text
from entrepot.values.event import Failed
from entrepot.values.usage import Usage

pytestmark = pytest.mark.skipif(not ROOT.exists(), reason=WHY_SKIPPED)
VOICE = Voice("gen-1", "a/b", "P", 1, lambda text: None)
STEP = 97


def hearing(heard: Heard) -> Hearing:
    return Hearing(family=heard.family or dialect(heard.dialect).family)


def told_by(heard: Heard) -> Gathered | None:
    """None for an answer that is an error."""
    speaks = dialect(heard.dialect)
    assert speaks.read is not None and speaks.reader is not None
    if not heard.streamed:
        events = speaks.read(heard.body, hearing(heard))
    else:
        reader = speaks.reader(hearing(heard))
        events = reader.feed(heard.body) + reader.close()
    return None if any(isinstance(event, Failed) for event in events) else gather(events)


def chunks(heard: Heard) -> Iterator[Any]:
    """What the client gets, as JSON: one for a whole answer."""
    request = parse(json.dumps({"model": "a/b", "prompt": "x", "stream": heard.streamed}).encode())
    if not heard.streamed:
        plain = plain_answer(heard.body, VOICE, request, heard.dialect, hearing(heard))
        yield json.loads(plain.render_with(plain.usage or Usage(), 1, 2))
        return
    stream = streamed_answer(VOICE, request, heard.dialect, hearing(heard))
    pieces = [heard.body[start : start + STEP] for start in range(0, len(heard.body), STEP)]
    out = b"".join([stream.feed(piece) for piece in pieces]) + stream.close()
    out += stream.end_with(stream.usage or Usage(), 1, 2)
    for line in out.decode().split("\n\n")[:-2]:
        yield json.loads(line.removeprefix("data: "))


@pytest.mark.parametrize("heard", everything(), ids=lambda heard: heard.name)
def test_every_recording_reaches_a_client_of_completions_whole(heard: Heard) -> None:
    told = told_by(heard)
    if told is None:
        pytest.skip("the recording is of a failure")
    came = list(chunks(heard))
    if not heard.streamed:
        Completion.model_validate(came[0])
    choices = [choice for chunk in came for choice in chunk["choices"]]
    parts = told.choices[0].parts if told.choices else ()
    first = [choice for choice in choices if choice["index"] == 0]
    assert "".join(choice["text"] for choice in first) == "".join(part.text for part in parts if isinstance(part, Text | Refusal))
    thoughts = "".join(text for part in parts if isinstance(part, Reasoning) for text in (part.text or "", *part.summary))
    assert "".join(choice.get("reasoning") or "" for choice in first).replace("\n", "") == thoughts.replace("\n", "")
    usage = told.seen.usage if told.seen else Usage()
    assert came[-1]["usage"]["prompt_tokens"] == usage.prompt_tokens
    assert came[-1]["usage"]["completion_tokens"] == usage.completion_tokens
    assert {choice["finish_reason"] for choice in first} <= {None, "stop", "length", "content_filter", "error"}
