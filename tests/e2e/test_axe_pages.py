"""axe-core finds nothing serious on any page, light and dark, wide and on a phone."""

from pathlib import Path
from typing import Any

import pytest
from tests.e2e.site_paths import PATHS
from tests.e2e.test_pages import browser, pytestmark, site, visit

__all__ = ["browser", "pytestmark", "site", "visit"]

AXE = Path(__file__).parents[1] / "node" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
SIZES = {"runOnly": {"type": "rule", "values": ["target-size", "scrollable-region-focusable"]}}


def found(page: Any, options: dict[str, Any]) -> list[str]:
    """What is serious, with where it is."""
    told = page.evaluate("options => axe.run(document, options)", {"resultTypes": ["violations"], **options})
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in told["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


@pytest.fixture(scope="session")
def axe() -> str:
    if not AXE.is_file():
        pytest.skip("the packages of tests/node are not installed; `make setup-test` does it")
    return AXE.read_text(encoding="utf8")


def serious(page: Any, axe: str) -> list[str]:
    """All that is, light and dark, wide and on a phone. Of what is alike (operations, rows) the first ones are looked at: axe compares every element with every other."""
    page.wait_for_load_state("networkidle")
    page.evaluate(
        "document.querySelectorAll('.operation:nth-of-type(n+4), tr:nth-child(n+9), .cards > li:nth-child(n+9), .tree .tree').forEach((one) => one.remove())"
    )
    page.evaluate(axe)
    wide_and_light = found(page, {"runOnly": {"type": "tag", "values": TAGS}})
    page.emulate_media(color_scheme="dark")
    dark = found(page, COLOURS)
    page.set_viewport_size({"width": 390, "height": 844})
    return wide_and_light + dark + found(page, SIZES)


@pytest.mark.parametrize("path", PATHS)
def test_a_page_has_nothing_serious(visit: Any, axe: str, path: str) -> None:
    page, _ = visit(path, color_scheme="light", reduced_motion="reduce")
    assert serious(page, axe) == []


@pytest.mark.parametrize("opened", ["Settings", "Code", "Add a model", "Test key"])
def test_a_chat_and_its_sheets_have_nothing_serious(visit: Any, axe: str, opened: str) -> None:
    page, _ = visit("/chat?model=openai/gpt-5.1", color_scheme="light", reduced_motion="reduce")
    page.locator("#message:focus").wait_for()
    page.locator("#message").fill("Hello")
    page.keyboard.press("Enter")
    page.locator(".facts").wait_for()
    page.get_by_role("button", name=opened).first.click()
    page.locator("dialog[open]").wait_for()
    assert serious(page, axe) == []
