"""Tabs of a model that has traffic, in a real browser, with scripts and without."""

import contextlib
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.e2e.test_pages import browser, pytestmark, visit

from entrepot.records import store
from entrepot.records.rollups import Rollups
from entrepot.storage.engines import open_store
from entrepot.testing.builders import attempt, generation, usage
from entrepot.testing.gateway import ServerProcess, settings_for
from entrepot.values.clock import Clock
from entrepot.values.generation import Generation
from entrepot.values.ids import generation_id
from entrepot.web.model_page import TABS

__all__ = ["browser", "pytestmark", "visit"]
MODEL = "openai/gpt-5.1"
HOUR_MS = 3_600_000


def called(dice: random.Random, now_ms: int) -> Generation:
    at_ms, provider = now_ms - dice.randrange(72) * HOUR_MS, dice.choice(["openai", "azure"])
    endpoint, kind = f"{MODEL}@{provider}", dice.choice(["", "", "", "timeout"])
    return generation(
        generation_id(at_ms, dice.randbytes(16)),
        created_ms=at_ms,
        model=MODEL,
        provider=provider,
        endpoint=endpoint,
        usage=usage(dice.randrange(5000), dice.randrange(900), cached_tokens=7),
        cost_nano=dice.randrange(10**6),
        streamed=True,
        first_byte_ms=dice.uniform(50, 5000),
        generation_ms=dice.uniform(500, 20_000),
        http_referer="https://brig.example",
        app_title="Brig",
        attempts=(attempt(endpoint=endpoint, provider=provider, error_type=kind),),
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("busy")
    now_ms, dice = Clock().now_ms(), random.Random(5)
    made = [called(dice, now_ms) for _ in range(400)]
    with contextlib.closing(open_store(settings_for(folder, {}))) as db:
        rollups = Rollups(db, "before", 0, lambda: now_ms)
        store.insert_missing(db, [(one, msgspec.json.encode(one)) for one in made], rollups.note, 0)
        rollups.add()
    with ServerProcess(data_dir=folder) as process:
        yield process.url


def wide(page: Any) -> int:
    width: int = page.evaluate("document.documentElement.scrollWidth")
    return width


def test_every_tab_fits_a_phone_and_nothing_moves_once_it_is_there(visit: Any, site: str) -> None:
    page, complaints = visit("/docs", viewport={"width": 390, "height": 844})
    page.add_init_script(
        "window.moved = 0; new PerformanceObserver((list) => list.getEntries().forEach((entry) => moved += entry.value))"
        ".observe({ type: 'layout-shift', buffered: true })"
    )
    for tab in TABS:
        page.goto(f"{site}/{MODEL}/{tab}".rstrip("/"))
        assert wide(page) <= 390, tab
        assert page.evaluate("moved") < 0.02, tab
        assert page.locator(".switch [aria-current]").is_visible()
    assert complaints == []


def test_a_chart_tells_its_values_by_pointer_and_by_keys(visit: Any) -> None:
    page, complaints = visit(f"/{MODEL}/activity?span=7d")
    chart = page.locator("[data-chart]").first
    plot, tip = chart.locator(".plot"), chart.locator(".tip")
    newest = chart.locator("tbody tr").first
    plot.focus()
    page.keyboard.press("End")
    assert tip.locator("strong").inner_text() == newest.locator("th").text_content()
    assert tip.locator("b").all_text_contents() == newest.locator("td").all_text_contents()
    page.keyboard.press("Home")
    assert tip.locator("strong").inner_text() == chart.locator("tbody th").last.text_content()
    page.keyboard.press("Escape")
    assert tip.is_hidden()
    plot.hover(position={"x": 1, "y": 40})
    assert tip.locator("strong").inner_text() == chart.locator("tbody th").last.text_content()
    assert complaints == []


def test_the_language_of_the_samples_is_kept_from_task_to_task(visit: Any) -> None:
    page, complaints = visit(f"/{MODEL}/api")
    page.get_by_role("tab", name="JavaScript").click()
    page.get_by_role("navigation", name="What to do").get_by_role("link", name="Tools").click()
    page.wait_for_url("**/api?do=tools")
    page.get_by_text("const weather = {").first.wait_for()
    assert page.get_by_role("tab", name="JavaScript").get_attribute("aria-selected") == "true"
    page.get_by_role("tab", name="JavaScript").press("ArrowLeft")
    page.reload()
    assert page.get_by_role("tab", name="Python, requests").get_attribute("aria-selected") == "true"
    assert complaints == []


def test_all_of_it_is_there_without_scripts(visit: Any) -> None:
    page, _ = visit(f"/{MODEL}/performance", java_script_enabled=False)
    assert page.locator(".plot .line").first.get_attribute("d")
    page.get_by_text("As a table").first.click()
    assert page.locator(".behind table").first.is_visible()
    page.get_by_role("link", name="7 days").click()
    page.wait_for_url("**/performance?span=7d")
    for tab, said in (
        ("apps", "Brig"),
        ("uptime", "All providers"),
        ("activity", "How answers ended"),
        ("pricing", "As charged"),
    ):
        page.goto(page.url.rpartition("/")[0] + f"/{tab}")
        assert page.get_by_text(said).first.is_visible(), tab


def test_a_schema_is_fetched_when_it_is_opened(visit: Any) -> None:
    page, complaints = visit("/openai/gpt-5.1/api")
    opened = page.locator("details.schema").first
    assert opened.locator("pre").count() == 0
    opened.locator("summary").click()
    opened.locator("pre").wait_for()
    assert '"const": "openai/gpt-5.1"' in opened.locator("pre code").inner_text()
    assert complaints == []


def test_a_page_opens_at_its_top(visit: Any) -> None:
    """Also where the chosen span of time stands far below."""
    page, _ = visit("/openai/gpt-5.1/pricing", viewport={"width": 390, "height": 500})
    page.wait_for_load_state("networkidle")
    assert page.evaluate("scrollY") == 0
