"""Gemini requests as conversations."""

import base64
import json
from typing import Any

import pytest
from msgspec import Raw

from entrepot.dialects.gemini.converse import converse
from entrepot.dialects.gemini.parse import parse
from entrepot.dialects.gemini.read import FAMILY
from entrepot.dialects.gemini.state import signature_of, thought_signature
from entrepot.errors import InvalidRequest
from entrepot.values.conversation import (
    Audio,
    Conversation,
    File,
    Foreign,
    Image,
    Opaque,
    Reasoning,
    ReasoningWish,
    Source,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Video,
)

SIGNED = base64.b64encode(b"what only Google reads").decode()
CLAUDE = Opaque("anthropic-claude-v1", "c2ln/+==")


def heard(contents: Any = None, **members: Any) -> Conversation:
    contents = contents or [{"role": "user", "parts": [{"text": "hi"}]}]
    return converse(parse(json.dumps({"contents": contents, **members}).encode()))


def model(*parts: Any) -> dict[str, Any]:
    return {"role": "model", "parts": list(parts)}


def user(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "parts": list(parts)}


def call(name: str, **more: Any) -> dict[str, Any]:
    return {"functionCall": {"name": name, "args": {}, **more}}


def result(name: str, said: Any = "ok", **more: Any) -> dict[str, Any]:
    return {"functionResponse": {"name": name, "response": {"result": said}, **more}}


def refused(contents: Any, **members: Any) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as told:
        heard(contents, **members)
    assert told.value.expected and told.value.remedy
    return told.value


def test_parts_keep_their_order_and_their_signatures() -> None:
    said = heard([
        user({"text": "go"}),
        model({"text": "hm", "thought": True}, {"text": "well", "thoughtSignature": SIGNED}, call("a", id="1"), call("b", id="2")),
        user(result("a", id="1"), result("b", id="2"), {"text": "and?"}),
    ])  # fmt: skip
    assert [message.role for message in said.messages] == ["user", "assistant", "tool", "user"]
    assert said.messages[1].parts == (
        Reasoning("hm"),
        Text("well", state=Opaque(FAMILY, SIGNED)),
        ToolCall("1", "a", "{}"),
        ToolCall("2", "b", "{}"),
    )


def test_results_without_ids_belong_to_the_first_open_call_of_their_name() -> None:
    said = heard([
        user({"text": "go"}),
        model(call("a"), call("b"), call("a")),
        user(result("b", "B"), result("a", "A1"), result("a", "A2")),
        model(call("a")),
        user(result("a", "A3")),
    ])  # fmt: skip
    calls = [part for message in said.messages for part in message.parts if isinstance(part, ToolCall)]
    results = [part for message in said.messages for part in message.parts if isinstance(part, ToolResult)]
    assert len({part.id for part in calls}) == 4
    by_id = {part.call_id: part.parts[0].text for part in results}
    assert [by_id[part.id] for part in calls] == ["A1", "B", "A2", "A3"]


def test_ids_join_when_both_have_them_and_names_when_one_has_not() -> None:
    said = heard(
        [user({"text": "go"}), model(call("a", id="x"), call("a", id="y")), user(result("a", "Y", id="y"), result("a", "X"))]
    )
    results = {part.call_id: part.parts[0].text for part in said.messages[2].parts}
    assert results == {"x": "X", "y": "Y"}


@pytest.mark.parametrize(
    ("response", "told"),
    [
        ({"result": "12"}, (Text("12"),)),
        ({"output": "12"}, (Text("12"),)),
        ({"a": 1, "b": [2]}, (Text('{"a": 1, "b": [2]}'),)),
        ({"result": {"a": 1}}, (Text('{"result": {"a": 1}}'),)),
        ({}, (Text("{}"),)),
    ],
)
def test_what_a_result_says(response: Any, told: Any) -> None:
    answer = {"functionResponse": {"name": "a", "response": response}}
    [message] = heard([user({"text": "go"}), model(call("a")), user(answer)]).messages[2:]
    assert message.parts[0].parts == told
    assert not message.parts[0].is_error


def test_an_error_and_a_picture_in_a_result() -> None:
    picture = {"inlineData": {"mimeType": "image/png", "data": "AA=="}}
    answer = {"functionResponse": {"name": "a", "response": {"error": "no"}, "parts": [picture]}}
    [message] = heard([user({"text": "go"}), model(call("a")), user(answer)]).messages[2:]
    expected = (Text("no"), Image(Source(data="AA==", media_type="image/png")))
    assert message.parts == (ToolResult(message.parts[0].call_id, expected, "a", is_error=True),)


def test_thoughts_that_came_in_pieces_are_one_thought() -> None:
    pieces = [
        {"text": "a", "thought": True},
        {"text": "b", "thought": True},
        {"text": "", "thought": True, "thoughtSignature": SIGNED},
    ]
    said = heard([user({"text": "go"}), model(*pieces, {"text": "c", "thought": True}, {"text": "d"}), user({"text": "?"})])
    assert said.messages[1].parts == (
        Reasoning("ab", state=Opaque(FAMILY, SIGNED), family=FAMILY),
        Reasoning("c"),
        Text("d"),
    )


def test_state_of_another_maker_comes_back_as_it_was_packed() -> None:
    thought = Reasoning(
        "", ("First,", "then."), Opaque("openai-responses-v1", "gAAA", "encrypted"), "rs_1", "openai-responses-v1"
    )
    hidden = Reasoning("so it is", state=CLAUDE, family="anthropic-claude-v1")
    said = heard([
        user({"text": "go"}),
        model({"text": "First,\n\nthen.", "thought": True, "thoughtSignature": thought_signature(thought, FAMILY, shown=True)},
              {"text": "", "thought": True, "thoughtSignature": thought_signature(hidden, FAMILY, shown=False).replace("+", "-")},
              {"text": "x", "thoughtSignature": signature_of(CLAUDE, FAMILY).replace("/", "_")}),
        user({"text": "?"}),
    ])  # fmt: skip
    assert said.messages[1].parts == (thought, hidden, Text("x", state=CLAUDE))


def test_media_are_of_their_kinds_and_base64_is_of_the_usual_alphabet() -> None:
    def blob(kind: str, data: str) -> Any:
        return {"inline_data": {"mime_type": kind, "data": data}}

    def file(uri: str, kind: str = "") -> Any:
        return {"fileData": {"fileUri": uri, "mimeType": kind}}

    parts = [blob("image/png", "_-8"), blob("audio/wav", "AA=="), blob("application/pdf", "AA=="), blob("text/plain", "aGk="),
             file("gs://bucket/a.mp4", "video/mp4"), file("https://youtu.be/x"), file("https://a.test/b.pdf", "application/pdf")]  # fmt: skip
    [message] = heard([user(*parts)]).messages
    assert message.parts == (
        Image(Source(data="/+8=", media_type="image/png")),
        Audio(Source(data="AA==", media_type="audio/wav"), "wav"),
        File(Source(data="AA==", media_type="application/pdf")),
        File(Source(data="aGk=", media_type="text/plain"), text="hi"),
        Video(Source(file_id="gs://bucket/a.mp4", media_type="video/mp4")),
        Video(Source(url="https://youtu.be/x")),
        File(Source(url="https://a.test/b.pdf", media_type="application/pdf")),
    )


def test_code_that_ran_is_kept_whole() -> None:
    code = {"executableCode": {"language": "PYTHON", "code": "1"}, "thoughtSignature": SIGNED}
    [_, message, _] = heard([user({"text": "go"}), model(code), user({"text": "?"})]).messages
    assert message.parts == (Foreign("gemini", "executableCode", Raw(json.dumps(code).encode())),)


def test_tools_choices_and_schemas() -> None:
    google = {"type": "OBJECT", "properties": {"n": {"type": "INTEGER", "nullable": True}}, "property_ordering": ["n"]}
    declared = [
        {"name": "a", "description": "A", "parameters": google},
        {"name": "b", "parametersJsonSchema": {"$ref": "#/x"}},
        {"name": "c"},
    ]
    said = heard(
        tools=[{"functionDeclarations": declared, "codeExecution": {}}, {"googleSearch": {}}],
        toolConfig={
            "functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["a"]},
            "retrievalConfig": {"languageCode": "de"},
        },
    )
    first, second, third, code, search = said.tools
    assert json.loads(bytes(first.parameters)) == {"type": "object", "properties": {"n": {"type": ["integer", "null"]}}}
    assert (bytes(second.parameters), third) == (b'{"$ref": "#/x"}', Tool("c"))
    assert [(tool.name, tool.kind, bytes(tool.raw)) for tool in (code, search)] == [
        ("codeExecution", "hosted", b'{"codeExecution":{}}'),
        ("googleSearch", "hosted", b'{"googleSearch":{}}'),
    ]
    assert said.tool_choice == ToolChoice("required", ("a",))
    assert said.extra.keys() == {"toolConfig.retrievalConfig"}


def test_what_has_no_meaning_here_is_extra() -> None:
    said = heard(safetySettings=[], cachedContent="cachedContents/x", generationConfig={"speechConfig": {}, "topP": 1})
    assert said.extra.keys() == {"safetySettings", "cachedContent", "generationConfig.speechConfig"}


@pytest.mark.parametrize(
    ("config", "kind", "schema"),
    [
        ({}, "text", None),
        ({"responseMimeType": "text/plain"}, "text", None),
        ({"responseMimeType": "application/json"}, "json_object", None),
        ({"responseMimeType": "application/json", "responseSchema": {"type": "STRING"}}, "json_schema", {"type": "string"}),
        ({"response_mime_type": "application/json", "response_json_schema": {"type": "null"}}, "json_schema", {"type": "null"}),
        ({"responseMimeType": "text/x.enum", "responseSchema": {"type": "STRING", "enum": ["a"]}}, "text", None),
    ],
)
def test_the_form_of_the_answer(config: Any, kind: str, schema: Any) -> None:
    output = heard(generationConfig=config).output
    assert output.kind == kind
    assert (json.loads(bytes(output.schema)) if bytes(output.schema) else None) == schema


def test_wishes_to_think() -> None:
    def wish(**thinking: Any) -> ReasoningWish:
        return heard(generationConfig={"thinkingConfig": thinking}).reasoning

    assert wish(thinkingBudget=1024) == ReasoningWish("low", 1024)
    assert wish(thinkingBudget=0) == ReasoningWish("none")
    assert wish(thinkingBudget=-1, includeThoughts=True) == ReasoningWish("medium", exclude=False, summary="auto", adaptive=True)
    assert wish(thinkingLevel="HIGH", includeThoughts=False) == ReasoningWish("high", exclude=True)


@pytest.mark.parametrize(
    ("contents", "path"),
    [
        ([user(result("a"))], "contents[0].parts[0].functionResponse"),
        ([user({"text": "x"}), model(call("a")), user(result("b"))], "contents[2].parts[0].functionResponse"),
        (
            [user({"text": "x"}), model(call("a"), call("b")), user(result("a")), model({"text": "y"})],
            "contents[1].parts[1].functionCall",
        ),
        ([user({"text": "x"}), model({"text": "y"}, call("a"))], "contents[1].parts[1].functionCall"),
        ([user(call("a"))], "contents[0].parts[0].functionCall"),
        ([model(result("a"))], "contents[0].parts[0].functionResponse"),
        ([{"role": "system", "parts": []}], "contents[0].role"),
        ([user({"holograph": {}})], "contents[0].parts[0]"),
        ([user({})], "contents[0].parts[0]"),
        ([user({"text": "x", "inlineData": {}})], "contents[0].parts[0]"),
        ([user({"inlineData": {"mimeType": "image/png", "data": "not base64!"}})], "contents[0].parts[0].inlineData.data"),
        ([user({"fileData": {}})], "contents[0].parts[0].fileData.fileUri"),
        ([model({"text": "x", "thoughtSignature": "not base64!"})], "contents[0].parts[0].thoughtSignature"),
        ([model({"text": "x", "thoughtSignature": "ZW50cmVwb3Q6eyJm"})], "contents[0].parts[0].thoughtSignature"),
        ([model({"functionCall": {"name": "a", "args": [1]}})], "contents[0].parts[0].functionCall.args"),
        ([model({"functionCall": {"args": {}}})], "contents[0].parts[0].functionCall.name"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(contents: Any, path: str) -> None:
    assert refused(contents).field == path


def test_only_text_instructs() -> None:
    picture = {"parts": [{"inlineData": {"mimeType": "image/png", "data": "AA=="}}]}
    assert refused(None, systemInstruction=picture).field == "systemInstruction.parts[0]"
    assert (
        refused(None, toolConfig={"functionCallingConfig": {"mode": "SOMETIMES"}}).field
        == "toolConfig.functionCallingConfig.mode"
    )
