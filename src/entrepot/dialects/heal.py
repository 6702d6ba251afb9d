"""JSON that a model got nearly right, made right: fences and talk around it, missing quotes and brackets, trailing commas.

Repairs form, never meaning: text that is JSON already stays as it is to the byte, and what was cut off is closed, not completed.
"""

from __future__ import annotations

import json_repair
import msgspec


def healed(text: str) -> str:
    """The text as JSON; the text itself where it is JSON already, or where there is none in it to be found."""
    if _is_json(text):
        return text
    start = min([place for place in (text.find("{"), text.find("[")) if place >= 0], default=-1)
    if start < 0:
        return text
    repaired = json_repair.repair_json(text[start:], ensure_ascii=False)
    return repaired if repaired and _is_json(repaired) else text


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return False
    return True
