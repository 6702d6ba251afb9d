"""Every recorded answer, replayed as the upstream of each client dialect, whole and in random pieces: nothing lost, nothing doubled.

The vendors' own SDKs read what we write, and it fits their published documents, each event of a stream too; `-s` prints the table of recordings passed by provider's and client's dialect.
"""

import collections
import itertools
import json
import random
from collections.abc import Iterable, Iterator

import pytest
from recordings import ROOT, WHY_SKIPPED
from schemas import THERE, faults_of_answer
from traffic import Heard, Seen, asked, everything, next_turn, read_by_sdk

from entrepot.dialects.dialect import Hearing, Plain, Streamed
from entrepot.dialects.gather import Gathered, gather
from entrepot.dialects.translated import conversation_of, dialect, plain_answer, streamed_answer
from entrepot.dialects.voice import ErrorEvent, Voice
from entrepot.values.conversation import Opaque, Part, Reasoning, Text, ToolCall
from entrepot.values.event import Event, Failed
from entrepot.values.usage import Usage

pytestmark = pytest.mark.skipif(not ROOT.exists(), reason=WHY_SKIPPED)
CLIENTS = ("openai_chat", "openai_responses", "anthropic_messages", "gemini")
PROVIDERS = ("openai_chat", "openai_responses", "anthropic_messages", "gemini", "cohere", "ollama", "bedrock_converse")
SEED = random.randrange(1 << 30)
passed: collections.Counter[tuple[str, str]] = collections.Counter()


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    yield
    totals = collections.Counter(heard.dialect for heard in everything())
    print(f"\nrecordings passed / total, plain and streamed (seed {SEED})")
    print(f"{'provider':>20}" + "".join(f"{client:>20}" for client in CLIENTS))
    for provider in PROVIDERS:
        cells = [f"{passed[provider, client]} / {totals[provider]}" for client in CLIENTS]
        print(f"{provider:>20}" + "".join(f"{cell:>20}" for cell in cells))


def voice() -> Voice:
    return Voice("gen-1", "a/b", "P", 1, lambda text: None)


def hearing(heard: Heard) -> Hearing:
    return Hearing(family=heard.family or dialect(heard.dialect).family)


def events_of(heard: Heard) -> list[Event]:
    speaks = dialect(heard.dialect)
    assert speaks.read is not None and speaks.reader is not None
    if not heard.streamed:
        return speaks.read(heard.body, hearing(heard))
    reader = speaks.reader(hearing(heard))
    return reader.feed(heard.body) + reader.close()


def pieces(body: bytes, name: str) -> list[bytes]:
    dice = random.Random(f"{SEED}{name}")
    places = sorted({dice.randrange(len(body)) for _ in range(dice.randrange(1, 50))} | {0, len(body)})
    return [body[start:end] for start, end in itertools.pairwise(places)]


def answered(heard: Heard, client: str) -> tuple[bytes, Plain | Streamed]:
    """What the client gets: translated also where bytes could stay bytes."""
    parse = dialect(client).parse
    assert parse is not None
    request = parse(asked(client, heard.streamed))
    request.rewritten = True
    if not heard.streamed:
        plain = plain_answer(heard.body, voice(), request, heard.dialect, hearing(heard))
        return plain.render_with(plain.usage or Usage(), 1, 2), plain
    stream = streamed_answer(voice(), request, heard.dialect, hearing(heard))
    out = b"".join([stream.feed(piece) for piece in pieces(heard.body, heard.name)]) + stream.close()
    assert stream.complete
    return out + stream.end_with(stream.usage or Usage(), 1, 2), stream


def said(told: Gathered) -> Seen:
    parts = told.choices[0].parts if told.choices else ()
    calls = [part for part in parts if isinstance(part, ToolCall)]
    return Seen(
        "".join([part.text for part in parts if isinstance(part, Text)]),
        [(call.name, {"input": call.arguments} if call.custom else json.loads(call.arguments or "{}")) for call in calls],
        (told.seen.usage.prompt_tokens, told.seen.usage.completion_tokens) if told.seen else (0, 0),
    )


def states(told: Gathered) -> list[Opaque]:
    return states_of(told.choices[0].parts if told.choices else ())


def states_of(parts: Iterable[Part]) -> list[Opaque]:
    return [part.state for part in parts if isinstance(part, Text | ToolCall | Reasoning) and part.state is not None]


def states_sent_back(client: str, body: bytes, streamed: bool) -> list[Opaque]:
    """The opaque state that the conversation has again when the client sends back what it was given."""
    parse = dialect(client).parse
    assert parse is not None
    turn = conversation_of(parse(next_turn(client, body, streamed)))
    return states_of([part for message in turn.messages for part in message.parts])


def read_back(client: str, body: bytes, streamed: bool) -> Gathered:
    return gather(events_of(Heard("ours", client, streamed, body, "")))


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("heard", everything(), ids=lambda heard: heard.name)
def test_every_recording_reaches_every_client_whole(heard: Heard, client: str) -> None:
    events = events_of(heard)
    if any(isinstance(event, Failed) for event in events):
        with pytest.raises(ErrorEvent):
            answered(heard, client)
    else:
        told = gather(events)
        body, answer = answered(heard, client)
        assert answer.usage == (told.seen.usage if told.seen else None)
        assert read_by_sdk(client, body, heard.streamed) == said(told)
        assert said(read_back(client, body, heard.streamed)) == said(told)
        assert states_sent_back(client, body, heard.streamed) == states(told)
        # What a provider itself says otherwise than it published is the provider's.
        if THERE and not (heard.dialect == client and faults_of_answer(client, heard.body, heard.streamed)):
            assert faults_of_answer(client, body, heard.streamed) == []
    passed[heard.dialect, client] += 1
