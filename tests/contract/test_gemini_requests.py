"""Every recorded request in Google's dialect goes to Google as it came, and in its own words to anybody else."""

import json

import msgspec
import pytest
from gemini_recordings import Exchange, exchanges, requests
from gemini_schema import PUBLISHED, faults
from recordings import ROOT, WHY_SKIPPED

from entrepot.dialects.dialect import Wishes
from entrepot.dialects.gemini.converse import converse
from entrepot.dialects.gemini.parse import parse, parse_counted, with_model
from entrepot.dialects.gemini.read import FAMILY
from entrepot.dialects.gemini.render import render, respeak
from entrepot.errors import InvalidRequest
from entrepot.values.conversation import Conversation, Image, Message, Opaque, Text, ToolCall, ToolResult

pytestmark = pytest.mark.skipif(not ROOT.is_dir() or not PUBLISHED.is_file(), reason=WHY_SKIPPED)
REQUESTS = [exchange for exchange in requests() if exchange.status == 200] if ROOT.is_dir() else []
WISHES = Wishes("gemini-3.5-flash", family=FAMILY)


def heard(exchange: Exchange) -> Conversation:
    assert exchange.sent is not None
    return converse(parse(exchange.sent))


@pytest.mark.parametrize("exchange", REQUESTS, ids=lambda exchange: exchange.name)
def test_a_recorded_request_goes_on_to_the_byte(exchange: Exchange) -> None:
    assert exchange.sent is not None
    request = with_model(parse(exchange.sent), f"google/{exchange.model}", stream=exchange.streamed)
    assert request.slugs == (f"google/{exchange.model}",)
    assert request.unknown == ()
    wishes = Wishes(exchange.model, max_tokens=request.max_tokens, effort=request.effort)
    assert respeak(request, wishes).body == exchange.sent


@pytest.mark.parametrize("exchange", REQUESTS, ids=lambda exchange: exchange.name)
def test_its_conversation_is_rendered_to_the_same_json(exchange: Exchange) -> None:
    assert exchange.sent is not None
    rendered = render(heard(exchange), WISHES)
    assert json.loads(rendered.body) == json.loads(exchange.sent)
    assert list(json.loads(rendered.body)) == list(json.loads(exchange.sent))
    assert rendered.notes == ()


@pytest.mark.parametrize("exchange", REQUESTS, ids=lambda exchange: exchange.name)
@pytest.mark.parametrize("model", ["gemini-2.0-flash", "gemini-2.5-pro", "gemini-3.1-pro-preview"])
def test_written_anew_it_is_what_google_published(exchange: Exchange, model: str) -> None:
    """What remains when nothing is kept as it came is the same conversation, in words of the published schema."""
    said = heard(exchange)
    anew = msgspec.structs.replace(said, source={}, extra={})
    body = render(anew, msgspec.structs.replace(WISHES, upstream_model=model)).body
    assert faults("GenerateContentRequest", json.loads(body)) == []
    again = converse(parse(body))
    assert [plain(message) for message in again.messages] == [plain(message) for message in said.messages if message.parts]


def plain(message: Message) -> list[object]:
    """What a message says, without ids that older models are not told."""
    told: list[object] = [message.role]
    for part in message.parts:
        if isinstance(part, ToolCall):
            state = part.state if part.state and part.state.data != "skip_thought_signature_validator" else None
            told.append((part.name, json.loads(part.arguments or "{}"), state))
        elif isinstance(part, ToolResult):
            told.append((part.name, [json_or_text(inner) for inner in part.parts], part.is_error))
        elif not (isinstance(part, Text) and not part.text and part.state is None):
            told.append(part)
    return told


def json_or_text(part: object) -> object:
    text = part.text if isinstance(part, Text) else part
    try:
        told = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return text
    if isinstance(told, dict) and len(told) == 1 and isinstance(told.get("return_value"), str):
        return told["return_value"]
    return told


def test_a_changed_message_changes_only_its_content() -> None:
    """As when the gateway has fetched a picture: the others keep their bytes."""
    [exchange] = [exchange for exchange in REQUESTS if exchange.name.endswith("test_tools_parallel.yaml#1")]
    assert exchange.sent is not None
    said = heard(exchange)
    first = msgspec.structs.replace(said.messages[1], parts=(Text("Another question"),))
    changed = msgspec.structs.replace(said, messages=(said.messages[0], first, *said.messages[2:]))
    before, after = json.loads(exchange.sent), json.loads(render(changed, WISHES).body)
    assert after["contents"][0] == {"role": "user", "parts": [{"text": "Another question"}]}
    assert after["contents"][1:] == before["contents"][1:]
    assert {name: after[name] for name in after if name != "contents"} == {n: before[n] for n in before if n != "contents"}


def test_a_recorded_refusal_is_told_by_us_too_when_the_request_must_be_understood() -> None:
    [exchange] = [exchange for exchange in exchanges() if "invalid_role" in exchange.name]
    with pytest.raises(InvalidRequest) as told:
        heard(exchange)
    assert told.value.field == "contents[0].role"


def test_recorded_token_counts_are_asked_for_the_prompt() -> None:
    asked = [exchange for exchange in exchanges() if exchange.method == "countTokens"]
    assert asked
    for exchange in asked:
        assert exchange.sent is not None
        messages, tools = parse_counted(exchange.sent).countable()
        assert "quick brown fox" in json.dumps(messages)
        assert tools is None


def test_recorded_signatures_are_bound_to_their_parts() -> None:
    signed = [part for exchange in REQUESTS for message in heard(exchange).messages for part in message.parts
              if isinstance(part, Text | ToolCall | Image) and isinstance(part.state, Opaque)]  # fmt: skip
    assert len(signed) >= 8
    assert all(isinstance(part, ToolCall) and part.state and part.state.family == FAMILY for part in signed)
