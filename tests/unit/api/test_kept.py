"""Lists are made once for a catalogue, and a client that has the answer is told so."""

import pytest
from tests.unit.api.desk import Answer, FakeDesk, call

from entrepot.api.http import Response
from entrepot.api.kept import Kept
from entrepot.catalog.catalog import Catalog
from entrepot.testing.builders import endpoint, model

PATHS = ["/api/v1/models", "/v1/models?limit=1", "/api/v1/models/count", "/api/v1/model/openai/a", "/v1/models/openai/a",
         "/api/v1/providers", "/api/v1/models?use_rss=true"]  # fmt: skip


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk(model("openai/a"), model("acme/b"), endpoints=(endpoint("openai/a"),))


def asked(api: object, path: str, had: str, key: str = "") -> Answer:
    return call(api, "GET", path, key, [(b"if-none-match", had.encode())])


@pytest.mark.parametrize("path", PATHS)
def test_who_has_the_answer_is_told_so_until_the_catalogue_changes(desk: FakeDesk, path: str) -> None:
    api = desk.api()
    first = call(api, "GET", path)
    tag = first.headers["etag"]
    assert (first.status, call(api, "GET", path).body) == (200, first.body)
    for had in (tag, f'"other", W/{tag}', "*"):
        again = asked(api, path, had)
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
        assert "content-length" not in again.headers
    assert asked(api, path, '"other"').body == first.body


def test_a_changed_catalogue_is_another_answer(desk: FakeDesk) -> None:
    api = desk.api()
    tag = call(api, "GET", "/api/v1/models").headers["etag"]
    desk.catalog = Catalog([model("openai/a"), model("acme/new")], ())
    answer = asked(api, "/api/v1/models", tag)
    assert answer.status == 200
    assert [row["id"] for row in answer.json()["data"]] == ["openai/a", "acme/new"]


def test_lists_by_age_are_made_each_time_and_errors_are_not_kept(desk: FakeDesk) -> None:
    api = desk.api()
    assert "etag" not in call(api, "GET", "/api/v1/models?max_age_days=3").headers
    for _ in range(2):
        missing = asked(api, "/api/v1/model/openai/none", "*")
        assert missing.status == 404
        assert "etag" not in missing.headers


def test_a_key_is_asked_for_before_anything_is_told(desk: FakeDesk) -> None:
    api = desk.api()
    assert call(api, "GET", "/api/v1/models/user", "live").status == 200
    assert asked(api, "/api/v1/models/user", "*").status == 401


def test_an_answer_is_made_once_and_what_is_kept_is_bounded() -> None:
    kept, made, catalog = Kept(), list[str](), object()

    def make(target: str) -> Response:
        made.append(target)
        return Response(bytes(2**20))

    for target in ("a", "a", "b", "a"):
        kept.response(catalog, target, lambda target=target: make(target))
    assert made == ["a", "b"]
    for number in range(20):
        kept.response(catalog, f"{number}", lambda: make("more"))
    kept.response(catalog, "a", lambda: make("again"))
    assert made[-1] == "again"
