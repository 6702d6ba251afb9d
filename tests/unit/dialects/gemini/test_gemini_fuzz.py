"""Whatever comes, a Gemini request is understood or refused, and a Gemini answer gives events or is malformed."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from entrepot.dialects.dialect import Hearing, Wishes
from entrepot.dialects.gather import gather
from entrepot.dialects.gemini.converse import converse
from entrepot.dialects.gemini.parse import parse, parse_counted, with_model
from entrepot.dialects.gemini.read import Reader, read
from entrepot.dialects.gemini.render import render, respeak
from entrepot.dialects.gemini.splice import SplicedStream
from entrepot.dialects.gemini.write import Writer, write
from entrepot.dialects.voice import ErrorEvent, Malformed, Voice
from entrepot.errors import BrokenStream, InvalidRequest
from entrepot.values.usage import Usage

FEW = settings(max_examples=60, deadline=None)
VOICE = Voice("gen-1", "m", "p", 1, lambda text: None)
ASKED = with_model(parse(b'{"contents":[{"parts":[{"text":"hi"}]}]}'), "m", stream=True)
WORDS = [
    "text", "thought", "thoughtSignature", "functionCall", "function_call", "functionResponse", "inlineData", "fileData", "parts",
    "role", "name", "args", "id", "response", "mimeType", "data", "fileUri", "contents", "tools", "generationConfig", "candidates",
    "content", "finishReason", "usageMetadata", "promptTokenCount", "index", "error", "promptFeedback", "executableCode",
    "functionDeclarations", "parameters", "type", "properties", "anyOf", "nullable", "thinkingConfig", "thinkingBudget",
    "partialArgs", "willContinue", "jsonPath", "stringValue", "groundingMetadata", "systemInstruction", "responseSchema",
]  # fmt: skip
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 2**70), st.floats(allow_nan=False), st.text(max_size=6),
    st.sampled_from(["user", "model", "STOP", "c2ln", "ZW50cmVwb3Q6", "image/png", "OBJECT", "$.a", "f", "skip_thought_signature_validator"]),
)  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4), max_leaves=12
)
PARTS = st.lists(
    st.one_of(
        st.fixed_dictionaries({"text": st.text(max_size=5)}, optional={"thought": st.booleans(), "thoughtSignature": st.just("c2ln")}),
        st.fixed_dictionaries({"functionCall": st.fixed_dictionaries({"name": st.sampled_from("fg")}, optional={"args": VALUES, "id": LEAVES})}),
        st.fixed_dictionaries({"functionResponse": st.fixed_dictionaries({"name": st.sampled_from("fg")}, optional={"response": VALUES})}),
        st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=2),
    ),
    max_size=3,
)  # fmt: skip
CONTENTS = st.lists(st.fixed_dictionaries({"role": st.sampled_from(["user", "model"]), "parts": PARTS}), min_size=1, max_size=3)
BODIES = st.one_of(
    VALUES,
    st.fixed_dictionaries({"contents": CONTENTS}, optional=dict.fromkeys([word for word in WORDS if word != "contents"], VALUES)),
)
ANSWERS = st.one_of(
    VALUES,
    st.fixed_dictionaries(
        {"candidates": st.lists(st.fixed_dictionaries({"content": st.fixed_dictionaries({"parts": PARTS})},
                                                      optional={"finishReason": LEAVES, "index": st.integers(0, 2)}), max_size=2)},
        optional={"usageMetadata": VALUES, "responseId": LEAVES},
    ),
)  # fmt: skip


@FEW
@given(BODIES)
def test_any_json_is_a_request_or_refused(value: Any) -> None:
    body = json.dumps(value).encode()
    try:
        request = with_model(parse(body), "google/gemini-3.5-flash", stream=False)
        respeak(request, Wishes("gemini-3.5-flash", dropped=("temperature", "tools"), effort="low"))
        conversation = converse(request)
    except InvalidRequest as refused:
        assert refused.message
        return
    for model in ("gemini-2.0-flash", "gemini-3.5-flash"):
        try:
            json.loads(render(conversation, Wishes(model)).body)
        except InvalidRequest as refused:
            assert refused.field


@FEW
@given(st.binary(max_size=60))
def test_any_bytes_are_a_request_or_refused(body: bytes) -> None:
    for take in (parse, parse_counted):
        try:
            take(body)
        except InvalidRequest as refused:
            assert refused.message


@FEW
@given(st.lists(ANSWERS, max_size=3))
def test_any_json_is_an_answer_or_malformed_and_what_it_says_can_be_written(values: list[Any]) -> None:
    stream = b"".join(b"data: %b\n\n" % json.dumps(value).encode() for value in values)
    spliced = SplicedStream(VOICE, ASKED, Hearing())
    try:
        reader = Reader(Hearing())
        events = reader.feed(stream) + reader.close()
        spliced.feed(stream)
    except (Malformed, ErrorEvent):
        return
    gather(events)
    json.loads(write(events, VOICE, ASKED, Usage(), 0, 0))
    writer = Writer(VOICE, ASKED)
    assert writer.feed(events) + writer.end(Usage(), 0, 0)


@FEW
@given(st.binary(max_size=80), st.sampled_from([b"", b"data: ", b"[", b"{", b'data: {"candidates":[']))
def test_any_bytes_are_events_or_malformed(body: bytes, before: bytes) -> None:
    for take in (lambda: read(before + body, Hearing()), lambda: Reader(Hearing(40)).feed(before + body)):
        try:
            assert isinstance(take(), list)
        except (Malformed, BrokenStream):
            pass
