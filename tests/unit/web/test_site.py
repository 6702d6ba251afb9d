"""The site as a function of a request."""

import re

import pytest

from entrepot.catalog.catalog import Catalog
from entrepot.values.command import Command
from entrepot.web.pages import FrontFacts, Pages
from entrepot.web.shelf import ProviderFact
from entrepot.web.visit import PageResponse, base_url

CATALOG = Catalog((), ())
DOCUMENT = {
    "paths": {
        "/api/v1/thing": {
            "post": {
                "tags": ["Things"],
                "summary": "Make a thing",
                "security": [{"bearer": []}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                "responses": {"200": {"description": "made"}, "402": {"description": "no credit"}},
            }
        }
    },
    "components": {
        "schemas": {
            "Thing": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "maxLength": 9, "description": "<b>what</b> it is called"},
                    "inner": {"$ref": "#/components/schemas/Thing"},
                },
            }
        }
    },
}


def pages(*providers: ProviderFact) -> Pages:
    return Pages(lambda: FrontFacts(454, 3, 0.0, providers), lambda: DOCUMENT, lambda: CATALOG, now_s=lambda: 3_700.0)


def get(path: str, **headers: str) -> PageResponse:
    answer = pages().respond("GET", path, headers)
    assert answer is not None, path
    return answer


def test_the_front_page_shows_the_address_the_reader_came_by() -> None:
    assert b"https://port.example.test/api/v1" in get("/", host="port.example.test", **{"x-forwarded-proto": "https"}).body


@pytest.mark.parametrize("host", ['"><script>', "a b", "evil.test/path", "x" * 300, ""])
def test_a_host_that_is_none_is_not_shown(host: str) -> None:
    assert base_url({"host": host}) == "http://127.0.0.1:8080"


def test_commands_are_shown_as_a_reader_on_this_machine_can_type_them_and_paths_to_nobody_else() -> None:
    command = Command(".venv/bin/entrepot", "--data-dir /srv/port")
    site = Pages(lambda: FrontFacts(1, 1, 0.0, (), command), lambda: DOCUMENT, lambda: CATALOG)
    shown = {host: site.respond("GET", "/", {"host": host}) for host in ("127.0.0.1:8080", "localhost", "port.example.test")}
    texts = {host: answer.body.decode() for host, answer in shown.items() if answer is not None}
    for near in ("127.0.0.1:8080", "localhost"):
        assert ".venv/bin/entrepot keys create --name me --test --data-dir /srv/port" in texts[near]
    assert ">entrepot keys create --name me --test<" in texts["port.example.test"]
    assert "/srv/port" not in texts["port.example.test"]


def test_the_front_page_says_what_runs_and_how_to_switch_the_rest_on() -> None:
    site = pages(ProviderFact("Here & There", "here", True), ProviderFact("Away", "away", False, "set AWAY_API_KEY"))
    front = site.respond("GET", "/", {})
    assert front is not None
    text = front.body.decode()
    assert "454" in text
    assert "1 h 1 min" in text
    assert "Here &amp; There" in text
    assert text.index("Here") < text.index("set AWAY_API_KEY")


def test_the_reference_follows_schemas_to_an_end_and_escapes_what_they_say() -> None:
    text = get("/reference/things").body.decode()
    assert "&lt;b&gt;what&lt;/b&gt;" in text
    assert "9 characters" in text
    assert "no credit" in text
    assert "curl -X POST http://127.0.0.1:8080/api/v1/thing" in text


def test_the_reference_lists_every_path_with_the_page_that_shows_it() -> None:
    text = get("/reference").body.decode()
    links = re.findall(r'<a href="(/reference/\w+)#([\w-]+)">', text)
    assert links
    assert all(f'id="{anchor}"' in get(path).body.decode() for path, anchor in links)
    assert get("/reference/nothing").status == 404


@pytest.mark.parametrize("path", ["/", "/reference", "/docs", "/docs/learn/first-answer", "/docs/nothing"])
def test_a_page_allows_no_inline_script_or_style_and_has_none(path: str) -> None:
    page = get(path)
    told = dict(page.headers)
    assert b"unsafe" not in told[b"content-security-policy"]
    assert told[b"x-content-type-options"] == b"nosniff"
    assert not re.search(rb'<script(?! src)|<style| style="| on[a-z]+="', page.body)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../pages.py",
        "/static/..%2fpages.py",
        "/static//etc/passwd",
        "/static/built/manifest.json",
        "/static/.",
        "/static/",
        "/static/a\0b",
        "/static/..\\pages.py",
        "/static/" + "x" * 5000,
    ],
)
def test_no_path_leads_out_of_the_static_files(path: str) -> None:
    assert pages().respond("GET", path, {}) is None


def test_a_file_is_known_by_its_tag() -> None:
    first = get("/static/mark.svg")
    tag = dict(first.headers)[b"etag"].decode()
    again = get("/static/mark.svg", **{"if-none-match": tag})
    assert (first.status, dict(first.headers)[b"content-type"]) == (200, b"image/svg+xml")
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(("method", "path"), [("POST", "/"), ("GET", "/elsewhere"), ("DELETE", "/docs")])
def test_what_is_no_page_is_left_to_others(method: str, path: str) -> None:
    assert pages().respond(method, path, {}) is None


def test_a_doc_that_is_not_there_is_said_to_be_missing() -> None:
    assert get("/docs/../../secret").status == 404
