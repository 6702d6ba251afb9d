"""The site in a real browser, against the real server."""

import re
import shutil
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.e2e.site_paths import MODEL_PAGES, PATHS

from entrepot.testing.gateway import ServerProcess

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")]
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ServerProcess() as process:
        yield process.url


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, "--no-first-run", "--disable-quic"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Any, site: str) -> Iterator[Any]:
    """Opens a path in a window of its own; `page.complaints` holds what the browser had to say."""
    windows = []

    def visit(path: str, **window: Any) -> tuple[Any, list[str]]:
        windows.append(browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | window))
        page, complaints = windows[-1].new_page(), []

        def fails(request: Any) -> None:
            if request.failure != "net::ERR_ABORTED":  # that is what was still loading when the page was left
                complaints.append(request.url)

        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", fails)
        page.goto(site + path)
        return page, complaints

    yield visit
    for window in windows:
        window.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PATHS)
def test_a_page_fits_a_phone_and_the_browser_has_no_complaint(visit: Any, path: str, scheme: str) -> None:
    page, complaints = visit(path, viewport={"width": 390, "height": 844}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert complaints == []


def test_all_that_a_page_loads_comes_from_this_server(visit: Any, site: str) -> None:
    page, _ = visit("/")
    loaded = page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert any(name.endswith(".css") for name in loaded)
    assert [name for name in loaded if not name.startswith(site)] == []


def test_a_tab_shows_its_language_and_hides_the_others(visit: Any, site: str) -> None:
    page, _ = visit("/")
    page.get_by_role("tab", name="TypeScript").click()
    shown = page.locator("[data-tabs] > section:visible")
    assert shown.count() == 1
    assert f'baseURL: "{site}/api/v1"' in shown.inner_text()


def test_arrow_keys_walk_along_the_tabs(visit: Any) -> None:
    page, _ = visit("/")
    page.get_by_role("tab", name="curl").focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("tab", name="Python", exact=True).get_attribute("aria-selected") == "true"


def test_the_copy_button_copies_the_code_as_it_stands(visit: Any, site: str) -> None:
    page, _ = visit("/", permissions=["clipboard-read", "clipboard-write"])
    section = page.locator("[data-tabs] > section:visible")
    section.get_by_role("button", name="Copy").click()
    section.get_by_role("button", name="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == section.locator("code").inner_text()


def test_the_theme_is_switched_and_kept(visit: Any) -> None:
    page, _ = visit("/", color_scheme="light")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator("#theme").click()
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before


@pytest.mark.parametrize("path", ["/", "/reference", "/docs/learn/first-answer", "/models", *MODEL_PAGES])
def test_pages_read_whole_without_scripts(visit: Any, path: str) -> None:
    page, complaints = visit(path, java_script_enabled=False)
    assert page.locator("h1").is_visible()
    assert all(block.is_visible() for block in page.locator("[data-tabs] > section").all())
    assert complaints == []


def test_every_link_on_the_pages_leads_somewhere(visit: Any, site: str) -> None:
    """Anchors within a page too."""
    anchors: dict[str, set[str]] = {}
    for path in PATHS:
        page, _ = visit(path)
        for href in page.eval_on_selector_all("a", "all => all.map((a) => a.href)"):
            if href.startswith(site):
                at, _, anchor = href.partition("#")
                anchors.setdefault(at, set()).update({anchor} - {""})
    with httpx.Client(follow_redirects=True, timeout=30) as client:
        for at, named in anchors.items():
            answer = client.get(at)
            assert answer.status_code == 200, at
            assert named <= set(re.findall(r'id="([^"]+)"', answer.text)), at
