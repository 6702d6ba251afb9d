"""Every recorded answer in Google's dialect: whole, in pieces and at random splits it gives the same events, and they say all that
the provider said."""

import itertools
import json
import random
from collections.abc import Iterable

import pytest
from gemini_recordings import Exchange, answers, exchanges, pieces_of
from recordings import ROOT, WHY_SKIPPED

from entrepot.dialects.dialect import Hearing
from entrepot.dialects.gather import Gathered, gather
from entrepot.dialects.gemini.read import FAMILY, Reader, read
from entrepot.values.conversation import Foreign, Reasoning, Text, ToolCall
from entrepot.values.event import Event, Failed

pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason=WHY_SKIPPED)
ANSWERS = answers() if ROOT.is_dir() else []
SEED = 20261121


def heard(exchange: Exchange, cuts: Iterable[int] = ()) -> list[Event]:
    if not exchange.streamed:
        return read(exchange.body, Hearing())
    reader, edges = Reader(Hearing()), [0, *sorted(set(cuts)), len(exchange.body)]
    events = [event for a, b in itertools.pairwise(edges) for event in reader.feed(exchange.body[a:b])]
    events += reader.close()
    assert reader.done
    return events


def whole(exchange: Exchange) -> Gathered:
    return gather(heard(exchange))


def test_there_are_recordings_of_each_kind() -> None:
    kinds = {(exchange.method, exchange.streamed, exchange.status) for exchange in exchanges()}
    assert {("generateContent", False, 200), ("streamGenerateContent", True, 200), ("generateContent", False, 400)} <= kinds
    assert len(ANSWERS) >= 30
    print(f"{len(ANSWERS)} answers in {len({exchange.name.partition('#')[0] for exchange in ANSWERS})} files")


@pytest.mark.parametrize("exchange", ANSWERS, ids=lambda exchange: exchange.name)
def test_the_splits_of_the_network_change_nothing(exchange: Exchange) -> None:
    print(f"seed {SEED}")
    size, expected = len(exchange.body), whole(exchange)
    dice = random.Random(f"{SEED}{exchange.name}")
    cuts: list[Iterable[int]] = [range(1, min(size, 3000)), range(max(size - 600, 1), size)]
    cuts += [[dice.randrange(1, size) for _ in range(30)] for _ in range(3)]
    for places in cuts if exchange.streamed else []:
        assert gather(heard(exchange, places)) == expected


@pytest.mark.parametrize("exchange", ANSWERS, ids=lambda exchange: exchange.name)
def test_text_thoughts_calls_and_signatures_are_those_of_the_provider(exchange: Exchange) -> None:
    told = [part for piece in pieces_of(exchange) for choice in piece.get("candidates", []) for part in parts_of(choice)]
    parts = [part for choice in whole(exchange).choices for part in choice.parts]
    thoughts = "".join(part.text for part in parts if isinstance(part, Reasoning))
    assert "".join(part.text for part in parts if isinstance(part, Text)) == words(told, thought=False)
    assert thoughts == words(told, thought=True)
    states = [part.state for part in parts if isinstance(part, Text | Reasoning | ToolCall) and part.state]
    inside = [json.loads(bytes(part.raw)).get("thoughtSignature") for part in parts if isinstance(part, Foreign)]
    signatures = [part["thoughtSignature"] for part in told if "thoughtSignature" in part]
    assert sorted([state.data for state in states] + [data for data in inside if data]) == sorted(signatures)
    assert {state.family for state in states} <= {FAMILY}


def parts_of(choice: dict) -> list[dict]:
    return choice.get("content", {}).get("parts", [])


def words(told: list[dict], *, thought: bool) -> str:
    return "".join(part.get("text", "") for part in told if part.get("thought", False) is thought)


@pytest.mark.parametrize("exchange", ANSWERS, ids=lambda exchange: exchange.name)
def test_calls_have_ids_names_and_arguments(exchange: Exchange) -> None:
    told = [part["functionCall"] for piece in pieces_of(exchange) for choice in piece.get("candidates", [])
            for part in parts_of(choice) if "name" in part.get("functionCall", {})]  # fmt: skip
    [choice] = whole(exchange).choices
    calls = [part for part in choice.parts if isinstance(part, ToolCall)]
    assert [call.name for call in calls] == [call["name"] for call in told]
    assert len({call.id for call in calls}) == len(calls)
    for call, given in zip(calls, told, strict=True):
        assert call.id == given.get("id", call.id) != ""
        if "args" in given:
            assert json.loads(call.arguments) == given["args"]
        else:
            assert json.loads(call.arguments).keys() == {"location"}
    assert choice.finish is not None
    assert (choice.finish.reason == "tool_calls") == bool(calls)


@pytest.mark.parametrize("exchange", ANSWERS, ids=lambda exchange: exchange.name)
def test_usage_is_what_was_reported_last_and_adds_up(exchange: Exchange) -> None:
    told = [piece["usageMetadata"] for piece in pieces_of(exchange) if "promptTokenCount" in piece.get("usageMetadata", {})][-1]
    seen = whole(exchange).seen
    assert seen is not None
    assert seen.usage.total_tokens == told["totalTokenCount"]
    assert seen.usage.prompt_tokens == told["promptTokenCount"] + told.get("toolUsePromptTokenCount", 0)
    assert seen.usage.reasoning_tokens == told.get("thoughtsTokenCount", 0)
    assert seen.usage.completion_tokens - seen.usage.reasoning_tokens == told.get("candidatesTokenCount", 0)
    assert seen.usage.cached_tokens == told.get("cachedContentTokenCount", 0)


@pytest.mark.parametrize("exchange", ANSWERS, ids=lambda exchange: exchange.name)
def test_the_end_is_told_in_both_words_with_what_else_was_said(exchange: Exchange) -> None:
    last = [choice for piece in pieces_of(exchange) for choice in piece.get("candidates", []) if "finishReason" in choice][-1]
    [choice] = whole(exchange).choices
    assert choice.finish is not None
    native = {1: "STOP"}.get(last["finishReason"], last["finishReason"])
    assert choice.finish.native == native
    assert (
        choice.finish.reason
        in {"STOP": ("stop", "tool_calls"), "MAX_TOKENS": ("length",), "MODEL_ARMOR": ("content_filter",)}[native]
    )
    more = json.loads(bytes(choice.finish.raw) or b"{}")
    assert more.get("groundingMetadata") == last.get("groundingMetadata")


def test_searched_pages_become_citations_of_the_words_they_stand_for() -> None:
    found = 0
    for exchange in ANSWERS:
        for part in [part for choice in whole(exchange).choices for part in choice.parts if isinstance(part, Text)]:
            for citation in part.citations:
                found += 1
                assert citation.url.startswith("https://")
                assert part.text[citation.start : citation.end] == citation.text
    assert found >= 20


def test_recorded_errors_are_told_as_failures() -> None:
    refused = [exchange for exchange in exchanges() if exchange.status >= 400]
    assert len(refused) >= 2
    for exchange in refused:
        [event] = read(exchange.body, Hearing())
        assert isinstance(event, Failed)
        assert json.loads(event.payload) == json.loads(exchange.body)
