"""Every recorded Responses request is parsed and said again: to a provider of its own dialect as it came, to others within the schema."""

import json
from typing import Any

import msgspec
import pytest
from published import NO_SPEC, SPEC, faults
from recordings import ROOT, WHY_SKIPPED, Recording
from responses_recordings import responses_recordings

from entrepot.dialects.dialect import Wishes
from entrepot.dialects.openai_responses.dialect import dialect
from entrepot.errors import InvalidRequest
from entrepot.values.conversation import Conversation
from entrepot.values.model import Reasoning
from entrepot.values.request import Asked

pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason=WHY_SKIPPED)
ASKED = [recording for recording in (responses_recordings() if ROOT.is_dir() else ()) if (recording.request or {}).get("input")]
BACKGROUND = [recording for recording in ASKED if recording.request and recording.request.get("background")]
ANSWERED = [recording for recording in ASKED if recording not in BACKGROUND]


def name(recording: Recording) -> str:
    return recording.name


def parsed(recording: Recording) -> Asked:
    assert dialect.parse is not None
    request = dialect.parse(json.dumps(recording.request).encode())
    assert isinstance(request, Asked)
    return request


def conversation_of(request: Asked) -> Conversation:
    assert dialect.converse is not None
    return dialect.converse(request)


def as_wished(request: Asked, **more: Any) -> Wishes:
    return Wishes(request.slugs[0], max_tokens=request.max_tokens, effort=request.effort, **more)


@pytest.mark.parametrize("recording", ANSWERED, ids=name)
def test_a_provider_of_the_same_dialect_gets_what_the_client_sent(recording: Recording) -> None:
    request = parsed(recording)
    assert dialect.respeak is not None
    rendered = dialect.respeak(request, as_wished(request))
    assert rendered.body == msgspec.json.encode(request.fields)
    assert json.loads(rendered.body) == recording.request
    assert (rendered.notes, request.unknown) == ((), ())


@pytest.mark.parametrize("recording", ANSWERED, ids=name)
def test_the_conversation_of_a_request_says_the_same_request(recording: Recording) -> None:
    request = parsed(recording)
    assert dialect.render is not None
    said = json.loads(dialect.render(conversation_of(request), as_wished(request)).body)
    assert said == recording.request
    assert list(said) == list(recording.request or ())


@pytest.mark.skipif(not SPEC.is_file(), reason=NO_SPEC)
@pytest.mark.parametrize("recording", ANSWERED, ids=name)
def test_what_is_said_for_another_client_is_within_the_published_schema(recording: Recording) -> None:
    request = parsed(recording)
    elsewhere = msgspec.structs.replace(conversation_of(request), dialect="openai_chat", extra={})
    assert dialect.render is not None
    said = json.loads(dialect.render(elsewhere, as_wished(request, reasoning=Reasoning())).body)
    assert not faults("CreateResponse", said)
    assert said["store"] is False
    assert states(said) == states(recording.request or {})


def states(said: dict[str, Any]) -> list[str]:
    """Encrypted reasoning in the input, in order."""
    items = said["input"] if isinstance(said["input"], list) else []
    return [item["encrypted_content"] for item in items if item.get("encrypted_content")]


@pytest.mark.parametrize("recording", BACKGROUND, ids=name)
def test_the_background_is_refused_by_name(recording: Recording) -> None:
    with pytest.raises(InvalidRequest, match="background") as refused:
        parsed(recording)
    assert refused.value.field == "background"
    assert refused.value.remedy
