"""Conversations of any dialect as requests to Gemini: what it can say, what is left out with a note, what is refused."""

import json
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from entrepot.dialects.dialect import Wishes
from entrepot.dialects.gemini.converse import converse
from entrepot.dialects.gemini.dialect import path_of
from entrepot.dialects.gemini.parse import parse, with_model
from entrepot.dialects.gemini.read import FAMILY
from entrepot.dialects.gemini.render import render, respeak
from entrepot.dialects.gemini.state import signature_of
from entrepot.errors import InvalidRequest
from entrepot.values.conversation import (
    Audio,
    Cache,
    Conversation,
    File,
    Foreign,
    Image,
    Message,
    Opaque,
    OutputFormat,
    Part,
    Reasoning,
    ReasoningWish,
    Refusal,
    Sampling,
    Source,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    fitted,
    source_of,
)
from entrepot.values.model import Reasoning as Thinks

NEW = Wishes("gemini-3.5-flash", family=FAMILY)
OLD = Wishes("gemini-2.5-flash", family=FAMILY)
OURS = Opaque(FAMILY, "U2ln")
THEIRS = Opaque("anthropic-claude-v1", "c2ln")
HI = Message("user", (Text("hi"),))
TOOL = Tool("f", "does", Raw(b'{"type": "object",  "properties": {"n": {"type": "integer"}}}'))


def said(*messages: Message, wishes: Wishes = NEW, **members: Any) -> dict[str, Any]:
    return json.loads(render(Conversation(messages=messages or (HI,), **members), wishes).body)


def notes(*messages: Message, wishes: Wishes = NEW, **members: Any) -> tuple[str, ...]:
    return render(Conversation(messages=messages or (HI,), **members), wishes).notes


def config(wishes: Wishes = NEW, **members: Any) -> dict[str, Any]:
    return said(wishes=wishes, **members).get("generationConfig", {})


def loop(*parts: Part) -> tuple[Message, ...]:
    """A turn of the model with its calls answered."""
    results = tuple(ToolResult(part.id, (Text("ok"),)) for part in parts if isinstance(part, ToolCall))
    return HI, Message("assistant", parts), *([Message("tool", results)] if results else [])


def parts_of(*parts: Part, wishes: Wishes = NEW) -> list[dict[str, Any]]:
    return said(*loop(*parts), wishes=wishes)["contents"][1]["parts"]


def test_paths_are_for_the_gemini_api_and_for_vertex() -> None:
    assert path_of("gemini-3.5-flash", False) == "/models/gemini-3.5-flash:generateContent"
    assert path_of("gemini-3.5-flash", True) == "/models/gemini-3.5-flash:streamGenerateContent?alt=sse"
    assert path_of("tunedModels/a b", False) == "/tunedModels/a%20b:generateContent"


def test_system_texts_lead_and_later_ones_are_the_users() -> None:
    body = said(Message("system", (Text("a"),)), Message("developer", (Text("b"),)), HI, Message("system", (Text("c"),)))
    assert body["systemInstruction"] == {"parts": [{"text": "a"}, {"text": "b"}]}
    assert body["contents"] == [{"role": "user", "parts": [{"text": "hi"}, {"text": "c"}]}]
    assert said(Message("system", (Text("alone"),))) == {"contents": [{"role": "user", "parts": [{"text": "alone"}]}]}


def test_the_first_call_of_a_turn_bears_its_signature_or_the_placeholder() -> None:
    calls = (ToolCall("1", "f", '{"n": 1}', state=OURS), ToolCall("2", "f"))
    assert [part.get("thoughtSignature") for part in parts_of(*calls)] == ["U2ln", None]
    foreign = msgspec.structs.replace(calls[0], state=THEIRS)
    assert [part.get("thoughtSignature") for part in parts_of(foreign, calls[1])] == ["skip_thought_signature_validator", None]
    assert [part.get("thoughtSignature") for part in parts_of(foreign, calls[1], wishes=OLD)] == [None, None]
    assert notes(*loop(foreign)) == ("reasoning: opaque state of anthropic-claude-v1 left out for google-gemini-v1",)


def test_ids_are_for_models_that_take_them_and_never_those_we_made_up() -> None:
    calls = (ToolCall("toolu_1", "f"), ToolCall("call_g0123456789abcdef01234567", "f"), ToolCall("call_g3_0", "f"))
    new, old = said(*loop(*calls)), said(*loop(*calls), wishes=OLD)
    assert [part["functionCall"].get("id") for part in new["contents"][1]["parts"]] == ["toolu_1", None, None]
    assert [part["functionResponse"].get("id") for part in new["contents"][2]["parts"]] == ["toolu_1", None, None]
    assert "id" not in json.dumps(old["contents"])


def test_results_stand_in_one_content_in_the_order_of_their_calls() -> None:
    calls = Message("assistant", (ToolCall("a", "first"), ToolCall("b", "second")))
    results = [Message("tool", (ToolResult(name, (Text(name.upper()),)),)) for name in ("b", "a")]
    content = said(HI, calls, *results, Message("user", (Text("so?"),)))["contents"][2]
    assert [part["functionResponse"]["name"] for part in content["parts"][:2]] == ["first", "second"]
    assert content["parts"][2] == {"text": "so?"}


@pytest.mark.parametrize(
    ("result", "response"),
    [
        (ToolResult("1", (Text("12"),)), {"result": "12"}),
        (ToolResult("1", (Text("1"), Text("2"))), {"result": "12"}),
        (ToolResult("1", (Text(' {"a": 1}\n'),)), {"a": 1}),
        (ToolResult("1", (Text("{no"),)), {"result": "{no"}),
        (ToolResult("1", (Text("bad"),), is_error=True), {"error": "bad"}),
        (ToolResult("1"), {"result": ""}),
    ],
)
def test_results_are_objects(result: ToolResult, response: Any) -> None:
    body = said(HI, Message("assistant", (ToolCall("1", "f"),)), Message("tool", (result,)))
    assert body["contents"][2]["parts"][0]["functionResponse"] == {"id": "1", "name": "f", "response": response}


def test_a_picture_in_a_result_stands_inside_where_that_is_taken_and_beside_where_not() -> None:
    picture = {"inlineData": {"mimeType": "image/png", "data": "AA=="}}
    result = ToolResult("1", (Text("see"), Image(source_of("data:image/png;base64,AA=="))))
    turn = (HI, Message("assistant", (ToolCall("1", "f"),)), Message("tool", (result,)))
    assert said(*turn)["contents"][2]["parts"][0]["functionResponse"]["parts"] == [picture]
    assert said(*turn, wishes=OLD)["contents"][2]["parts"][1] == picture


def test_thoughts_go_back_only_with_state_of_google() -> None:
    assert parts_of(Reasoning("a", state=OURS), Text("x")) == [
        {"text": "a", "thought": True, "thoughtSignature": "U2ln"},
        {"text": "x"},
    ]
    assert parts_of(Reasoning("a", state=THEIRS), Text("x")) == [{"text": "x"}]
    assert parts_of(Reasoning("a"), Text("x")) == [{"text": "x"}]
    assert notes(*loop(Reasoning("a"), Text("x"))) == ("reasoning: text without state left out for google-gemini-v1",)


def test_state_that_came_apart_from_its_part_goes_onto_the_part_after_it() -> None:
    alone = Reasoning(state=Opaque(FAMILY, "U2ln", "encrypted"))
    assert parts_of(alone, Text("x")) == [{"text": "x", "thoughtSignature": "U2ln"}]
    assert parts_of(alone, ToolCall("1", "f"))[0]["thoughtSignature"] == "U2ln"
    assert parts_of(Text("x"), alone) == [{"text": "x"}, {"text": "", "thoughtSignature": "U2ln"}]


def test_arguments_keep_their_bytes_and_what_is_no_object_is_kept_as_text() -> None:
    body = render(Conversation(messages=loop(ToolCall("1", "f", '{"n":  1.0, "m": "\\u00e9"}'))), NEW)
    assert b'"args":{"n":  1.0, "m": "\\u00e9"}' in body.body
    assert parts_of(ToolCall("1", "f", ""))[0]["functionCall"]["args"] == {}
    assert parts_of(ToolCall("1", "f", "[1"))[0]["functionCall"]["args"] == {"_raw": "[1"}


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (
            Image(source_of("https://a.test/b.PNG?x")),
            {"fileData": {"mimeType": "image/png", "fileUri": "https://a.test/b.PNG?x"}},
        ),
        (Image(source_of("data:,a%20b")), {"inlineData": {"mimeType": "image/jpeg", "data": "YSBi"}}),
        (Audio(Source(data="AA=="), "mp3"), {"inlineData": {"mimeType": "audio/mp3", "data": "AA=="}}),
        (File(Source(), "a.txt", "hi"), {"inlineData": {"mimeType": "text/plain", "data": "aGk="}}),
        (
            File(Source(data="AA==", media_type="application/pdf")),
            {"inlineData": {"mimeType": "application/pdf", "data": "AA=="}},
        ),
        (File(Source(file_id="gs://b/c.pdf")), {"fileData": {"mimeType": "application/pdf", "fileUri": "gs://b/c.pdf"}}),
        (File(Source(url="https://a.test/b")), {"fileData": {"fileUri": "https://a.test/b"}}),
        (Refusal("no"), {"text": "no"}),
    ],
)
def test_media_and_other_parts(part: Part, told: Any) -> None:
    assert said(Message("user", (Text("x"), part)))["contents"][0]["parts"][1] == told


def test_what_only_another_provider_has_is_refused_or_noted() -> None:
    with pytest.raises(InvalidRequest) as told:
        said(Message("user", (Image(Source(file_id="file-abc")),)))
    assert told.value.remedy
    assert notes(HI, Message("assistant", (Foreign("openai_responses", "web_search_call", Raw(b"{}")), Text("x")))) == (
        "messages: web_search_call of openai_responses left out",
    )
    code = Foreign("gemini", "executableCode", Raw(b'{"executableCode": {"code": "1"}, "thoughtSignature": "U2ln"}'))
    assert parts_of(code)[0] == {"executableCode": {"code": "1"}, "thoughtSignature": "U2ln"}


def test_functions_with_their_schema_to_the_byte_or_in_the_words_of_older_models() -> None:
    assert bytes(TOOL.parameters) in render(Conversation(messages=(HI,), tools=(TOOL,)), NEW).body
    [declared] = said(tools=(TOOL, Tool("g")), wishes=Wishes("gemini-2.0-flash"))["tools"]
    first, second = declared["functionDeclarations"]
    assert first["parameters"] == {"type": "OBJECT", "properties": {"n": {"type": "INTEGER"}}, "propertyOrdering": ["n"]}
    assert second == {"name": "g", "description": ""}


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        (ToolChoice("auto"), {"mode": "AUTO"}),
        (ToolChoice("none"), {"mode": "NONE"}),
        (ToolChoice("required"), {"mode": "ANY"}),
        (ToolChoice("required", ("f",)), {"mode": "ANY", "allowedFunctionNames": ["f"]}),
        (None, None),
    ],
)
def test_choices(choice: ToolChoice | None, told: Any) -> None:
    assert said(tools=(TOOL,), tool_choice=choice).get("toolConfig", {}).get("functionCallingConfig") == told


def test_a_subset_is_declared_alone_and_strict_tools_are_validated() -> None:
    body = said(tools=(TOOL, Tool("g")), tool_choice=ToolChoice("auto", ("g",)))
    assert [tool["name"] for tool in body["tools"][0]["functionDeclarations"]] == ["g"]
    strict = msgspec.structs.replace(TOOL, strict=True)
    assert said(tools=(strict,))["toolConfig"] == {"functionCallingConfig": {"mode": "VALIDATED"}}


def test_a_search_wished_in_chat_is_googles_own_where_nothing_else_is_called() -> None:
    assert said(web_search=Raw(b"{}"))["tools"] == [{"googleSearch": {}}]
    assert any(note.startswith("web_search_options") for note in notes(web_search=Raw(b"{}"), tools=(TOOL,)))


def test_settings_have_googles_names() -> None:
    sampling = Sampling(temperature=1, top_p=0.5, top_k=4, seed=2**40 + 5, stop=("x",), n=2, logprobs=True, top_logprobs=3)
    told = config(sampling=sampling, max_tokens=9, modalities=("text", "image"), output=OutputFormat("json_object"))
    assert told == {
        "candidateCount": 2, "stopSequences": ["x"], "maxOutputTokens": 9, "temperature": 1, "topP": 0.5, "topK": 4, "seed": 5,
        "responseLogprobs": True, "logprobs": 3, "responseMimeType": "application/json", "responseModalities": ["TEXT", "IMAGE"],
    }  # fmt: skip


def test_a_schema_of_the_answer() -> None:
    output = OutputFormat("json_schema", "a", Raw(b'{"type":  "object"}'), strict=True)
    assert b'"responseJsonSchema":{"type":  "object"}' in render(Conversation(messages=(HI,), output=output), NEW).body
    assert config(Wishes("gemini-2.0-flash"), output=output)["responseSchema"] == {"type": "OBJECT"}


@pytest.mark.parametrize(
    ("model", "wish", "told"),
    [
        ("gemini-2.5-flash", ReasoningWish("none"), {"thinkingBudget": 0}),
        ("gemini-2.5-pro", ReasoningWish("none"), {"thinkingBudget": 128}),
        ("gemini-2.5-flash", ReasoningWish("medium"), {"thinkingBudget": 12288, "includeThoughts": True}),
        ("gemini-2.5-pro", ReasoningWish("high", exclude=True), {"thinkingBudget": 26214}),
        ("gemini-2.5-flash-lite", ReasoningWish(max_tokens=100), {"thinkingBudget": 512, "includeThoughts": True}),
        ("gemini-2.5-pro", ReasoningWish("medium", adaptive=True), {"thinkingBudget": -1, "includeThoughts": True}),
        ("gemini-3-pro-preview", ReasoningWish("medium"), {"thinkingLevel": "HIGH", "includeThoughts": True}),
        ("gemini-3.1-pro-preview", ReasoningWish("medium"), {"thinkingLevel": "MEDIUM", "includeThoughts": True}),
        ("gemini-3.1-pro-preview", ReasoningWish("minimal"), {"thinkingLevel": "LOW", "includeThoughts": True}),
        ("gemini-3.5-flash", ReasoningWish("none"), {"thinkingLevel": "MINIMAL"}),
        ("gemini-3.5-flash", ReasoningWish("xhigh"), {"thinkingLevel": "HIGH", "includeThoughts": True}),
        ("gemini-3.5-flash", ReasoningWish(max_tokens=1024), {"thinkingLevel": "LOW", "includeThoughts": True}),
        ("gemini-2.0-flash", ReasoningWish("high"), None),
        ("gemini-2.5-flash", ReasoningWish(), None),
    ],
)
def test_thinking_is_a_budget_or_a_level(model: str, wish: ReasoningWish, told: Any) -> None:
    assert config(Wishes(model), reasoning=wish).get("thinkingConfig") == told


def test_thoughts_are_asked_for_where_the_model_is_known_to_have_any() -> None:
    assert config(Wishes("gemini-2.5-pro", reasoning=Thinks()))["thinkingConfig"] == {"includeThoughts": True}
    assert "thinkingConfig" not in config(Wishes("gemini-2.5-pro", reasoning=Thinks(), shows=False))
    assert "thinkingConfig" not in config(Wishes("gemini-2.5-flash-lite", reasoning=Thinks()))


def test_what_has_no_word_is_noted_and_what_would_change_the_answer_is_refused() -> None:
    told = notes(sampling=Sampling(min_p=0.1), verbosity="low", cache=Cache(), parallel_tool_calls=False, tools=(TOOL,))
    assert {note.partition(":")[0] for note in told} == {"min_p", "verbosity", "parallel_tool_calls"}
    for members in ({"output": OutputFormat("grammar", grammar="x")}, {"sampling": Sampling(stop=tuple("abcdef"))},
                    {"tools": (Tool("c", kind="custom"),)}, {"tool_choice": ToolChoice("required", hosted=Raw(b"{}"), dialect="x")}):  # fmt: skip
        with pytest.raises(InvalidRequest) as refused:
            said(**members)
        assert refused.value.field and refused.value.remedy


# The same dialect on both sides


def spoken(wishes: Wishes, **members: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    body = {"contents": [{"parts": [{"text": "hi"}]}], "generation_config": {"top_p": 0.5, "speechConfig": {"x": 1}}, **members}
    request = with_model(parse(json.dumps(body).encode()), "google/x", stream=False)
    return body, json.loads(respeak(request, wishes).body)


def test_what_the_plan_drops_is_taken_out_and_nothing_else_changes() -> None:
    config = {"thinkingConfig": {"thinkingBudget": 500}, "maxOutputTokens": 100, "temperature": 1, "seed": 3, "other": [1, 2]}
    members = {"generation_config": config, "tools": [{"googleSearch": {}}], "safety_settings": [], "zzz": {"a": 1}}
    body, told = spoken(msgspec.structs.replace(OLD, dropped=("temperature", "tools"), max_tokens=50, effort="high"), **members)
    kept = {"thinkingConfig": {"thinkingBudget": 500}, "maxOutputTokens": 50, "seed": 3, "other": [1, 2]}
    assert told["generation_config"] == kept
    assert told.keys() == body.keys() - {"tools"}
    assert (told["contents"], told["safety_settings"], told["zzz"]) == (body["contents"], [], {"a": 1})


def test_a_length_that_the_plan_adds_is_added() -> None:
    body, told = spoken(msgspec.structs.replace(OLD, max_tokens=77))
    assert told["generation_config"] == {**body["generation_config"], "maxOutputTokens": 77}
    assert told["contents"] == body["contents"]


def test_what_is_only_the_gateways_is_not_sent_on() -> None:
    body, told = spoken(OLD, model="models/x", models=["a/b"], provider={"order": ["google"]})
    assert told == {name: body[name] for name in ("contents", "generation_config")}


def test_state_of_other_makers_is_left_out_for_google() -> None:
    turn = {"role": "model", "parts": [{"text": "x", "thoughtSignature": signature_of(THEIRS, FAMILY)}], "zzz": 1}
    contents = [{"parts": [{"text": "hi"}], "zzz": 2}, turn, {"parts": [{"text": "?"}]}]
    request = parse(json.dumps({"contents": contents}).encode())
    rendered = respeak(request, OLD)
    assert json.loads(rendered.body)["contents"] == [contents[0], {"role": "model", "parts": [{"text": "x"}]}, contents[2]]
    assert rendered.notes == ("reasoning: opaque state of anthropic-claude-v1 left out for google-gemini-v1",)


def test_fitting_a_conversation_that_asks_for_nothing_changes_nothing() -> None:
    body = b'{"contents" : [ {"parts":[{"text":"hi"}]} ]}'
    request = parse(body)
    assert respeak(request, OLD).body == body
    assert json.loads(render(fitted(converse(request), (), None, None), OLD).body) == json.loads(body)
