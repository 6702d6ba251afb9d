"""`entrepot demo`: a directory filled through the real path, and the pages that show it."""

import json
import re
import shutil
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from entrepot.checks.store import Report
from entrepot.cli import run
from entrepot.demo.exams import EXAMINED
from entrepot.values.generation import Generation

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
in_a_browser = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")]
COMMAND = [sys.executable, "-m", "entrepot", "demo", "--data-dir"]
_SUMMED = (
    "SELECT at, model, workspace, sum(completion_tokens) FROM workspace_sums WHERE level = 86400 GROUP BY at, model, workspace"
)
LISTINGS = [
    "/models",
    "/models?author=openai&view=list",
    "/compare",
    "/compare/openai/gpt-5.1/anthropic/claude-sonnet-5",
    "/providers",
    "/providers/tidewater",
    "/providers/groq",
    "/authors/openai",
    "/apps",
    "/apps/bosun.example",
    "/rankings",
    "/rankings?by=app&span=month&sort=trending",
]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demos") / "demo"
    subprocess.run([*COMMAND, str(folder), "--days", "2", "--scale", "0.3", "--no-serve"], check=True)
    return folder


@pytest.fixture(scope="module")
def records(demo: Path) -> list[Generation]:
    with sqlite3.connect(demo / "entrepot.db") as db:
        rows = db.execute("SELECT detail FROM generations ORDER BY id").fetchall()
    db.close()
    return [msgspec.json.decode(row[0], type=Generation) for row in rows]


@pytest.fixture(scope="module")
def site(demo: Path) -> Iterator[str]:
    with subprocess.Popen([*COMMAND, str(demo), "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield next(found[0] for line in process.stdout if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
        finally:
            process.terminate()


def read(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def test_every_call_is_recorded_at_its_own_time(records: list[Generation]) -> None:
    whole_ms = records[-1].created_ms - records[0].created_ms
    assert len(records) > 300
    assert 1.8 * 86_400_000 < whole_ms < 2 * 86_400_000


def test_timings_are_those_of_the_simulated_providers(records: list[Generation]) -> None:
    streams = [one for one in records if one.provider == "openai" and one.streamed and one.generation_ms and not one.cancelled]
    firsts = sorted(one.first_byte_ms for one in streams)
    paces = sorted(one.usage.completion_tokens / one.generation_ms * 1000 for one in streams)
    assert 350 < firsts[len(firsts) // 2] < 1100
    assert 40 < paces[len(paces) // 2] < 160


def test_what_happens_in_life_happens_here(records: list[Generation]) -> None:
    assert any(one.cancelled for one in records)
    assert any(one.tool_calls for one in records)
    assert any(one.usage.cached_tokens for one in records)
    assert any(one.usage.reasoning_tokens for one in records)
    assert any(one.status >= 400 for one in records)
    assert any(len(one.attempts) > 1 and one.status == 200 for one in records)
    assert {one.app_title for one in records if one.http_referer} >= {"Bosun", "Tallyman"}


def test_every_surface_is_spoken(records: list[Generation]) -> None:
    spoken = {one.dialect or "openai_chat" for one in records if one.status == 200}
    assert spoken == {"openai_chat", "openai_responses", "anthropic_messages", "openai_embeddings"}


def test_those_who_pay_have_credit_and_the_books_balance(demo: Path, capfd: pytest.CaptureFixture[str]) -> None:
    place = ["--data-dir", str(demo), "--json"]
    assert run(["ledger", "verify", "--records", *place]) == 0
    capfd.readouterr()
    assert run(["workspaces", "list", *place]) == 0
    credit = {one["slug"]: (one["billing"], one["balance"]) for one in json.loads(capfd.readouterr().out)}
    assert {slug for slug, (billing, balance) in credit.items() if billing == "prepaid" and balance > 0} == {
        "bosun",
        "hearthside",
        "tallyman",
    }
    assert run(["payments", "list", *place]) == 0
    assert {one["origin"] for one in json.loads(capfd.readouterr().out)["payments"]} >= {"checkout"}


def test_sums_are_those_of_the_records(demo: Path, records: list[Generation]) -> None:
    """By the day, the model and the workspace."""
    told: Counter[tuple[int, str, str]] = Counter()
    for one in records:
        told[one.created_ms // 86_400_000 * 86_400, one.model, one.workspace] += one.usage.completion_tokens
    with closing(sqlite3.connect(demo / "entrepot.db")) as db:
        rows = db.execute(_SUMMED).fetchall()
    assert {(day, model, workspace): tokens for day, model, workspace, tokens in rows if tokens} == dict(+told)


def test_endpoints_are_checked_and_the_careless_one_is_told_from_the_others(demo: Path) -> None:
    with closing(sqlite3.connect(demo / "entrepot.db")) as db:
        found = [msgspec.json.decode(body, type=Report) for (body,) in db.execute("SELECT body FROM endpoint_checks")]
    reports = {report.endpoint: {finding.check: finding for finding in report.findings} for report in found}
    assert {endpoint.partition("@")[0] for endpoint in reports} == set(EXAMINED)
    careless, honest = (reports[f"openai/gpt-oss-120b@{slug}"] for slug in ("saltmarsh", "northquay"))
    assert not careless["counting"].sound
    assert all(finding.sound for finding in honest.values() if finding.tried)
    assert honest["throughput"].value is not None
    assert 20 < honest["throughput"].value < 400


def test_a_demo_that_is_there_is_not_made_again(demo: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = (demo / "entrepot.db").stat().st_mtime_ns
    assert run(["demo", "--data-dir", str(demo), "--no-serve"]) == 0
    assert "is a demo already" in capfd.readouterr().out
    assert (demo / "entrepot.db").stat().st_mtime_ns == before


def test_other_data_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "letters.txt").write_text("dear")
    assert run(["demo", "--data-dir", str(tmp_path), "--no-serve"]) == 1
    assert "something else than a demo" in capfd.readouterr().err


@pytest.mark.parametrize("path", LISTINGS)
def test_every_list_is_there_and_says_that_it_is_a_demo(site: str, path: str) -> None:
    status, page = read(site + path)
    assert status == 200
    assert "Demo data" in page


def test_pages_tell_what_was_recorded(site: str, records: list[Generation]) -> None:
    bosuns = [one for one in records if one.http_referer == "https://bosun.example"]
    told = [
        (r"Calls, 30 days</dt><dd>([\d,]+)", read(f"{site}/apps/bosun.example")[1], len(bosuns)),
        (r"in ([\d,]+) calls", read(f"{site}/rankings")[1], len(records)),
    ]
    for pattern, page, recorded in told:
        found = re.search(pattern, page)
        assert found is not None
        # People go on calling while the demo is served.
        assert recorded <= int(found[1].replace(",", "")) < recorded + 20


@pytest.mark.parametrize("path", ["/providers/none", "/authors/none", "/apps/none.example", "/compare/none/none"])
def test_what_is_not_there_is_not_found(site: str, path: str) -> None:
    assert read(site + path)[0] == 404


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


class TestInABrowser:
    pytestmark = in_a_browser

    @pytest.fixture
    def open(self, browser: Any, site: str) -> Iterator[Any]:
        windows = []

        def open(path: str, **window: Any) -> tuple[Any, list[str]]:
            windows.append(browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | window))
            page, complaints = windows[-1].new_page(), []
            page.on("console", lambda message: complaints.append(message.text))
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.goto(site + path)
            return page, complaints

        yield open
        for window in windows:
            window.close()

    def test_a_model_is_found_by_filter_and_opened_by_keyboard(self, open: Any, site: str) -> None:
        page, complaints = open("/models")
        page.keyboard.press("/")
        page.keyboard.type("gpt-5.1")
        page.wait_for_url("**/models?q=gpt-5.1")
        page.get_by_role("link", name=re.compile("^Ready")).focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**here=ready*")
        page.keyboard.press("/")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{site}/openai/gpt-5.1*")
        assert complaints == []

    def test_two_models_are_ticked_and_compared_by_keyboard(self, open: Any) -> None:
        page, _ = open("/models?here=ready&author=anthropic")
        for key in "jxjx":
            page.keyboard.press(key)
        page.get_by_role("button", name="Compare the ticked models").press("Enter")
        page.wait_for_url("**/compare/anthropic/*/anthropic/*")
        assert page.locator("tr.differs").count() > 3

    def test_what_is_chosen_is_in_the_address_and_goes_back(self, open: Any) -> None:
        page, _ = open("/models")
        page.get_by_role("link", name=re.compile("^deepseek")).click()
        page.wait_for_url("**/models?author=deepseek")
        page.go_back()
        page.wait_for_url("**/models")
        page.get_by_role("status").get_by_text(re.compile("1 to 50 here")).wait_for()
        assert page.url.endswith("/models")

    def test_lists_are_whole_without_scripts(self, open: Any) -> None:
        page, _ = open("/models", java_script_enabled=False)
        page.get_by_role("searchbox").fill("claude")
        page.get_by_role("button", name="Show").click()
        page.wait_for_url("**/models?q=claude")
        page.get_by_role("link", name=re.compile("^Ready")).click()
        page.locator(".pick").nth(0).check()
        page.locator(".pick").nth(1).check()
        page.get_by_role("button", name="Compare the ticked models").click()
        page.wait_for_url("**/compare/**")
        page.get_by_label("Beside them").fill("openai/gpt-5.1")
        page.get_by_role("button", name="Add").click()
        page.wait_for_url("**/openai/gpt-5.1")
        assert page.locator("table.compare thead th").count() == 3

    @pytest.mark.parametrize("path", LISTINGS)
    def test_a_list_fits_a_phone_and_the_browser_has_no_complaint(self, open: Any, path: str) -> None:
        page, complaints = open(path, viewport={"width": 390, "height": 844}, color_scheme="dark")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert complaints == []
