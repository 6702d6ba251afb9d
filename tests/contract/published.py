"""OpenAI's published document, where `../shared/specs` is there, as validators of single schemas."""

import functools
import json
from pathlib import Path
from typing import Any

import jsonschema_rs

SPEC = Path(__file__).resolve().parents[2].parent / "shared" / "specs" / "openai.trimmed.openapi.json"
NO_SPEC = "OpenAI's document is not beside the checkout"


@functools.cache
def _document() -> dict[str, Any]:
    """With `anyOf` for `oneOf`: the document's alternatives overlap, so that exactly one never holds."""
    return json.loads(SPEC.read_text(encoding="utf8"), object_hook=_loosened)


def _loosened(told: dict[str, Any]) -> dict[str, Any]:
    if isinstance(told.get("oneOf"), list):
        told["anyOf"] = told.get("anyOf", []) + told.pop("oneOf")
    told.pop("discriminator", None)
    return told


@functools.cache
def validator(name: str) -> Any:
    return jsonschema_rs.Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": _document()["components"]})


def faults(name: str, told: Any) -> list[str]:
    """What is wrong with it, in the words of the validator; empty when nothing is."""
    return [f"{list(error.instance_path)}: {error.message[:200]}" for error in validator(name).iter_errors(told)]
