"""A plan is the endpoints in order, each kept or dropped with a reason."""

import json
from typing import Any

import msgspec
import pytest

from entrepot.dialects.openai_chat.parse import parse_request
from entrepot.errors import InvalidRequest, NotFound
from entrepot.routing.plan import Offer, Plan, plan
from entrepot.values.model import Endpoint, Model, Reasoning
from entrepot.values.price import Price, Rates

MODEL = Model("acme/one", "One", "acme/one", 0, Price(), supported_parameters=("tools", "temperature"))


def endpoint(provider: str, rate: int, **more: Any) -> Endpoint:
    return Endpoint(f"acme/one@{provider}", "acme/one", provider, "one", Price(Rates(prompt=rate * 10**18)), **more)


CHEAP, DEAR = endpoint("cheap", 1, quantization="fp8"), endpoint("dear", 9, data_policy="zdr")
OFF = endpoint("away", 2, off_reason="set AWAY_API_KEY to switch it on")


def planned(model: Model = MODEL, endpoints: tuple[Endpoint, ...] = (CHEAP, OFF, DEAR), **body: Any) -> Plan:
    request = parse_request(json.dumps({"messages": [{"role": "user", "content": "hi"}]} | body).encode())
    return plan(request, [Offer(model, endpoints)], {})


def order(found: Plan) -> list[str]:
    return [candidate.endpoint.provider for candidate in found.candidates]


def test_cheapest_first_and_every_endpoint_has_a_reason() -> None:
    found = planned()
    assert order(found) == ["cheap", "dear"]
    assert set(found.reasons) == {
        "acme/one@cheap kept",
        "acme/one@away dropped: set AWAY_API_KEY to switch it on",
        "acme/one@dear kept",
    }


@pytest.mark.parametrize(
    ("wish", "left"),
    [
        ({"order": ["dear"]}, ["dear", "cheap"]),
        ({"order": ["dear"], "allow_fallbacks": False}, ["dear"]),
        ({"allow_fallbacks": False}, ["cheap"]),
        ({"only": ["Dear"]}, ["dear"]),
        ({"ignore": ["cheap"]}, ["dear"]),
        ({"zdr": True}, ["dear"]),
        ({"data_collection": "deny"}, ["dear"]),
        ({"quantizations": ["fp8"]}, ["cheap"]),
        ({"max_price": {"prompt": 2}}, ["cheap"]),
        ({"max_price": {"prompt": "2"}}, ["cheap"]),
    ],
)
def test_preferences_order_and_filter(wish: dict[str, Any], left: list[str]) -> None:
    assert order(planned(provider=wish)) == left


def test_the_filter_that_removed_the_last_endpoint_is_named() -> None:
    with pytest.raises(NotFound) as caught:
        planned(provider={"zdr": True}, endpoints=(CHEAP,))
    assert caught.value.metadata["availability"]["code"] == "privacy_restricted"
    assert caught.value.metadata["availability"]["excluded_by"] == ["data_policy:zdr"]


def test_required_parameters_keep_only_endpoints_that_honour_all() -> None:
    with pytest.raises(NotFound, match="logprobs"):
        planned(
            provider={"require_parameters": True}, logprobs=True, endpoints=(endpoint("x", 1, supported_parameters=("tools",)),)
        )


def test_endpoints_that_know_tools_come_alone() -> None:
    able = endpoint("able", 5, supported_parameters=("tools",))
    unable = endpoint("unable", 1, supported_parameters=("temperature",))
    tools = [{"type": "function", "function": {"name": "f"}}]
    assert order(planned(endpoints=(unable, able), tools=tools)) == ["able"]
    assert order(planned(endpoints=(unable,), tools=tools)) == ["unable"]


def test_a_model_that_reads_no_pictures_is_not_sent_one() -> None:
    picture = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]}]
    with pytest.raises(NotFound, match="does not read image"):
        planned(messages=picture)


def test_none_for_a_model_that_always_reasons_is_the_callers_error() -> None:
    thinker = Model("acme/one", "One", "acme/one", 0, Price(), reasoning=Reasoning(("high", "low"), mandatory=True))
    reasoning = thinker.reasoning
    with pytest.raises(InvalidRequest, match="always reasons"):
        planned(thinker, (endpoint("x", 1, reasoning=reasoning),), reasoning_effort="none")


def test_only_models_known_to_allow_distillation_are_asked_when_it_is_enforced() -> None:
    wish = {"provider": {"enforce_distillable_text": True}}
    assert order(planned(msgspec.structs.replace(MODEL, distillable=True), **wish)) == ["cheap", "dear"]
    for told, said in ((None, "not known to allow"), (False, "does not allow")):
        with pytest.raises(NotFound, match=said):
            planned(msgspec.structs.replace(MODEL, distillable=told), **wish)
