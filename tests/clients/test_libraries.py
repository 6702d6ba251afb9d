"""Libraries that people call models with: a plain call, a stream, a tool round trip, a structured output, with a test key."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from running import COLUMNS, HERE, NODE, Table, python, steps

from entrepot.testing.gateway import ServerProcess

pytestmark = pytest.mark.clients


class Library(NamedTuple):
    """`older`  it wants an OpenAI SDK of a major version before the newest"""

    script: str
    older: bool = False
    environment: Mapping[str, str] = {}

    def command(self) -> list[Path]:
        if self.script.endswith(".mjs"):
            return [NODE / "node", HERE / "node" / self.script]
        return [python(self.older), HERE / "python" / self.script]


def litellm(way: str) -> Library:
    return Library("litellm_clients.py", older=True, environment={"WAY": way, "LITELLM_LOCAL_MODEL_COST_MAP": "True"})


LIBRARIES = {
    "openai (Python) · chat": Library("openai_chat.py"),
    "openai (Python) · responses": Library("openai_responses.py"),
    "openai (Python 2) · chat": Library("openai_chat.py", older=True),
    "openai (Python 2) · responses": Library("openai_responses.py", older=True),
    "openai (Node) · chat": Library("openai_chat.mjs"),
    "openai (Node) · responses": Library("openai_responses.mjs"),
    "anthropic (Python) · messages": Library("anthropic_messages.py"),
    "anthropic (TypeScript) · messages": Library("anthropic_messages.mjs"),
    "google-genai": Library("google_genai.py"),
    "langchain-openai · chat": Library("langchain_openai_chat.py"),
    "langchain-openai · responses": Library("langchain_openai_responses.py"),
    "langchain-anthropic · messages": Library("langchain_anthropic_messages.py"),
    "pydantic-ai · chat": Library("pydantic_ai_chat.py"),
    "pydantic-ai · responses": Library("pydantic_ai_responses.py"),
    "pydantic-ai · OpenRouter": Library("pydantic_ai_openrouter.py"),
    "pydantic-ai · messages": Library("pydantic_ai_messages.py"),
    "Vercel AI SDK · OpenRouter": Library("vercel_openrouter.mjs"),
    "instructor · chat": Library("instructor_clients.py", older=True),
    "litellm · chat": litellm("chat"),
    "litellm · OpenRouter": litellm("openrouter"),
    "litellm · messages": litellm("messages"),
}


@pytest.fixture(scope="module", params=LIBRARIES)
def found(request: pytest.FixtureRequest, server: ServerProcess, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Any]:
    """A library's name and what all its steps gave: loading one takes seconds, so they are run in one go."""
    library = LIBRARIES[request.param]
    home = tmp_path_factory.mktemp("home")
    return request.param, steps(library.command(), home, server.url, server.test_key, library.environment)


@pytest.mark.parametrize("step", COLUMNS)
def test_a_library_gets_what_it_asks_for(found: tuple[str, Any], step: str, table: Table) -> None:
    name, gave = found
    table[name, step] = "no"
    assert not (isinstance(gave[step], dict) and "thrown" in gave[step]), gave[step]["thrown"]
    GOOD[step](gave[step])
    table[name, step] = "yes"


def plain(text: str) -> None:
    assert "Hello from the quay" in text


def stream(pieces: list[str]) -> None:
    assert len([piece for piece in pieces if piece]) > 2
    assert "Hello from the quay" in "".join(pieces) or pieces[-1].startswith('{"quay":')


def tools(ran: dict[str, Any]) -> None:
    assert ran["asked"] == ["Oslo"]
    assert "11 degrees and rain" in ran["said"]


def structured(berth: dict[str, Any]) -> None:
    assert berth["quay"] in ("north", "south")
    assert isinstance(berth["free"], bool)


GOOD = {"plain": plain, "stream": stream, "tools": tools, "structured": structured}
