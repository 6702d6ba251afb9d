"""Recorded answers of Cohere, Ollama and Bedrock in each client's dialect: heard again there, they say what they said."""

import json
from typing import Any

import pytest
from native import PLACES, ROOT, WHY_SKIPPED, dialect, native_recordings, pieces_of

from entrepot.dialects import all_dialects
from entrepot.dialects.dialect import Dialect, Hearing
from entrepot.dialects.gather import Gathered, gather
from entrepot.dialects.translated import TranslatedPlain, TranslatedStream
from entrepot.dialects.voice import Voice
from entrepot.values.conversation import Part, Reasoning, Text, ToolCall

pytestmark = pytest.mark.skipif(not ROOT.exists(), reason=WHY_SKIPPED)
MESSAGES = b'"messages":[{"role":"user","content":"Hi"}]'
ASKED = {
    "openai_chat": b'{"model":"a/b",%b,"stream":true}' % MESSAGES,
    "openai_responses": b'{"model":"a/b","input":"Hi","stream":true}',
    "anthropic_messages": b'{"model":"a/b","max_tokens":9,%b,"stream":true}' % MESSAGES,
    "gemini": b'{"contents":[{"role":"user","parts":[{"text":"Hi"}]}],"generationConfig":{"thinkingConfig":{"includeThoughts":true}}}',
}
HEARING = Hearing(family="anthropic-claude-v1")
VOICE = Voice("gen-1", "a/b", "Provider", 1_795_219_200, lambda text: None)
CASES = [
    pytest.param(name, recording, client, id=f"{recording.name}-{client}")
    for name in PLACES
    if ROOT.exists()
    for recording in native_recordings(name)
    if recording.status == 200
    for client in ASKED
]


def words(whole: Gathered) -> tuple[str, str, list[tuple[str, Any]], str]:
    [choice] = whole.choices
    text = "".join(part.text for part in choice.parts if isinstance(part, Text))
    thought = "".join(_thought(part) for part in choice.parts if isinstance(part, Reasoning))
    calls = [(part.name, json.loads(part.arguments)) for part in choice.parts if isinstance(part, ToolCall)]
    assert choice.finish is not None
    return text, thought, calls, choice.finish.reason


def _thought(part: Part) -> str:
    assert isinstance(part, Reasoning)
    return part.text or "".join(part.summary)


def translated(provider: Dialect, client: Dialect, body: bytes, streamed: bool) -> Gathered:
    """What a client of its dialect hears."""
    assert client.parse and client.read and client.reader
    request = client.parse(ASKED[client.name])
    if not streamed:
        plain = TranslatedPlain(body, VOICE, request, provider, client, HEARING)
        assert plain.usage is not None
        return gather(client.read(plain.render_with(plain.usage, 1, 2), HEARING))
    stream = TranslatedStream(VOICE, request, provider, client, HEARING)
    out = b"".join([stream.feed(piece) for piece in pieces_of(body, 7)]) + stream.close()
    assert stream.complete and stream.usage is not None
    reader = client.reader(HEARING)
    return gather([*reader.feed(out + stream.end_with(stream.usage, 1, 2)), *reader.close()])


@pytest.mark.parametrize(("name", "recording", "client"), CASES)
def test_a_client_of_any_dialect_hears_the_same(name: str, recording: Any, client: str) -> None:
    speaks = all_dialects()[client]
    heard = translated(dialect(name), speaks, recording.body, recording.streamed)
    read, reader = dialect(name).read, dialect(name).reader
    assert read and reader
    said = gather(reader(HEARING).feed(recording.body) if recording.streamed else read(recording.body, HEARING))
    assert words(heard) == words(said)
    assert heard.seen and said.seen
    assert (heard.seen.usage.prompt_tokens, heard.seen.usage.total_tokens) == (
        said.seen.usage.prompt_tokens,
        said.seen.usage.total_tokens,
    )
    assert heard.seen.usage.cached_tokens == said.seen.usage.cached_tokens


STATEFUL = [
    pytest.param(recording, client, id=f"{recording.name}-{client}")
    for recording in (native_recordings("bedrock_converse") if ROOT.exists() else ())
    if recording.status == 200 and "thinking_part" in recording.name
    for client in ("openai_chat", "anthropic_messages")
]


@pytest.mark.parametrize(("recording", "client"), STATEFUL)
def test_opaque_state_is_given_to_clients_to_the_byte(recording: Any, client: str) -> None:
    provider = dialect("bedrock_converse")
    heard = translated(provider, all_dialects()[client], recording.body, recording.streamed)
    assert provider.read and provider.reader
    said = gather(provider.reader(HEARING).feed(recording.body) if recording.streamed else provider.read(recording.body, HEARING))
    states = [[part.state for part in whole.choices[0].parts if isinstance(part, Reasoning)] for whole in (heard, said)]
    assert states[0] == states[1] and states[1]
