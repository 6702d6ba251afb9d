"""The provider that the agents meet would notice what it is there to notice."""

import json

import pytest
from scripted import Act, Worker, state

from entrepot.testing.upstream import Seen

ACTS = (Act("look", {"at": 1}, brings="seen one"), Act("look", {"at": 2}, brings="seen two"))
FIRST, SECOND = f"{state(0)} seen one", f"{state(1)} seen two"


@pytest.mark.parametrize(
    ("said", "notices"),
    [
        (FIRST + SECOND, False),
        (SECOND + FIRST, True),
        (FIRST, True),
        (FIRST + FIRST + SECOND, True),
        (FIRST + SECOND.replace("AA==", "AB=="), True),
        (FIRST + SECOND.replace("seen two", ""), True),
    ],
    ids=["all", "out of order", "lost", "doubled", "tampered with", "no result"],
)
def test_state_that_is_not_as_it_was_given_is_noticed(said: str, notices: bool) -> None:
    worker = Worker("openai_chat", ACTS, "Done.", turn=2)
    worker(Seen("POST", "/v1/chat/completions", {}, json.dumps({"tools": ["look"], "said": said}).encode()))
    assert bool(worker.problems) == notices
