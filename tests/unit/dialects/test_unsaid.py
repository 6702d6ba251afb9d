"""What a dialect cannot say: told in notes, or refused where leaving it out would change the question."""

import pytest
from msgspec import Raw

from entrepot.dialects.pseudonym import pseudonym
from entrepot.dialects.unsaid import arguments_of, budget_of, callable_tools, results_in_words, schema_of, unsaid
from entrepot.errors import InvalidRequest
from entrepot.values.conversation import (
    Cache,
    Conversation,
    Image,
    Message,
    OutputFormat,
    Sampling,
    Source,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)

HI = Message("user", (Text("Hi"),))


def test_a_question_without_settings_has_nothing_to_note() -> None:
    assert unsaid(Conversation(messages=(HI,), modalities=("text",), service_tier="auto"), (), "X") == []


def test_each_setting_that_is_not_among_the_words_is_noted_once() -> None:
    marked = Message("user", (Text("Hi", cache=Cache()), Text("there", cache=Cache("1h"))), name="ann")
    conversation = Conversation(
        messages=(marked,), sampling=Sampling(temperature=0.0, seed=1, n=1), user="u", cache_key="k", service_tier="flex", verbosity="low"
    )  # fmt: skip
    notes = unsaid(conversation, ("temperature", "user"), "X")
    names = ["seed", "verbosity", "prompt_cache_key", "name", "service_tier", "cache_control"]
    assert notes == [f"{name}: left out, X has no word for it" for name in names]


@pytest.mark.parametrize(
    ("conversation", "field"),
    [
        (Conversation(messages=(HI,), sampling=Sampling(n=2)), "n"),
        (Conversation(messages=(HI,), modalities=("text", "audio")), "modalities"),
        (Conversation(messages=(HI,), output=OutputFormat("grammar", grammar="x")), "response_format"),
    ],
)
def test_what_would_change_the_question_is_refused_by_its_name(conversation: Conversation, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        unsaid(conversation, (), "X")
    assert refused.value.field == field and refused.value.expected and refused.value.remedy


@pytest.mark.parametrize(
    ("said", "sent", "noted"),
    [
        ('{"a":  1.0}', b'{"a":  1.0}', False),
        ("", b"{}", False),
        ("null", b"{}", False),
        ("[1]", b'{"_raw":"[1]"}', True),
        ('{"a":', b'{"_raw":"{\\"a\\":"}', True),
        ("free text", b'{"_raw":"free text"}', True),
    ],
)
def test_arguments_are_an_object_to_the_byte_or_kept_as_text(said: str, sent: bytes, noted: bool) -> None:
    notes: list[str] = []
    assert bytes(arguments_of(ToolCall("c", "f", said), notes)) == sent
    assert bool(notes) == noted


def test_tools_are_those_the_choice_allows_and_functions_alone() -> None:
    tools, notes = (Tool("a", None), Tool("b", None)), list[str]()
    assert [tool.name for tool in callable_tools(Conversation(messages=(HI,), tools=tools), "x", notes)] == ["a", "b"]
    chosen = Conversation(messages=(HI,), tools=tools, tool_choice=ToolChoice("auto", ("b",)))
    assert [tool.name for tool in callable_tools(chosen, "x", notes)] == ["b"]
    free = Conversation(messages=(HI,), tools=(Tool("patch", kind="custom"),))
    with pytest.raises(InvalidRequest, match=r"tools\[0\]"):
        callable_tools(free, "x", notes)
    assert notes == []


def test_what_only_another_maker_runs_is_left_out_unless_it_was_chosen() -> None:
    """Codex offers its maker's web search to every model."""
    hosted, notes = Tool("web_search", kind="hosted", raw=Raw(b"{}"), dialect="y"), list[str]()
    offered = Conversation(messages=(HI,), tools=(hosted, Tool("a", None)))
    assert list(callable_tools(offered, "y", notes)) == list(offered.tools) and notes == []
    assert [tool.name for tool in callable_tools(offered, "x", notes)] == ["a"]
    assert notes == ["tools: web_search left out, only its maker runs it"]
    for choice in (ToolChoice("required", ("web_search",)), ToolChoice("auto", hosted=Raw(b'{"type":"mcp"}'))):
        with pytest.raises(InvalidRequest, match="tool_choice"):
            callable_tools(Conversation(messages=(HI,), tools=(hosted,), tool_choice=choice), "x", notes)


def test_a_tool_without_parameters_takes_an_object_without_members() -> None:
    assert (
        bytes(schema_of(Tool("a"))) == bytes(schema_of(Tool("a", parameters=Raw(b"{}")))) == b'{"type":"object","properties":{}}'
    )


def test_pictures_of_several_results_follow_them_together() -> None:
    picture = Image(Source(data="AA=="))
    results = [Message("tool", (ToolResult(name, (Text(name), picture)),)) for name in ("a", "b")]
    notes: list[str] = []
    told = results_in_words([HI, *results], notes)
    assert [message.role for message in told] == ["user", "tool", "tool", "user"]
    assert told[1].parts == (ToolResult("a", (Text("a"),)),) and told[3].parts == (picture, picture)
    assert notes == ["tool results: what is not text follows in a user message"]


def test_an_effort_is_a_share_and_a_name_is_a_digest_of_its_own_salt() -> None:
    assert (budget_of("low", 10000), budget_of("xhigh", 10000), budget_of("low", 100)) == (2000, 9500, 1024)
    assert pseudonym("alice", b"a") == pseudonym("alice", b"a") != pseudonym("alice", b"b")
    assert pseudonym("", b"a") == ""
