"""Google's published schema, from `../shared/data`: strict, so that a member it does not know is told."""

import functools
import json
from typing import Any

from jsonschema import Draft202012Validator
from recordings import ROOT

PUBLISHED = ROOT.parent / "data" / "gemini-openapi.json"
NEWER = {
    "Part": {"toolCall": {}, "toolResponse": {}},
    "GenerateContentRequest": {"serviceTier": {"enum": ["standard", "flex", "priority"]}},
    "UsageMetadata": {"serviceTier": {"type": "string"}},
    "FileData": {"displayName": {}},
    "ExecutableCode": {"id": {}},
    "CodeExecutionResult": {"id": {}},
}
"""What Google's service knows beyond the published copy, by the reference and the recordings."""


@functools.cache
def validator(name: str) -> Draft202012Validator:
    components = json.loads(PUBLISHED.read_text(encoding="utf8"))["components"]
    for title, schema in components["schemas"].items():
        if "properties" in schema:
            schema["properties"] |= NEWER.get(title, {})
            schema["additionalProperties"] = False
    components["schemas"]["GenerateContentRequest"]["required"] = ["contents"]
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": components})


def faults(name: str, told: Any) -> list[str]:
    """Where a value departs from the schema of that name."""
    return [f"{error.json_path}: {error.message[:200]}" for error in validator(name).iter_errors(told)]
