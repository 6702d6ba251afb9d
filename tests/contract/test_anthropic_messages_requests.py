"""Every recorded Messages request is parsed, becomes a conversation, and is said again: as it came, and anew by the published schema."""

import functools
import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from messages_recordings import Exchange, exchanges
from recordings import ROOT, WHY_SKIPPED

from entrepot.dialects.anthropic_messages.converse import converse
from entrepot.dialects.anthropic_messages.dialect import dialect
from entrepot.dialects.anthropic_messages.parse import parse, parse_count, render_count
from entrepot.dialects.dialect import Wishes
from entrepot.values.conversation import Conversation

pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason=WHY_SKIPPED)
REQUESTS = [exchange for exchange in exchanges() if exchange.request and not exchange.counts]
COUNTS = [exchange for exchange in exchanges() if exchange.counts]
SPECIFICATION = Path(ROOT).parent / "data" / "anthropic-openapi.json"
NEWER = {"pai--test_mid_conversation_system_prompt": "a system message in mid-conversation", "code_execution_20260120": "a tool"}
"""What was recorded after the published schema was made."""


@functools.cache
def validator(name: str) -> jsonschema.protocols.Validator:
    whole = json.loads(SPECIFICATION.read_text(encoding="utf8"))
    schema = {"$ref": f"#/components/schemas/{name}", "components": whole["components"]}
    return jsonschema.Draft202012Validator(schema)


def sent(exchange: Exchange) -> bytes:
    return json.dumps(exchange.request).encode()


def asked(exchange: Exchange) -> Conversation:
    return converse(parse(sent(exchange)))


@pytest.mark.parametrize("exchange", REQUESTS, ids=lambda exchange: exchange.name)
def test_a_request_is_said_again_as_it_came(exchange):
    request = parse(sent(exchange))
    wishes = Wishes(request.slugs[0], effort=request.effort, max_tokens=request.max_tokens)
    assert dialect.respeak is not None and dialect.render is not None
    for rendered in (dialect.respeak(request, wishes), dialect.render(converse(request), wishes)):
        assert list(json.loads(rendered.body).items()) == list((exchange.request or {}).items()) and not rendered.notes


def meaning(of: Conversation) -> tuple[Any, ...]:
    return of.messages, of.tools, of.tool_choice, of.output, of.sampling, of.max_tokens


@pytest.mark.parametrize("exchange", REQUESTS, ids=lambda exchange: exchange.name)
def test_a_request_said_anew_means_the_same_and_fits_the_published_schema(exchange):
    conversation = asked(exchange)
    assert dialect.render is not None
    without_source = msgspec.structs.replace(conversation, source={})
    body = json.loads(dialect.render(without_source, Wishes("claude")).body)
    again = converse(parse(json.dumps(body).encode()))
    assert meaning(again) == meaning(conversation)
    errors = list(validator("CreateMessageParams").iter_errors(body))
    assert not errors or any(name in exchange.name or name in json.dumps(body) for name in NEWER), errors[0].message


@pytest.mark.parametrize("exchange", COUNTS, ids=lambda exchange: exchange.name)
def test_what_is_to_be_counted_is_understood(exchange):
    request = parse_count(sent(exchange))
    messages, tools = request.countable()
    assert messages == (exchange.request or {})["messages"] and not tools
    assert json.loads(render_count(19)) == {"input_tokens": 19}
