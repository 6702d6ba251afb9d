"""Answers for Messages clients: plain and streamed alike, as Anthropic's own SDK and its published schema take them."""

import json

import pytest
from messages_answers import FOREIGN, NATIVE, USAGE, VOICE, answer, asked, by_sdk, client_of, plain, sent_back, streamed
from msgspec import Raw

from entrepot.dialects.anthropic_messages.converse import converse
from entrepot.dialects.anthropic_messages.dialect import dialect
from entrepot.dialects.anthropic_messages.failure import render_error
from entrepot.dialects.dialect import Hearing
from entrepot.dialects.gather import gather
from entrepot.errors import BrokenStream, InvalidRequest, ProviderBusy
from entrepot.values.conversation import Part, Reasoning, Refusal, Text, ToolCall
from entrepot.values.event import ArgumentsDelta, Began, Event, Finished, PartBegan, PartEnded, UsageSeen

anthropic = pytest.importorskip("anthropic", reason="Anthropic's SDK is not installed")
CALLS = Finished("tool_calls", "tool_use")
END = Finished("stop", "end_turn")


@pytest.mark.parametrize("step", [1, 3, 100])
def test_what_claude_said_is_read_again_from_both_forms(step):
    events = answer(NATIVE, CALLS)
    assert dialect.read is not None and dialect.reader is not None
    reader = dialect.reader(Hearing())
    for told in (dialect.read(plain(events), Hearing()), reader.feed(streamed(events, step=step))):
        whole = gather(told)
        assert whole.choices[0].parts == NATIVE and whole.choices[0].finish == CALLS
        assert whole.seen == UsageSeen(USAGE, "default") and whole.began.id == "msg_01KAJ0000000000000000000000"


def without_state(message):
    """State of a text stands in a member of a whole block, and in a citation of a streamed one."""
    texts = [block for block in message["content"] if block["type"] == "text"]
    for block in texts:
        block.pop("signature", None)
        block["citations"] = [cited for cited in block["citations"] if cited["type"] != "char_location"]
    return message


def test_the_last_block_is_the_last_text_also_where_the_text_is_signed():
    signed = Text("Hi.", state=FOREIGN[2].state)
    for body in (plain(answer((signed,), END)), streamed(answer((signed,), END))):
        [block] = by_sdk(body)["content"]
        assert block["text"] == "Hi."
        [message] = [told for told in converse(sent_back(by_sdk(body))).messages if told.role == "assistant"]
        assert message.parts == (signed,)


@pytest.mark.parametrize("parts", [NATIVE, FOREIGN], ids=["claude", "others"])
@pytest.mark.parametrize("step", [1, 100])
def test_the_sdk_holds_the_same_message_from_both_forms(parts, step):
    events = answer(parts, CALLS)
    whole, stream = by_sdk(plain(events)), by_sdk(streamed(events, step=step))
    usages = [told.pop("usage") for told in (whole, stream)]
    if step > 1:
        assert without_state(whole) == without_state(stream)
    assert {block["type"] for block in whole["content"]} == {block["type"] for block in stream["content"]}
    assert usages[0]["input_tokens"] == usages[1]["input_tokens"] == 65 and usages[1]["output_tokens"] == 50
    assert usages[0]["cost"] == 0.000004 and usages[0]["cost_details"]["upstream_inference_prompt_cost"] == 0.0000015


@pytest.mark.parametrize("step", [1, 100])
def test_state_of_other_makers_comes_back_to_the_byte_from_both_forms(step):
    events = answer(FOREIGN, CALLS)
    for message in (by_sdk(plain(events)), by_sdk(streamed(events, step=step))):
        [turn] = [told for told in converse(sent_back(message, ["call_1"])).messages if told.role == "assistant"]
        assert turn.parts == FOREIGN


def test_blocks_come_one_after_another_though_calls_were_streamed_side_by_side():
    events: list[Event] = [
        Began(),
        PartBegan(0, "tool_call", id="a", name="f"),
        PartBegan(1, "tool_call", id="b", name="g"),
        ArgumentsDelta(1, '{"y":'),
        ArgumentsDelta(0, '{"x":1}'),
        ArgumentsDelta(1, "2}"),
        PartEnded(0),
        PartEnded(1),
        CALLS,
    ]
    message = by_sdk(streamed(events))
    assert [(block["id"], block["input"]) for block in message["content"]] == [("a", {"x": 1}), ("b", {"y": 2})]
    assert message["stop_reason"] == "tool_use"


@pytest.mark.parametrize(
    ("parts", "finish", "reason", "sequence"),
    [
        ((Text("a"),), END, "end_turn", None),
        ((Text("a"),), Finished("length", "max_output_tokens"), "max_tokens", None),
        ((Text("a"),), Finished("length", "model_context_window_exceeded"), "model_context_window_exceeded", None),
        ((Text("a"),), Finished("stop", "stop_sequence", stop="X"), "stop_sequence", "X"),
        ((Text("a"),), Finished("stop", "pause_turn"), "pause_turn", None),
        ((), Finished("content_filter", "SAFETY"), "refusal", None),
        ((Refusal("I cannot."),), Finished("stop", "stop"), "refusal", None),
        ((ToolCall("a", "f", ""),), Finished("tool_calls", "tool_calls"), "tool_use", None),
    ],
)
def test_the_end_is_told_in_the_dialects_words(parts, finish, reason, sequence):
    events = answer(parts, finish)
    for body in (plain(events), streamed(events)):
        message = by_sdk(body)
        assert (message["stop_reason"], message["stop_sequence"]) == (reason, sequence)


def test_more_that_anthropic_said_about_the_end_is_passed_on():
    details = b'{"stop_details":{"type":"refusal","category":"cyber","explanation":"no"}}'
    events = answer((), Finished("content_filter", "refusal", raw=Raw(details), dialect="anthropic_messages"))
    for body in (plain(events), streamed(events)):
        assert by_sdk(body)["stop_details"]["category"] == "cyber"


def test_a_client_that_wants_no_thinking_text_gets_the_signatures():
    request = asked(thinking={"type": "adaptive", "display": "omitted"})
    parts: tuple[Part, ...] = (NATIVE[0], Text("Hi"))
    for body in (plain(answer(parts, END), request), streamed(answer(parts, END), request)):
        [thinking, _] = by_sdk(body)["content"]
        assert thinking == {"type": "thinking", "thinking": "", "signature": "c2lnbmF0dXJlMQ=="}


def test_empty_parts_leave_no_empty_blocks():
    events = answer((Reasoning(), Text(""), Text("a"), Text("")), END)
    for body in (plain(events), streamed(events)):
        assert [block["text"] for block in by_sdk(body)["content"]] == ["a"]


def test_a_free_text_call_is_an_object_for_this_client():
    events = answer((ToolCall("a", "patch", 'x "y"', custom=True),), CALLS)
    for body in (plain(events), streamed(events)):
        assert by_sdk(body)["content"][0]["input"] == {"input": 'x "y"'}


def test_a_failure_in_mid_stream_is_an_event_that_the_sdk_raises():
    assert dialect.writer is not None
    writer = dialect.writer(VOICE, asked(stream=True))
    body = writer.feed(answer((Text("a"),), END)[:3]) + writer.error(BrokenStream("It broke off."))
    with pytest.raises(anthropic.APIStatusError, match="It broke off"):
        by_sdk(body)


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (InvalidRequest("Wrong.", field="messages[0]", remedy="Mend it."), 400, "BadRequestError"),
        (ProviderBusy("Busy."), 529, "OverloadedError"),
    ],
)
def test_a_refusal_is_in_the_dialects_envelope(error, status, kind):
    told_status, body = render_error(error, "gen-1")
    told = json.loads(body)
    assert told_status == status and told["type"] == "error" and told["request_id"] == "gen-1"
    with pytest.raises(anthropic.APIStatusError) as raised, client_of(body, status) as client:
        client.messages.create(model="m", max_tokens=1, messages=[{"role": "user", "content": "hi"}])
    assert type(raised.value).__name__ in (kind, "InternalServerError", "ServiceUnavailableError")
