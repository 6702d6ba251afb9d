"""What all Python clients here share: the gateway they call, what they ask, and how they tell what they got.

A client's file has a function for each step. `plain` gives a text, `stream` the pieces of one, `tools` the cities that its tool was
asked for and the text that came of it, `structured` a berth. `run` prints `{"plain": ..., "stream": ...}`; a step that throws gives
`{"thrown": ...}`, so that one failure does not hide the others.
"""

import asyncio
import inspect
import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any, Literal

import pydantic

URL = os.environ["GATEWAY_URL"]
KEY = os.environ["GATEWAY_KEY"]
HELLO = "Hello from the quay"
WEATHER = "What is the weather in Oslo?"
TOLD = "11 degrees and rain"
ABOUT = "Current weather of a city"
PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


class Berth(pydantic.BaseModel):
    """Where a ship lies."""

    quay: Literal["north", "south"]
    free: bool


def run(*steps: Callable[[], Any]) -> None:
    """Runs the steps named in the first argument, or all. One event loop serves all that are asynchronous."""
    wished = sys.argv[1].split(",") if len(sys.argv) > 1 else [step.__name__ for step in steps]
    print(json.dumps(asyncio.run(_run([step for step in steps if step.__name__ in wished]))))


async def _run(steps: list[Callable[[], Any]]) -> dict[str, Any]:
    return {step.__name__: await _tried(step) for step in steps}


async def _tried(step: Callable[[], Any]) -> Any:
    try:
        found = await step() if inspect.iscoroutinefunction(step) else await asyncio.to_thread(step)
    except Exception:
        return {"thrown": traceback.format_exc()[-3000:]}
    return found.model_dump() if isinstance(found, pydantic.BaseModel) else found
