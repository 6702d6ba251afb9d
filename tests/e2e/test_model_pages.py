"""Finding a model in a real browser, with scripts and without."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.e2e.test_pages import browser, pytestmark, visit

from entrepot.testing.gateway import ServerProcess

__all__ = ["browser", "pytestmark", "visit"]


@pytest.fixture(scope="module")
def server() -> Iterator[ServerProcess]:
    with ServerProcess() as process:
        yield process


@pytest.fixture(scope="module")
def site(server: ServerProcess) -> str:
    return server.url


def test_a_choice_is_followed_at_once_and_its_address_can_be_shared(visit: Any, site: str) -> None:
    page, complaints = visit("/models")
    page.locator(".filters a[href='/models?author=anthropic']").click()
    page.wait_for_url("**/models?author=anthropic")
    assert page.url == f"{site}/models?author=anthropic"
    assert all(slug.lstrip("~").startswith("anthropic/") for slug in page.locator(".manifest th code").all_inner_texts())
    page.locator(".count .chip").click()
    page.wait_for_url("**/models")
    assert complaints == []


def test_a_model_is_searched_by_keyboard_and_without_scripts(visit: Any) -> None:
    page, _ = visit("/models", java_script_enabled=False)
    page.get_by_label("Search models").fill("gpt-5.1 codex")
    page.keyboard.press("Enter")
    page.wait_for_url("**/models?q=gpt-5.1+codex")
    assert "openai/gpt-5.1-codex" in page.locator(".manifest th code").all_inner_texts()


def test_headings_sort_and_pages_turn(visit: Any) -> None:
    page, _ = visit("/models")
    page.locator(".manifest thead").get_by_role("link", name="Model").click()
    page.wait_for_url("**/models?sort=name")
    page.get_by_role("link", name="Next").click()
    page.wait_for_url("**/models?sort=name&page=2")
    assert page.locator("[aria-sort]").inner_text().startswith("Model")
    assert page.locator(".manifest tbody tr[data-row]").count() == 50


@pytest.mark.parametrize(
    "path",
    ["/models?q=nothing-like-it&author=openai", "/models?sort=context&input=image&max_price=x", "/models?sort=name&page=5"],
)
def test_what_was_found_fits_a_phone(visit: Any, path: str) -> None:
    page, complaints = visit(path, viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert complaints == []


def test_from_the_list_to_a_model_and_through_its_tabs(visit: Any) -> None:
    page, complaints = visit("/models?q=openai%2Fgpt-5.1&sort=name")
    page.get_by_role("link", name="OpenAI: GPT-5.1", exact=True).click()
    for tab, heading in (
        ("Providers", "What each takes"),
        ("Performance", "No traffic yet."),
        ("Pricing", "What a call costs"),
        ("Benchmarks", "Not checked yet."),
        ("Apps", "No app has called it yet."),
        ("Activity", "No traffic yet."),
        ("Uptime", "No traffic yet."),
        ("API", "What is sent, as JSON Schema"),
        ("Overview", "Resolves to"),
    ):
        page.get_by_role("navigation", name="About this model").get_by_role("link", name=tab).click()
        page.get_by_text(heading, exact=True).first.wait_for()
    assert page.url.endswith("/openai/gpt-5.1")
    assert complaints == []


def test_a_call_is_reckoned_without_scripts(visit: Any) -> None:
    page, _ = visit("/openai/gpt-5.1/pricing", java_script_enabled=False)
    page.get_by_label("Tokens in").fill("1000000")
    page.get_by_label("Tokens out").fill("100000")
    page.get_by_label("Read from the cache, %").fill("50")
    page.get_by_role("button", name="Reckon").click()
    page.wait_for_url("**/pricing?in=1000000&out=100000&cached=50")
    assert page.locator(".quotes tbody tr").first.locator("strong").inner_text() == "$1.6875"


def test_the_slug_is_copied(visit: Any) -> None:
    page, _ = visit("/openai/gpt-5.1", permissions=["clipboard-read", "clipboard-write"])
    page.locator(".slug").get_by_role("button", name="Copy").click()
    page.locator(".slug").get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "openai/gpt-5.1"
