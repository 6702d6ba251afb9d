"""`entrepot check` as a person sees it: what it may cost comes first, and nobody takes the sandbox for a model."""

import asyncio
import json
from pathlib import Path

import pytest

from entrepot.cli import run
from entrepot.testing.upstream import FakeUpstream, Reply, Seen, plain, streamed

MODEL = "openai/gpt-4o"


def says_no(seen: Seen) -> Reply:
    return streamed("no") if seen.json().get("stream") else plain("no")


def configured(place: Path, url: str) -> list[str]:
    config = place / "entrepot.toml"
    config.write_text(
        f'catalog.find_local = false\n[providers.acme]\ndialect = "openai_chat"\nbase_url = "{url}"\napi_key = ""\n'
        f'[[endpoints]]\nmodel = "{MODEL}"\nprovider = "acme"\nupstream_model = "gpt-4o"\n'
    )
    where = ["--config", str(config), "--data-dir", str(place / "data")]
    assert run(["keys", "create", "--name", "any", *where]) == 0
    return where


def test_the_sandbox_is_told_from_a_model(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "new"
    assert run(["check", MODEL, "--test", "--samples", "1", "--only", "instructions,schema", "--data-dir", str(place)]) == 0
    told, said = capfd.readouterr()
    assert "nothing of this is kept" in said and not place.exists()
    assert "at list price; nothing charged" in told
    assert "The sandbox was measured, no model" in told
    assert "2 calls to the sandbox, which charges nothing" in said


async def test_the_most_it_may_cost_is_told_before_it_starts(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async with FakeUpstream(says_no) as upstream:
        asked = ["check", f"{MODEL}@acme", "--samples", "1", "--only", "json", *configured(tmp_path, upstream.url)]
        assert await asyncio.to_thread(run, asked) == 1
        assert upstream.seen == []
    said = capfd.readouterr().err
    assert f"1 call to {MODEL}@acme, at most $0.0040775 in all" in said
    assert "Say --yes" in said


async def test_a_failed_check_ends_with_code_1_and_tells_its_interval(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    async with FakeUpstream(says_no) as upstream:
        asked = ["check", f"{MODEL}@acme", "--samples", "2", "--only", "json", "--yes", "--json"]
        asked += configured(tmp_path, upstream.url)
        capfd.readouterr()
        assert await asyncio.to_thread(run, asked) == 1
    told, said = capfd.readouterr()
    (finding,) = json.loads(told)[0]["findings"]
    assert (finding["tried"], finding["passed"], finding["low"]) == (2, 0, 0.0)
    assert finding["high"] == pytest.approx(0.6576, abs=1e-4)
    assert "2 calls to" in said
