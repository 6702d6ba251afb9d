"""OpenAI's own Node SDK on the paths for embeddings and legacy completions."""

from collections.abc import Iterator

import pytest
from node_sdk import Ran

from entrepot.testing.gateway import ServerProcess

pytestmark = pytest.mark.node
EMBEDS, WRITES = "openai/text-embedding-3-small", "openai/gpt-4o"


@pytest.fixture(scope="module")
def ran() -> Iterator[Ran]:
    plan = {"embed": (EMBEDS,), "complete": (WRITES,), "stream": (WRITES,)}
    with ServerProcess() as server:
        yield Ran("older.mjs", plan, url=server.url, key=server.test_key)


def test_the_vectors_that_it_decodes_are_those_it_was_sent(ran: Ran) -> None:
    told = ran("embed")[EMBEDS]
    assert [len(one["embedding"]) for one in told["unasked"]] == [64, 64]
    assert told["unasked"] == told["floats"]
    assert told["usage"]["cost"] == pytest.approx(6 * 0.02e-6)


def test_a_completion_is_the_same_whole_and_streamed(ran: Ran) -> None:
    told = ran("complete")[WRITES]
    assert told["object"] == "text_completion"
    assert told["choices"][0]["text"] == ran("stream")[WRITES]["text"]
