"""Finding a model in a real browser, with scripts and without."""

from typing import Any

import pytest
from tests.e2e.test_pages import browser, pytestmark, site, visit

__all__ = ["browser", "pytestmark", "site", "visit"]


def test_a_choice_is_followed_at_once_and_its_address_can_be_shared(visit: Any, site: str) -> None:
    page, complaints = visit("/models")
    page.get_by_label("Author").select_option("anthropic")
    page.wait_for_url("**/models?author=anthropic")
    assert page.url == f"{site}/models?author=anthropic"
    assert all(slug.lstrip("~").startswith("anthropic/") for slug in page.locator(".manifest th code").all_inner_texts())
    page.get_by_role("link", name="Without author anthropic").click()
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
    page.get_by_role("link", name="Next").click()
    page.wait_for_url("**/models?sort=name&page=2")
    assert page.locator("[aria-sort]").inner_text().startswith("Model")
    assert page.locator(".manifest tbody tr").count() == 50


@pytest.mark.parametrize("path", ["/models?q=nothing-like-it&author=openai", "/models?sort=context&input=image&max_price=x"])
def test_what_was_found_fits_a_phone(visit: Any, path: str) -> None:
    page, complaints = visit(path, viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert complaints == []
