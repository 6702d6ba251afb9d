"""What a conversation becomes for Converse where it has no word for word."""

import json
from base64 import b64decode
from typing import Any

import pytest
from msgspec import Raw
from said import CALLS, LOOP, PDF, PLAIN, PNG, TOOL

from entrepot.dialects.bedrock_converse.dialect import dialect
from entrepot.dialects.bedrock_converse.render import render
from entrepot.dialects.dialect import Rendered, Wishes
from entrepot.errors import InvalidRequest
from entrepot.values.conversation import (
    Audio,
    Conversation,
    File,
    Foreign,
    Image,
    Message,
    Opaque,
    OutputFormat,
    Reasoning,
    ReasoningWish,
    Sampling,
    Source,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from entrepot.values.model import Reasoning as Thinks

CLAUDE = Wishes("us.anthropic.claude-sonnet-4-5", family="anthropic-claude-v1", reasoning=Thinks())
NEWER = Wishes("us.anthropic.claude-opus-4-7", family="anthropic-claude-v1", reasoning=Thinks(("high", "low")))
NOVA = Wishes("us.amazon.nova-2-lite-v1:0", family="amazon-nova-v1")


def body_of(rendered: Rendered) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(rendered.body)
    return told


def asked(*parts: Any, **more: Any) -> Conversation:
    return Conversation(messages=(Message("user", parts),), **more)


def test_a_tool_loop_keeps_its_order_its_state_and_safe_ids() -> None:
    told = body_of(render(Conversation(messages=LOOP, tools=(TOOL,)), CLAUDE))
    assert told["system"] == [{"text": "Be brief."}, {"cachePoint": {"type": "default", "ttl": "1h"}}]
    question, answer, results = told["messages"]
    assert [next(iter(block)) for block in answer["content"]] == ["reasoningContent", "text", "toolUse", "toolUse"]
    assert answer["content"][0]["reasoningContent"]["reasoningText"] == {"text": "Paris first", "signature": "c2ln"}
    first, second = [block["toolResult"] for block in results["content"] if "toolResult" in block]
    assert first["toolUseId"] == answer["content"][2]["toolUse"]["toolUseId"] != "call|1"
    assert (second["status"], second["content"], answer["content"][3]["toolUse"]["input"]) == ("error", [], {})
    assert [next(iter(block)) for block in results["content"]] == ["toolResult", "toolResult", "cachePoint", "text", "image"]
    assert [question["role"], answer["role"], results["role"]] == ["user", "assistant", "user"]


def test_arguments_keep_their_bytes_and_those_that_are_no_object_are_told() -> None:
    calls = (ToolCall("a", "f", '{"x":  1.50}'), ToolCall("b", "f", "{oops"))
    rendered = render(Conversation(messages=(*PLAIN, Message("assistant", calls)), tools=(TOOL,)), CLAUDE)
    assert b'"input":{"x":  1.50}' in rendered.body and b'"input":{"_raw":"{oops"}' in rendered.body
    assert any("of b are not a JSON object" in note for note in rendered.notes)


@pytest.mark.parametrize("wishes", [NOVA, Wishes("x", family="unknown")])
def test_state_of_another_maker_stays_behind_and_the_record_says_so(wishes: Wishes) -> None:
    unknown = Reasoning("?", state=Opaque("unknown", "x"))
    rendered = render(Conversation(messages=(*PLAIN, Message("assistant", (*CALLS, unknown))), tools=(TOOL,)), wishes)
    assert b"reasoningContent" not in rendered.body
    assert f"reasoning: opaque state of anthropic-claude-v1 left out for {wishes.family}" in rendered.notes


def test_hidden_reasoning_goes_back_as_the_bytes_that_came() -> None:
    hidden = Reasoning(state=Opaque("anthropic-claude-v1", "EtkE\xff", "encrypted"))
    told = body_of(render(Conversation(messages=(*PLAIN, Message("assistant", (hidden,)))), CLAUDE))
    assert b64decode(told["messages"][1]["content"][0]["reasoningContent"]["redactedContent"]) == b"EtkE\xff"
    forged = Reasoning(state=Opaque("anthropic-claude-v1", "\u20ac", "encrypted"))
    with pytest.raises(InvalidRequest, match="not as it was given"):
        render(Conversation(messages=(*PLAIN, Message("assistant", (forged,)))), CLAUDE)


def test_documents_get_names_that_bedrock_accepts_each_its_own() -> None:
    parts = (File(PDF, "a/b?.pdf"), File(PDF, "a b.pdf"), File(Source(), "n.txt", text="words", context="why", citable=True))
    rendered = render(asked(*parts), CLAUDE)
    first, second, third = [block["document"] for block in body_of(rendered)["messages"][0]["content"] if "document" in block]
    assert (first["name"], second["name"], first["format"]) == ("a b", "a b 2", "pdf")
    assert b64decode(third.pop("source")["bytes"]) == b"words"
    assert third == {"format": "txt", "name": "n", "context": "why", "citations": {"enabled": True}}
    assert body_of(rendered)["messages"][0]["content"][-1] == {"text": "See the document."}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (Image(Source(url="https://a.test/x.png")), "image/png"),
        (Image(Source(url="https://a.test/x.png", media_type="image/png")), "the image inline"),
        (Image(Source(data="AA==", media_type="image/tiff")), "image/png"),
        (Audio(Source(data="AA=="), "amr"), "sound as one of"),
        (File(Source(file_id="file_1")), "application/pdf"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_its_path_and_the_remedy(part: Any, expected: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        render(asked(Text("Look"), part), CLAUDE)
    assert refused.value.field == "messages[0].content[1]"
    assert expected in str(refused.value.expected) and refused.value.remedy


def test_a_picture_that_the_assistant_made_is_left_out_with_a_note() -> None:
    rendered = render(Conversation(messages=(*PLAIN, Message("assistant", (Text("Here"), Image(PNG))))), NOVA)
    assert b'"image"' not in rendered.body
    assert rendered.notes == ("messages[1].content[1]: image of the assistant left out",)


def test_files_in_s3_are_named_and_not_fetched() -> None:
    told = body_of(render(asked(Text("Look"), File(Source(url="s3://bucket/a.pdf"), "a.pdf")), CLAUDE))
    assert told["messages"][0]["content"][1]["document"]["source"] == {"s3Location": {"uri": "s3://bucket/a.pdf"}}


def test_thinking_is_a_budget_for_older_claude_and_leaves_room_for_the_answer() -> None:
    wish = ReasoningWish(max_tokens=4000)
    rendered = render(asked(Text("Hi"), reasoning=wish, max_tokens=1000, sampling=Sampling(temperature=0.2, top_k=3)), CLAUDE)
    told = body_of(rendered)
    assert told["additionalModelRequestFields"] == {"thinking": {"type": "enabled", "budget_tokens": 4000}}
    assert told["inferenceConfig"] == {"maxTokens": 5000}
    assert {note.partition(":")[0] for note in rendered.notes} == {"max_tokens", "temperature", "top_k"}


def test_claude_takes_a_temperature_or_top_p_and_nova_both() -> None:
    question = asked(Text("Hi"), sampling=Sampling(temperature=1.5, top_p=0.9))
    assert body_of(render(question, CLAUDE))["inferenceConfig"] == {"temperature": 1.0}
    assert body_of(render(question, NOVA))["inferenceConfig"] == {"temperature": 1.0, "topP": 0.9}


def test_thinking_is_an_effort_for_newer_claude_and_for_nova() -> None:
    question = asked(Text("Hi"), reasoning=ReasoningWish("high"))
    adaptive = {"thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "high"}}
    assert body_of(render(question, NEWER))["additionalModelRequestFields"] == adaptive
    unknown = Wishes("eu.anthropic.claude-opus-5-v1", family="anthropic-claude-v1")
    assert body_of(render(question, unknown))["additionalModelRequestFields"] == adaptive
    nova = {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}}
    assert body_of(render(question, NOVA))["additionalModelRequestFields"] == nova
    assert "additionalModelRequestFields" not in body_of(render(asked(Text("Hi"), reasoning=ReasoningWish("none")), CLAUDE))


def test_a_forced_call_and_a_budget_do_not_go_together_and_the_call_is_kept() -> None:
    choice = ToolChoice("required", (TOOL.name,))
    rendered = render(asked(Text("Hi"), tools=(TOOL,), tool_choice=choice, reasoning=ReasoningWish("low")), CLAUDE)
    assert body_of(rendered)["toolConfig"]["toolChoice"] == {"tool": {"name": TOOL.name}}
    assert "additionalModelRequestFields" not in body_of(rendered)
    assert "reasoning: left out, Claude does not think when it is made to call a tool" in rendered.notes


def test_a_choice_of_none_leaves_the_tools_out_unless_calls_in_the_history_demand_them() -> None:
    none = ToolChoice("none")
    assert "toolConfig" not in body_of(render(Conversation(messages=PLAIN, tools=(TOOL,), tool_choice=none), CLAUDE))
    rendered = render(Conversation(messages=LOOP, tools=(TOOL,), tool_choice=none), CLAUDE)
    assert list(body_of(rendered)["toolConfig"]) == ["tools"]
    assert any(note.startswith("tool_choice: none left out") for note in rendered.notes)
    names = [tool["toolSpec"]["name"] for tool in body_of(render(Conversation(messages=LOOP), CLAUDE))["toolConfig"]["tools"]]
    assert names == ["get_weather", "now"]


def test_a_choice_among_some_tools_sends_those_alone() -> None:
    tools = (TOOL, Tool("now", None), Tool("third", None))
    told = body_of(
        render(Conversation(messages=PLAIN, tools=tools, tool_choice=ToolChoice("required", ("now", "third"))), CLAUDE)
    )
    assert [tool["toolSpec"]["name"] for tool in told["toolConfig"]["tools"]] == ["now", "third"]
    assert told["toolConfig"]["toolChoice"] == {"any": {}}
    assert told["toolConfig"]["tools"][0]["toolSpec"] == {
        "name": "now",
        "inputSchema": {"json": {"type": "object", "properties": {}}},
    }


def test_a_schema_is_sent_as_the_text_it_came_as() -> None:
    output = OutputFormat("json_schema", "pet", Raw(b'{"type":  "object"}'))
    told = body_of(render(asked(Text("Hi"), output=output), NOVA))
    assert told["outputConfig"]["textFormat"]["structure"]["jsonSchema"] == {"schema": '{"type":  "object"}', "name": "pet"}
    closed = body_of(render(asked(Text("Hi"), output=output), CLAUDE))["outputConfig"]["textFormat"]["structure"]["jsonSchema"]
    assert json.loads(closed["schema"])["additionalProperties"] is False


def test_a_model_without_schemas_answers_by_a_tool() -> None:
    output = OutputFormat("json_schema", "pet", Raw(b'{"type":"object"}'))
    nova = Wishes("us.amazon.nova-pro-v1:0", family="amazon-nova-v1", schemas=False)
    told = body_of(render(asked(Text("Hi"), output=output), nova))
    assert "outputConfig" not in told and told["toolConfig"]["toolChoice"] == {"tool": {"name": "entrepot_answer"}}
    assert told["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"] == {"json": {"type": "object"}}
    beside = body_of(render(asked(Text("Hi"), output=output, tools=(TOOL,)), nova))
    assert (len(beside["toolConfig"]["tools"]), beside["toolConfig"]["toolChoice"]) == (2, {"any": {}})


def test_a_loop_that_began_without_thinking_goes_on_without() -> None:
    begun = (*PLAIN, Message("assistant", (ToolCall("a", "now", "{}"),)), Message("tool", (ToolResult("a"),)))
    rendered = render(Conversation(messages=begun, tools=(TOOL,), reasoning=ReasoningWish("low")), CLAUDE)
    assert "additionalModelRequestFields" not in body_of(rendered)
    assert any("calls under way" in note for note in rendered.notes)
    thought = Message("assistant", CALLS)
    kept = render(Conversation(messages=(*PLAIN, thought, *LOOP[3:5]), tools=(TOOL,), reasoning=ReasoningWish("low")), CLAUDE)
    assert body_of(kept)["additionalModelRequestFields"]["thinking"]["type"] == "enabled"


def test_turns_alternate_and_begin_with_the_user() -> None:
    said = [Message("assistant", (Text("a"),)), Message("user", (Text(""),)), Message("assistant", (Text("b"),))]
    rendered = render(Conversation(messages=tuple(said)), CLAUDE)
    assert [(turn["role"], len(turn["content"])) for turn in body_of(rendered)["messages"]] == [("user", 1), ("assistant", 2)]
    assert any("a user turn stands before the first" in note for note in rendered.notes)


def test_its_own_blocks_go_back_and_those_of_others_do_not() -> None:
    mine = Foreign("bedrock_converse", "guardContent", Raw(b'{"guardContent":{"text":{"text":"x"}}}'))
    rendered = render(asked(Text("Hi"), mine, Foreign("gemini", "executableCode", Raw(b"{}"))), CLAUDE)
    assert body_of(rendered)["messages"][0]["content"][1] == {"guardContent": {"text": {"text": "x"}}}
    assert "messages[0].content[2]: executableCode left out, Converse does not know it" in rendered.notes


@pytest.mark.parametrize(
    "change", [{"sampling": Sampling(n=2)}, {"modalities": ("text", "audio")}, {"output": OutputFormat("grammar")}]
)
def test_what_would_change_the_question_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        render(asked(Text("Hi"), **change), CLAUDE)


def test_the_end_user_is_a_digest_and_the_model_stands_encoded_in_the_path() -> None:
    told = body_of(render(asked(Text("Hi"), Image(PNG), user="alice@example.test"), CLAUDE))
    assert len(told["requestMetadata"]["user"]) == 32 and "alice" not in json.dumps(told)
    assert dialect.path and dialect.path("us.a-v1:0", True) == "/model/us.a-v1%3A0/converse-stream"
    assert dialect.path("arn:aws:bedrock:x/y", False) == "/model/arn%3Aaws%3Abedrock%3Ax%2Fy/converse"
