"""Every recorded Messages answer, read plain and streamed: nothing lost, nothing doubled, opaque state to the byte."""

import json
from typing import Any

import pytest
from messages_recordings import exchanges, heard, message_of, pieces, stream_events
from recordings import ROOT, WHY_SKIPPED

from entrepot.dialects.gather import gather
from entrepot.values.conversation import Foreign, Part, Reasoning, Text, ToolCall
from entrepot.values.event import Failed, Finished, UsageSeen

pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason=WHY_SKIPPED)
ANSWERS = [exchange for exchange in exchanges() if exchange.status == 200 and not exchange.counts]
FAILURES = [exchange for exchange in exchanges() if exchange.status >= 400]


def native(part: Part) -> dict[str, Any]:
    """The block a part came from, spelled without what the dialect has no use for."""
    if isinstance(part, Text):
        return {"type": "text", "text": part.text} | (
            {"citations": [json.loads(bytes(citation.raw)) for citation in part.citations]} if part.citations else {}
        )
    if isinstance(part, ToolCall):
        return {"type": "tool_use", "id": part.id, "name": part.name, "input": json.loads(part.arguments)}
    if isinstance(part, Reasoning):
        assert part.state is not None and part.state.family == "anthropic-claude-v1"
        if part.state.kind == "encrypted":
            return {"type": "redacted_thinking", "data": part.state.data}
        return {"type": "thinking", "thinking": part.text, "signature": part.state.data}
    assert isinstance(part, Foreign)
    told: dict[str, Any] = json.loads(bytes(part.raw))
    return told


def test_there_are_answers_of_every_kind():
    assert len(ANSWERS) >= 29 and len(FAILURES) >= 4
    assert sum(exchange.streamed for exchange in ANSWERS) >= 10


@pytest.mark.parametrize("exchange", ANSWERS, ids=lambda exchange: exchange.name)
def test_every_block_of_an_answer_is_told(exchange):
    message = message_of(exchange.body) if exchange.streamed else json.loads(exchange.body)
    whole = gather(heard(exchange.body, exchange.streamed))
    nothing: tuple[Any, ...] = ([], None, {"type": "direct"})
    blocks = [{name: value for name, value in block.items() if value not in nothing} for block in message["content"]]
    assert [native(part) for part in (whole.choices[0].parts if whole.choices else ())] == blocks
    assert (whole.began.id, whole.began.model) == (message["id"], message["model"])


@pytest.mark.parametrize("exchange", ANSWERS, ids=lambda exchange: exchange.name)
def test_usage_is_what_the_provider_reported_and_its_classes_are_disjoint(exchange):
    message = message_of(exchange.body) if exchange.streamed else json.loads(exchange.body)
    events = heard(exchange.body, exchange.streamed)
    [*_, usage] = [event.usage for event in events if isinstance(event, UsageSeen)]
    told = message["usage"]
    fresh = usage.prompt_tokens - usage.cached_tokens - usage.cache_write_tokens - usage.cache_write_1h_tokens
    assert fresh == told["input_tokens"] and usage.cached_tokens == told["cache_read_input_tokens"]
    assert usage.cache_write_tokens + usage.cache_write_1h_tokens == told["cache_creation_input_tokens"]
    assert usage.cache_write_1h_tokens == told.get("cache_creation", {}).get("ephemeral_1h_input_tokens", 0)
    assert usage.completion_tokens == told["output_tokens"]
    assert usage.web_searches == told.get("server_tool_use", {}).get("web_search_requests", 0)
    [finish] = [event for event in events if isinstance(event, Finished)]
    assert (finish.native, finish.stop) == (message["stop_reason"], message["stop_sequence"])


@pytest.mark.parametrize("exchange", [a for a in ANSWERS if a.streamed], ids=lambda exchange: exchange.name)
def test_a_stream_says_the_same_wherever_it_is_cut(exchange):
    """The seed is the exchange's name."""
    told = [stream_events(chunks) for chunks in pieces(exchange.body, exchange.name)]
    assert all(events == told[0] for events in told)


@pytest.mark.parametrize("exchange", FAILURES, ids=lambda exchange: exchange.name)
def test_a_refusal_in_place_of_an_answer_is_told_as_one(exchange):
    assert heard(exchange.body, False) == [Failed(exchange.body)]
