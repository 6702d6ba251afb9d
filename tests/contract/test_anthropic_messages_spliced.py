"""Every recorded Messages answer passed on to a Messages client: id, model, provider and cost are ours, all else is what came."""

import json
from typing import Any

import pytest
from messages_recordings import exchanges, heard, message_of, pieces
from recordings import ROOT, WHY_SKIPPED

from entrepot.dialects.anthropic_messages.dialect import dialect
from entrepot.dialects.anthropic_messages.parse import parse
from entrepot.dialects.dialect import Hearing
from entrepot.dialects.gather import gather
from entrepot.dialects.voice import ErrorEvent, Voice
from entrepot.values.event import UsageSeen

pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason=WHY_SKIPPED)
ANSWERS = [exchange for exchange in exchanges() if exchange.status == 200 and not exchange.counts]
FAILURES = [exchange for exchange in exchanges() if exchange.status >= 400]
VOICE = Voice("gen-01KAJ0000000000000000000000", "anthropic/claude", "Anthropic", 0, lambda text: None)
ASKED = parse(b'{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}')
COST = {"cost", "is_byok", "cost_details"}


def passed_on(chunks: list[bytes], streamed: bool) -> bytes:
    assert dialect.streamed is not None and dialect.plain is not None
    if not streamed:
        plain = dialect.plain(chunks[0], VOICE, ASKED, Hearing())
        assert plain.usage is not None
        return plain.render_with(plain.usage, 1_000, 2_000)
    stream = dialect.streamed(VOICE, ASKED, Hearing())
    out = b"".join([stream.feed(chunk) for chunk in chunks]) + stream.close()
    assert stream.done and stream.usage is not None
    return out + stream.end_with(stream.usage, 1_000, 2_000)


def comparable(message: dict[str, Any]) -> dict[str, Any]:
    """Without what is ours, and with no citations where there are none."""
    blocks = [
        {"citations": []} | {name: value for name, value in block.items() if value is not None}
        if block["type"] == "text"
        else block
        for block in message["content"]
    ]
    usage = {name: value for name, value in message["usage"].items() if name not in COST}
    return {name: value for name, value in message.items() if name not in ("id", "model", "provider")} | {
        "content": blocks,
        "usage": usage,
    }


@pytest.mark.parametrize("exchange", ANSWERS, ids=lambda exchange: exchange.name)
def test_an_answer_is_passed_on_whole(exchange):
    out = passed_on([exchange.body], exchange.streamed)
    came, left = [message_of(body) if exchange.streamed else json.loads(body) for body in (exchange.body, out)]
    assert comparable(left) == comparable(came)
    assert (left["id"], left["model"], left["provider"]) == ("msg_01KAJ0000000000000000000000", "anthropic/claude", "Anthropic")
    assert left["usage"]["cost"] == 0.000003
    kept = [name for name in left if name != "provider"]
    assert kept == [name for name in came if name in kept]


@pytest.mark.parametrize("exchange", [a for a in ANSWERS if a.streamed], ids=lambda exchange: exchange.name)
def test_a_stream_is_passed_on_the_same_wherever_it_is_cut(exchange):
    told = [passed_on(chunks, True) for chunks in pieces(exchange.body, exchange.name)]
    assert all(out == told[0] for out in told)
    assert exchange.body.count(b"event: ping") == told[0].count(b"event: ping")


@pytest.mark.parametrize("exchange", [a for a in ANSWERS if not a.streamed], ids=lambda exchange: exchange.name)
def test_a_plain_answer_in_place_of_a_stream_is_streamed(exchange):
    assert dialect.streamed is not None
    stream = dialect.streamed(VOICE, ASKED, Hearing())
    out = stream.feed_whole(exchange.body)
    assert stream.usage is not None
    out += stream.end_with(stream.usage, 1_000, 2_000)
    assert comparable(message_of(out)) == comparable(json.loads(exchange.body))


@pytest.mark.parametrize("exchange", ANSWERS, ids=lambda exchange: exchange.name)
def test_what_was_passed_on_and_what_was_translated_say_the_same(exchange):
    assert dialect.writer is not None
    events = heard(exchange.body, exchange.streamed)
    writer = dialect.writer(VOICE, ASKED)
    [*_, seen] = [event for event in events if isinstance(event, UsageSeen)]
    written = writer.feed(events) + writer.end(seen.usage, 1_000, 2_000)
    translated, passed = heard(written, True), heard(passed_on([exchange.body], exchange.streamed), exchange.streamed)
    empty = [gather(told) for told in (translated, passed)]
    spoken = [[part for part in (whole.choices[0].parts if whole.choices else ()) if part_says(part)] for whole in empty]
    assert spoken[0] == spoken[1] and empty[0].seen == empty[1].seen


def part_says(part: Any) -> bool:
    return getattr(part, "text", "x") != "" or getattr(part, "state", None) is not None or bool(getattr(part, "citations", ()))


@pytest.mark.parametrize("exchange", FAILURES, ids=lambda exchange: exchange.name)
def test_a_refusal_is_raised_and_not_passed_on(exchange):
    assert dialect.plain is not None and dialect.streamed is not None
    with pytest.raises(ErrorEvent):
        dialect.plain(exchange.body, VOICE, ASKED, Hearing())
    with pytest.raises(ErrorEvent):
        dialect.streamed(VOICE, ASKED, Hearing()).feed_whole(exchange.body)
