"""Whatever the description of the chat operation allows, and much that it does not, gets an answer that it describes."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from entrepot.testing.gateway import ServerProcess

EXAMPLES = 40
JOINED = [positive_data_acceptance]
"""Not asked: rules that join two members, as that `tool_choice` names one of `tools`, stand in no schema."""
NEVER_KNOWN = ("models", "plugins", "preset", "provider")
"""Members whose made-up names are of nothing that there is."""


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with ServerProcess() as running:
        yield running


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    given_one = request.config.getoption("--hypothesis-seed")
    number = int(given_one) if given_one else random.getrandbits(32)
    print(f"--hypothesis-seed={number} makes this run again")
    return number


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_every_body_gets_an_answer_that_is_described(server: ServerProcess, mode: GenerationMode, seed: int):
    described = schemathesis.openapi.from_url(server.url + "/openapi.json")
    described.config.max_stream_events = 100_000  # so that every stream is read to its end
    operation = described["/api/v1/chat/completions"]["POST"]
    statuses: Counter[int] = Counter()

    @hypothesis.seed(seed)
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy(generation_mode=mode), known=st.sampled_from([True, True, True, False]))
    def check(case: Any, known: bool) -> None:
        if known and mode is GenerationMode.POSITIVE:
            kept = {name: value for name, value in case.body.items() if name not in NEVER_KNOWN}
            case.body = kept | {"model": "openai/gpt-5.1"}
        answer = case.call(headers={"Authorization": f"Bearer {server.test_key}"})
        statuses[answer.status_code] += 1
        case.validate_response(answer, excluded_checks=JOINED)
        judge(answer)

    check()
    assert statuses[200] >= EXAMPLES // 8 if mode is GenerationMode.POSITIVE else statuses[400] >= EXAMPLES // 8


def judge(answer: Any) -> None:
    """What a schema cannot say: a refusal names what is wrong and what mends it; a stream is whole."""
    if "event-stream" in answer.headers["content-type"][0]:
        events = [line.removeprefix("data: ") for line in answer.text.split("\n") if line.startswith("data: ")]
        assert events[-1] == "[DONE]"
        assert json.loads(events[-2])["usage"]["cost"] >= 0
    elif answer.status_code != 200:
        told = answer.json()["error"]
        assert told["code"] == answer.status_code
        assert told["metadata"]["error_type"] and told["metadata"]["remedy_hint"]
