"""`entrepot demo`: a directory filled through the real path."""

import sqlite3
from pathlib import Path

import msgspec
import pytest

from entrepot.cli import run
from entrepot.values.generation import Generation


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demos") / "demo"
    assert run(["demo", "--data-dir", str(folder), "--days", "2", "--scale", "0.3", "--no-serve"]) == 0
    return folder


@pytest.fixture(scope="module")
def records(demo: Path) -> list[Generation]:
    with sqlite3.connect(demo / "entrepot.db") as db:
        rows = db.execute("SELECT detail FROM generations ORDER BY id").fetchall()
    db.close()
    return [msgspec.json.decode(row[0], type=Generation) for row in rows]


def test_every_call_is_recorded_at_its_own_time(records: list[Generation]) -> None:
    whole_ms = records[-1].created_ms - records[0].created_ms
    assert len(records) > 300
    assert 1.8 * 86_400_000 < whole_ms < 2 * 86_400_000


def test_timings_are_those_of_the_simulated_providers(records: list[Generation]) -> None:
    streams = [one for one in records if one.provider == "openai" and one.streamed and one.status == 200 and not one.cancelled]
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


def test_a_demo_that_is_there_is_not_made_again(demo: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = (demo / "entrepot.db").stat().st_mtime_ns
    assert run(["demo", "--data-dir", str(demo), "--no-serve"]) == 0
    assert "is a demo already" in capfd.readouterr().out
    assert (demo / "entrepot.db").stat().st_mtime_ns == before


def test_other_data_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "letters.txt").write_text("dear")
    assert run(["demo", "--data-dir", str(tmp_path), "--no-serve"]) == 1
    assert "something else than a demo" in capfd.readouterr().err
