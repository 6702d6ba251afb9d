"""The canonical form: events to parts and back, one block at a time, turns, and what an endpoint does not take."""

from msgspec import Raw

from entrepot.dialects.gather import events_of, gather
from entrepot.dialects.sequence import OneAtATime
from entrepot.dialects.turns import safe_id, split_results, turns
from entrepot.values.conversation import (
    Citation,
    Conversation,
    Message,
    Opaque,
    Part,
    Reasoning,
    ReasoningWish,
    Refusal,
    Sampling,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    fitted,
    leading_system,
    source_of,
    url_of,
)
from entrepot.values.event import (
    ArgumentsDelta,
    Event,
    Finished,
    LogprobsDelta,
    PartBegan,
    PartEnded,
    ReasoningDelta,
    StateDelta,
    TextDelta,
)

SIGNED = Opaque("anthropic-claude-v1", "c2ln")


def test_whole_parts_come_out_of_their_events_as_they_went_in():
    parts: tuple[Part, ...] = (
        Reasoning("hm", ("a", "b"), SIGNED, "rs_1", "anthropic-claude-v1"),
        Text("Hi", citations=(Citation(url="http://a"),)),
        ToolCall("call_1", "f", '{"a": 1}', state=Opaque("google-gemini-v1", "x"), item="fc_1"),
        Reasoning(state=Opaque("openai-responses-v1", "gAAA", "encrypted")),
        Refusal("no"),
    )
    [choice] = gather(events_of(parts)).choices
    assert choice.parts == parts


def test_pieces_of_text_and_of_one_state_are_joined_in_order():
    events: list[Event] = [
        PartBegan(0, "reasoning"),
        ReasoningDelta(0, "sum", 0),
        ReasoningDelta(0, "th"),
        ReasoningDelta(0, "ink"),
        ReasoningDelta(0, "mary", 0),
        StateDelta(0, Opaque("f", "ab")),
        StateDelta(0, Opaque("f", "cd")),
        PartEnded(0),
    ]
    assert gather(events).choices[0].parts == (Reasoning("think", ("summary",), Opaque("f", "abcd")),)


def test_logprobs_of_a_part_become_one_list():
    events: list[Event] = [
        PartBegan(0, "text"),
        LogprobsDelta(0, Raw(b'[{"token":"a"}]')),
        LogprobsDelta(0, Raw(b"[]")),
        LogprobsDelta(0, Raw(b'[{"token":"b"}]')),
    ]
    assert bytes(gather(events).choices[0].logprobs[0]) == b'[{"token":"a"},{"token":"b"}]'


def test_overlapping_calls_come_one_after_another_and_nothing_is_lost():
    first, second = PartBegan(0, "tool_call", name="a"), PartBegan(1, "tool_call", name="b")
    mixed: list[Event] = [
        first,
        second,
        ArgumentsDelta(1, "{2"),
        ArgumentsDelta(0, "{1"),
        ArgumentsDelta(1, "}"),
        ArgumentsDelta(0, "}"),
    ]
    ordered = OneAtATime()
    out = [event for piece in mixed for event in ordered.feed([piece])] + ordered.feed([Finished("tool_calls")])
    assert [getattr(event, "index", "end") for event in out] == [0, 0, 0, 0, 1, 1, 1, 1, "end"]
    assert gather(out) == gather([*mixed, Finished("tool_calls")])


def test_a_part_that_waited_goes_on_as_it_comes_once_the_one_before_it_ends():
    ordered = OneAtATime()
    assert len(ordered.feed([PartBegan(0, "text"), PartBegan(1, "tool_call"), ArgumentsDelta(1, "{")])) == 1
    assert ordered.feed([PartEnded(0)]) == [PartEnded(0), PartBegan(1, "tool_call"), ArgumentsDelta(1, "{")]
    assert ordered.feed([ArgumentsDelta(1, "}"), TextDelta(2, "held")]) == [ArgumentsDelta(1, "}")]


def test_turns_join_neighbours_and_put_results_first():
    call, result = ToolCall("c", "f"), ToolResult("c", (Text("1"),))
    messages = [
        Message("user", (Text("a"),)),
        Message("assistant", (call,)),
        Message("user", (Text("b"),)),
        Message("tool", (result,)),
    ]
    assert [turn.parts for turn in turns(messages)] == [(Text("a"),), (call,), (result, Text("b"))]


def test_results_in_a_user_turn_become_messages_of_their_own_in_their_order():
    result = ToolResult("c", (Text("1"),))
    assert split_results("user", [result, result, Text("b")]) == [
        Message("tool", (result, result)),
        Message("user", (Text("b"),)),
    ]


def test_ids_that_fit_stay_and_others_become_the_same_digest_each_time():
    assert safe_id("call_1-a") == "call_1-a"
    assert safe_id("call:1") == safe_id("call:1") != safe_id("call:2")
    assert len(safe_id("x" * 500)) <= 64


def test_what_an_endpoint_does_not_take_is_gone_and_the_rest_is_untouched():
    asked = Conversation(
        messages=(),
        tools=(Tool("f"),),
        sampling=Sampling(temperature=0.5, seed=1, stop=("x",)),
        reasoning=ReasoningWish("high", exclude=True, summary="auto"),
        max_tokens=99,
    )
    left = fitted(asked, ("temperature", "stop", "tools"), None, 10)
    assert left.sampling == Sampling(seed=1) and left.tools == () and left.max_tokens == 10
    assert left.reasoning == ReasoningWish(exclude=True)
    assert fitted(asked, (), "low", 99).reasoning.effort == "low"


def test_data_urls_become_their_bytes_and_come_back():
    source = source_of("data:image/png;base64,AAAA")
    assert (source.media_type, source.data) == ("image/png", "AAAA")
    assert url_of(source) == "data:image/png;base64,AAAA"
    assert url_of(source_of("https://a/b.png")) == "https://a/b.png"


def test_the_system_prompt_is_what_stands_before_the_first_other_message():
    system, user = Message("system", (Text("s"),)), Message("user", (Text("u"),))
    assert leading_system([system, user, system]) == ((system,), (user, system))
