"""The vendors' published documents, where `../shared` is there, as validators of what each dialect's clients and providers see."""

import functools
import json
from typing import Any

import jsonschema_rs
from gemini_schema import NEWER
from recordings import ROOT

_PLACES = {
    "openai_chat": "specs/openai.trimmed.openapi.json",
    "openai_responses": "specs/openai.trimmed.openapi.json",
    "anthropic_messages": "data/anthropic-openapi.json",
    "gemini": "data/gemini-openapi.json",
    "ollama": "data/ollama-openapi.json",
}
REQUESTS = {
    "openai_chat": "CreateChatCompletionRequest",
    "openai_responses": "CreateResponse",
    "anthropic_messages": "CreateMessageParams",
    "gemini": "GenerateContentRequest",
    "ollama": "ChatRequest",
}
ANSWERS = {
    "openai_chat": ("CreateChatCompletionResponse", "CreateChatCompletionStreamResponse"),
    "openai_responses": ("Response", "ResponseStreamEvent"),
    "anthropic_messages": ("Message", "MessageStreamEvent"),
    "gemini": ("GenerateContentResponse", "GenerateContentResponse"),
}
THERE = all((ROOT.parent / place).is_file() for place in _PLACES.values())
WHY_SKIPPED = "the vendors' published documents are not beside the checkout"


@functools.cache
def _components(place: str) -> Any:
    """With `anyOf` for `oneOf`: alternatives overlap in these documents, so that exactly one never holds."""
    told = json.loads((ROOT.parent / place).read_text(encoding="utf8"), object_hook=_loosened)["components"]
    if "gemini" in place:
        for title, newer in NEWER.items():
            told["schemas"][title]["properties"] |= newer
        told["schemas"]["GenerateContentRequest"]["required"] = ["contents"]
    return told


def _loosened(told: dict[str, Any]) -> dict[str, Any]:
    if isinstance(told.get("oneOf"), list):
        told["anyOf"] = told.get("anyOf", []) + told.pop("oneOf")
    told.pop("discriminator", None)
    return told


@functools.cache
def _validator(dialect: str, name: str) -> Any:
    schema = {"$ref": f"#/components/schemas/{name}", "components": _components(_PLACES[dialect])}
    return jsonschema_rs.Draft202012Validator(schema)


def faults(dialect: str, name: str, told: Any) -> list[str]:
    """What is wrong with a value, in the words of the validator; empty when nothing is."""
    return [f"{list(error.instance_path)}: {error.message[:160]}" for error in _validator(dialect, name).iter_errors(told)]


def faults_of_answer(dialect: str, body: bytes, stream: bool) -> list[str]:
    """The same for an answer of ours, or for each event of a stream but the end sign."""
    whole, event = ANSWERS[dialect]
    if not stream:
        return faults(dialect, whole, json.loads(body))
    lines = [line[5:].strip() for line in body.decode().splitlines() if line.startswith("data:")]
    return [fault for line in lines if line != "[DONE]" for fault in faults(dialect, event, json.loads(line))]
