"""Whoever manages wrongly is told which field it is, what was expected, what came, and what mends it; on every path."""

import asyncio
import json
from typing import Any

import pytest
from tests.unit.api.desk import Answer, FakeDesk

from entrepot.api.dispatch import Api
from entrepot.api.routes import Route
from entrepot.api.table import ROUTES

MANAGED = [route for route in ROUTES if route.auth == "management"]
WITH_NAMES = [route for route in MANAGED if "{id}" in route.path]
WITH_BODIES = [route for route in MANAGED if route.reads]


def target(route: Route) -> str:
    words = {"{id}": "no-such", "{interval}": "hourly", "{month}": "2026-11"}
    path = route.documented_path
    for name, word in words.items():
        path = path.replace(name, word)
    return path


def send(api: Api, method: str, target: str, body: bytes = b"") -> Answer:
    path, _, query = target.partition("?")
    headers = [(b"authorization", b"Bearer mgmt")]
    scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": headers}
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def take(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(api(scope, receive, take))
    return Answer(sent[0]["status"], {}, b"".join(message["body"] for message in sent[1:]))


def metadata_of(got: Answer) -> dict[str, Any]:
    metadata: dict[str, Any] = json.loads(got.body)["error"]["metadata"]
    return metadata


def untold(got: Answer) -> set[str]:
    """What a refusal does not say."""
    return {"field", "expected", "received", "remedy_hint"} - metadata_of(got).keys()


def must_tell_whole(got: Answer, status: int) -> dict[str, Any]:
    assert (got.status, untold(got)) == (status, set()), got.body
    return metadata_of(got)


@pytest.fixture(scope="module")
def api() -> Api:
    return Api(ROUTES, FakeDesk().desk())


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.mark.parametrize("route", [route for route in WITH_NAMES if not route.reads], ids=named)
def test_what_is_not_there(api: Api, route: Route) -> None:
    got = send(api, route.method, target(route))
    assert (got.status, untold(got)) == (404, set())


@pytest.mark.parametrize("body", [b"", b"{nonsense", b"[]", b'{"nonsense": 1}', b'{"amount": "much", "limit_usd": "much"}'])
@pytest.mark.parametrize("route", WITH_BODIES, ids=named)
def test_a_body_that_does_not_fit(api: Api, route: Route, body: bytes) -> None:
    got = send(api, route.method, target(route), body)
    assert got.status in (400, 404) and untold(got) == set()


@pytest.mark.parametrize("route", MANAGED, ids=named)
def test_a_method_that_the_path_does_not_answer(api: Api, route: Route) -> None:
    metadata = must_tell_whole(send(api, "TRACE", target(route)), status=405)
    assert route.method in metadata["expected"] and metadata["received"] == "TRACE"


@pytest.mark.parametrize("route", MANAGED, ids=named)
def test_a_query_parameter_that_is_not_known(api: Api, route: Route) -> None:
    metadata = must_tell_whole(send(api, route.method, target(route) + "?nonsense=1"), status=400)
    assert (metadata["field"], metadata["received"]) == ("nonsense", "nonsense")


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/api/v1/chat/completion", "/api/v1/chat/completions"),
        ("/v1/api/v1/chat/completions", "/v1/chat/completions"),
        ("/api/v1/key/s", "/api/v1/keys"),
        ("/v1/workspace", "/v1/workspaces"),
    ],
)
def test_a_path_that_is_nearly_one(api: Api, path: str, meant: str) -> None:
    assert meant in must_tell_whole(send(api, "GET", path), status=404)["remedy_hint"]


@pytest.mark.parametrize("path", ["/api/v1/" + "x" * 5000, "/v1/images/generations", "/api/v1/nothing"])
def test_a_path_that_is_like_none(api: Api, path: str) -> None:
    assert "/openapi.json" in must_tell_whole(send(api, "GET", path), status=404)["remedy_hint"]


def test_a_mistyped_query_parameter_is_told_the_nearest_name(api: Api) -> None:
    metadata = must_tell_whole(send(api, "GET", "/api/v1/audit?ofset=2"), status=400)
    assert "`offset`" in metadata["remedy_hint"] and "since" in metadata["expected"]


def test_a_test_key_that_manages_is_told_which_key_it_takes() -> None:
    got = FakeDesk().get("/api/v1/keys", key="live", routes=ROUTES)
    metadata = must_tell_whole(got, status=403)
    assert (metadata["expected"], metadata["received"]) == ("Bearer sk-ep-mgmt-...", "a live key")


@pytest.mark.parametrize("amount", ["-5", "0", "1e30", "0.0000000001", '"nan"', "null"])
def test_an_amount_that_is_none(api: Api, amount: str) -> None:
    body = f'{{"kind": "grant", "reason": "because", "amount": {amount}}}'.encode()
    assert must_tell_whole(send(api, "POST", "/api/v1/workspaces/default/credits", body), status=400)["field"] == "amount"


def test_a_workspace_that_is_not_there_is_named_where_it_was_told(api: Api) -> None:
    assert must_tell_whole(send(api, "GET", "/api/v1/keys?workspace_id=nobody"), status=404)["field"] == "workspace_id"
    assert must_tell_whole(send(api, "GET", "/api/v1/workspaces/nobody"), status=404)["field"] == "id"


def test_a_limit_may_be_nothing_and_is_told_so(api: Api) -> None:
    metadata = must_tell_whole(send(api, "POST", "/api/v1/keys", b'{"name": "a", "limit": -1}'), status=400)
    assert metadata["expected"].startswith("US dollars, 0 or more")
    assert send(api, "POST", "/api/v1/keys", b'{"name": "a", "limit": 0}').status == 201
