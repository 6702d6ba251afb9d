"""What is rendered for Cohere, Ollama and Bedrock: the recorded requests to the letter, and always what the vendor's schema takes."""

import functools
import json
from base64 import b64decode
from typing import Any

import jsonschema
import pytest
from native import ROOT, WHY_SKIPPED, dialect, native_recordings
from said import EVERYTHING, said_to_bedrock

from entrepot.dialects.dialect import Wishes
from entrepot.dialects.openai_chat.converse import converse
from entrepot.dialects.openai_chat.parse import parse_request
from entrepot.values.conversation import Conversation
from entrepot.values.model import Reasoning

needs_recordings = pytest.mark.skipif(not ROOT.exists(), reason=WHY_SKIPPED)
CLAUDE = "anthropic-claude-v1"


def sent(name: str) -> list[Any]:
    found = native_recordings(name) if ROOT.exists() else ()
    return [pytest.param(recording.request, id=recording.name) for recording in found]


def heard_as_chat(body: dict[str, Any]) -> Conversation:
    return converse(parse_request(json.dumps(body).encode()))


def rendered(name: str, conversation: Conversation, model: str, **wishes: Any) -> dict[str, Any]:
    render = dialect(name).render
    assert render
    told: dict[str, Any] = json.loads(render(conversation, Wishes(model, **({"family": "unknown"} | wishes))).body)
    return told


@needs_recordings
@pytest.mark.parametrize("body", sent("cohere"))
def test_cohere_gets_its_recorded_requests_from_the_same_question_in_chat(body) -> None:
    asked = json.loads(json.dumps(body))
    for message in asked["messages"]:
        blocks = message["content"] if isinstance(message.get("content"), list) else []
        thought = [block["thinking"] for block in blocks if block["type"] == "thinking"]
        if thought:
            message |= {"reasoning": thought[0], "content": [block for block in blocks if block["type"] == "text"]}
    if "tool_choice" in asked:
        asked["tool_choice"] = asked["tool_choice"].lower()
    told = rendered("cohere", heard_as_chat(asked), body["model"])
    for message in body["messages"]:
        if message.get("content", "") is None:
            del message["content"]
    assert told == body


@needs_recordings
@pytest.mark.parametrize("body", sent("ollama"))
def test_ollama_gets_its_recorded_requests_from_the_same_question_in_chat(body) -> None:
    asked = {"model": body["model"], "messages": json.loads(json.dumps(body["messages"])), "stream": body["stream"]}
    asked |= body.get("options", {})
    for message in asked["messages"]:
        for call in message.get("tool_calls", ()):
            call |= {"id": "call_1", "type": "function"}
            call["function"]["arguments"] = json.dumps(call["function"]["arguments"])
        if message["role"] == "tool":
            message["tool_call_id"] = "call_1"
    told = rendered("ollama", heard_as_chat(asked), body["model"])
    for message in told["messages"]:
        message.pop("tool_name", None)
    assert told == {name: value for name, value in body.items() if value not in (None, "", [], {})}


@needs_recordings
@pytest.mark.parametrize("body", sent("bedrock_converse"))
def test_bedrock_gets_its_recorded_requests_again(body) -> None:
    body.pop("guardrailConfig", None)
    model = "us.anthropic.claude-x-4-5" if "additionalModelRequestFields" in body else "us.amazon.nova-micro-v1:0"
    told = rendered("bedrock_converse", said_to_bedrock(body, CLAUDE), model, family=CLAUDE)
    for document in _documents(body) + _documents(told):
        document["source"] = b64decode(document["source"]["bytes"])
    for message in body["messages"]:
        for block in message["content"]:
            block.get("toolResult", {}).pop("status", None)
    settings = {name: value for name, value in body.pop("inferenceConfig").items() if value != []}
    asked = body | {"inferenceConfig": settings}
    assert told == {name: value for name, value in asked.items() if value not in ([], {})}


def _documents(body: dict[str, Any]) -> list[dict[str, Any]]:
    blocks = [block for message in body["messages"] for block in message["content"]]
    return [block["document"] for block in blocks if "document" in block]


@functools.cache
def ollama_schema() -> dict[str, Any]:
    document = json.loads((ROOT.parent / "data" / "ollama-openapi.json").read_text(encoding="utf8"))
    return {"$ref": "#/components/schemas/ChatRequest", "components": document["components"]}


@needs_recordings
@pytest.mark.parametrize("conversation", EVERYTHING["ollama"])
def test_what_ollama_gets_is_what_its_schema_takes(conversation) -> None:
    faults = jsonschema.Draft202012Validator(ollama_schema()).iter_errors(rendered("ollama", conversation, "qwen3"))
    assert [fault.message for fault in faults] == []


@functools.cache
def converse_shape() -> Any:
    loaders = pytest.importorskip("botocore.loaders", reason="botocore, which has the service's schema, is optional")
    from botocore.model import ServiceModel

    model = loaders.Loader().load_service_model("bedrock-runtime", "service-2")
    return ServiceModel(model).operation_model("Converse").input_shape


@pytest.mark.parametrize("model", ["anthropic.claude-opus-4-7", "anthropic.claude-sonnet-4-5", "amazon.nova-2-lite-v1:0", "x.y"])
@pytest.mark.parametrize("conversation", EVERYTHING["bedrock_converse"])
def test_what_bedrock_gets_is_what_its_schema_takes(conversation, model) -> None:
    shape = converse_shape()
    from botocore.validate import ParamValidator

    told = rendered("bedrock_converse", conversation, model, family=CLAUDE, reasoning=Reasoning(), user_salt=b"s")
    report = ParamValidator().validate(told | {"modelId": model}, shape)
    assert not report.has_errors(), report.generate_report()
