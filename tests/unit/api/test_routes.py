"""One table of routes gives dispatch, methods, refusals and CORS."""

from collections.abc import Mapping

import pytest
from tests.unit.api.desk import ROUTES, FakeDesk, call

from entrepot.api.dispatch import Api
from entrepot.api.http import Request, Response, answer
from entrepot.api.routes import Desk, Route
from entrepot.testing.builders import model


def test_an_unknown_path_is_404_with_a_message():
    got = FakeDesk().get("/api/v1/nothing")
    assert got.status == 404
    assert got.json()["error"]["code"] == 404
    assert "/api/v1/nothing" in got.json()["error"]["message"]


def test_a_wrong_method_is_405_and_says_which_are_right():
    got = FakeDesk().get("/api/v1/models", method="DELETE")
    assert (got.status, got.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert got.json()["error"]["metadata"]["received"] == "DELETE"


@pytest.mark.parametrize("base", ["/api/v1", "/v1"])
def test_both_spellings_of_the_api_are_the_same(base: str):
    assert FakeDesk(model()).get(f"{base}/models/count").json() == {"data": {"count": 1}}


def test_a_browser_may_call_from_anywhere():
    asked = FakeDesk().get("/api/v1/key", method="OPTIONS")
    assert asked.status == 204
    assert asked.headers["access-control-allow-origin"] == "*"
    assert "Authorization" in asked.headers["access-control-allow-headers"]
    assert "GET" in asked.headers["access-control-allow-methods"]
    assert FakeDesk().get("/api/v1/key").headers["access-control-allow-origin"] == "*"


def test_every_answer_has_its_own_request_id():
    desk = FakeDesk()
    first, second = desk.get("/health/live"), desk.get("/health/live")
    assert first.headers["x-request-id"].startswith("req-")
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


def test_a_route_that_needs_a_key_refuses_without_one():
    got = FakeDesk().get("/api/v1/key")
    assert (got.status, got.json()["error"]["metadata"]["error_type"]) == (401, "authentication")


def test_a_management_route_refuses_other_keys_and_says_how_to_get_one():
    routes = (Route("GET", "/secret", "Secret", "Test", lambda desk, request: answer({}), "management"),)
    desk = FakeDesk()
    refused = desk.get("/v1/secret", key="live", routes=routes)
    assert (refused.status, desk.get("/v1/secret", key="mgmt", routes=routes).status) == (403, 200)
    assert "keys create" in refused.json()["error"]["metadata"]["remedy_hint"]


def test_a_bug_in_a_handler_is_a_500_that_tells_the_log_and_not_the_caller():
    def broken(desk: Desk, request: Request) -> Response:
        raise KeyError("sk-ep-secret")

    desk = FakeDesk()
    got = desk.get("/v1/broken", routes=(Route("GET", "/broken", "Broken", "Test", broken),))
    assert got.status == 500
    assert b"sk-ep-secret" not in got.body
    assert isinstance(desk.failures[0], KeyError)


def test_answers_are_counted_by_template_so_that_labels_stay_few():
    desk = FakeDesk(model())
    desk.get("/api/v1/model/openai/gpt-5.1")
    desk.get("/api/v1/model/no/such")
    desk.get("/etc/passwd")
    assert desk.answered == [
        ("/model/{author}/{slug}", "GET", 200),
        ("/model/{author}/{slug}", "GET", 404),
        ("", "GET", 404),
    ]


class Site:
    """Knows one page, and has one for those who go astray."""

    class Page:
        def __init__(self, status: int, body: bytes) -> None:
            self.status, self.body, self.headers = status, body, [(b"content-type", b"text/html")]

    def respond(self, method: str, path: str, headers: Mapping[str, str]) -> Page | None:
        return self.Page(200, b"front") if path == "/" else None

    def missing(self) -> Page:
        return self.Page(404, b"astray")


def visit(path: str, accept: str) -> tuple[int, bytes]:
    api = Api(ROUTES, FakeDesk().desk(), Site())
    got = call(api, "GET", path, headers=[(b"accept", accept.encode())])
    return got.status, got.body


def test_a_path_outside_the_table_may_be_a_page():
    assert visit("/", "*/*") == (200, b"front")


def test_a_browser_astray_gets_a_page_and_a_program_gets_json():
    assert visit("/nowhere", "text/html") == (404, b"astray")
    assert visit("/nowhere", "application/json")[1].startswith(b'{"error"')
    assert visit("/api/v1/nowhere", "text/html")[1].startswith(b'{"error"')
