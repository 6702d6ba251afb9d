"""Whether the sandbox calls tools, which, and with what: arguments that validate, taken from the prompt where that is plain."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable
from typing import Any

from entrepot.sandbox.scenario import text_of
from entrepot.sandbox.schema import Unsatisfiable, instance


def calls_for(body: dict[str, Any], messages: list[Any], randomness: random.Random, *, malformed: bool) -> list[dict[str, Any]]:
    """Tool calls as in a message; empty when it answers in words. raises Unsatisfiable, for a schema without an instance"""
    tools = [tool for tool in body.get("tools") or () if tool.get("type", "function") == "function" and tool.get("function")]
    choice = body.get("tool_choice", "auto") or "auto"
    if not tools or choice == "none" or (choice == "auto" and messages and messages[-1].get("role") in ("tool", "function")):
        return []
    asked = next((text_of(m.get("content")) for m in reversed(messages) if m.get("role") == "user"), "")
    chosen = _chosen(tools, choice, asked)
    if body.get("parallel_tool_calls") is False or isinstance(choice, dict):
        chosen = chosen[:1]
    return [_call(tool["function"], asked, randomness, malformed) for tool in chosen]


def _chosen(tools: list[Any], choice: Any, asked: str) -> list[Any]:
    if isinstance(choice, dict):
        name = (choice.get("function") or {}).get("name")
        allowed = (choice.get("allowed_tools") or {}).get("tools") or ()
        names = {name} if name else {(tool.get("function") or tool).get("name") for tool in allowed}
        return [tool for tool in tools if tool["function"]["name"] in names]
    matching = [tool for tool in tools if _is_asked_for(tool["function"], asked)]
    if choice == "required":
        return matching or tools[:1]
    return matching


def _is_asked_for(function: dict[str, Any], asked: str) -> bool:
    """Its name is said, or two words of its name and description are (one, where the name is one word that matters)."""
    words = set(re.findall(r"[a-z]{3,}", asked.lower()))
    if function["name"].lower() in asked.lower():
        return True
    named = set(re.findall(r"[a-z]{3,}", re.sub(r"([a-z])([A-Z])", r"\1 \2", function["name"]).replace("_", " ").lower()))
    described = set(re.findall(r"[a-z]{4,}", (function.get("description") or "").lower()))
    return bool(words & (named - {"get", "set", "the", "for", "current", "tool"})) or len(words & described) >= 2


def _call(function: dict[str, Any], asked: str, randomness: random.Random, malformed: bool) -> dict[str, Any]:
    made = instance(function.get("parameters") or {"type": "object", "properties": {}}, randomness, _hints(function, asked))
    if not isinstance(made, dict):
        raise Unsatisfiable("the parameters are not an object")
    arguments = json.dumps(made, ensure_ascii=False)
    if malformed:
        arguments = arguments[:-1].rstrip('"') + ", oops"
    name = "call_" + "".join(randomness.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=24))
    return {"id": name, "type": "function", "function": {"name": function["name"], "arguments": arguments}}


_HARMLESS = dict.fromkeys(("command", "cmd", "script", "code", "shell"), "echo sandbox") | dict.fromkeys(
    ("path", "file", "file_path", "filepath", "filename", "file_name", "target_file"), "sandbox.txt"
)
"""An agent does what a call says: made-up commands print a word, and made-up files are of one name."""


def _hints(function: dict[str, Any], asked: str) -> dict[str, Any]:
    """Values the prompt offers: a name after "in", "for" or "of" for texts, figures for numbers, enum values that are said."""
    properties = (function.get("parameters") or {}).get("properties") or {}
    places = re.findall(r"\b(?:in|for|of|at|to)\s+((?:[A-Z][\w'-]+(?:,?\s+)?)+)", asked)
    figures = [float(text) if "." in text else int(text) for text in re.findall(r"(?<![\w.])-?\d{1,12}(?:\.\d{1,6})?", asked)]
    hints: dict[str, Any] = {}
    for name, schema in properties.items():
        if not isinstance(schema, dict):
            continue
        kind, said = schema.get("type"), _said_of(schema.get("enum") or (), asked)
        if kind == "string" and name.lower() in _HARMLESS:
            hints[name] = _HARMLESS[name.lower()]
        elif said is not None:
            hints[name] = said
        elif kind == "string" and places:
            hints[name] = places[0].strip(" ,")
        elif kind in ("integer", "number") and figures:
            hints[name] = figures[0]
            figures = figures[1:] or figures
    return hints


def _said_of(values: Iterable[Any], asked: str) -> str | None:
    """The first of an enum's texts that the prompt says."""
    return next((value for value in values if isinstance(value, str) and value.lower() in asked.lower()), None)
