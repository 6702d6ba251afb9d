"""`entrepot reconcile` says what a bill and our records do not agree on, and ends with 1 when there is anything."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from entrepot import cli
from entrepot.records.rollups import Rollups
from entrepot.records.store import insert
from entrepot.storage.sqlite import connect
from entrepot.testing.builders import generation

NOON_MS = 1_793_534_400_000
"""2026-11-01."""


@pytest.fixture
def reconcile(tmp_path: Path) -> Callable[..., int]:
    """Against a record of two generations of gpt-5.1 at OpenAI, of one dollar and a half each."""
    db = connect(tmp_path / "entrepot.db")
    db.migrate()
    at_openai = {"model": "openai/gpt-5.1", "provider": "openai", "endpoint": "openai/gpt-5.1@openai"}
    made = [
        generation(f"gen-{number}", created_ms=NOON_MS, workspace="default", upstream_cost_nano=15 * 10**8, **at_openai)
        for number in range(2)
    ]
    rollups = Rollups(db, "test", 0, lambda: NOON_MS)
    insert(db, [(one, msgspec.json.encode(one)) for one in made], rollups.note)
    rollups.add()
    db.close()

    def run(bill: str, *words: str) -> int:
        (tmp_path / "bill.csv").write_text(bill)
        return cli.run(("reconcile", "openai", str(tmp_path / "bill.csv"), "--data-dir", str(tmp_path), *words))

    return run


def test_a_bill_that_agrees_ends_with_0(reconcile: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert reconcile('start_time_iso,amount_value,line_item\n2026-11-01T00:00:00+00:00,3.001,"gpt-5.1-2025-11-13, input"\n') == 0
    told = capsys.readouterr().out
    assert "OpenAI's cost export" in told and "All of it agrees." in told and "difference $0.001" in told


def test_what_is_unexplained_is_named_and_ends_with_1(reconcile: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    bill = "date,model,amount\n2026-11-01,gpt-5.1,2\n2026-11-01,[red]mystery[/],5\n2026-11-02,gpt-5.1,-1\n"
    assert reconcile(bill, "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["ours"], told["theirs"], told["unexplained"], told["credits"]) == (3, 6, 3, 1)
    assert [row["verdict"] for row in told["rows"]] == ["not in our records", "differs", "not in our records"]
    assert reconcile(bill) == 1 and "[red]mystery[/]" in capsys.readouterr().out


def test_what_cannot_be_compared_is_refused_in_words(reconcile: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert reconcile("date,model,amount\n2026-11-01,m,=cmd\n") == 1
    assert "Line 2 of the bill cannot be read" in capsys.readouterr().err
    assert reconcile("date,model,amount\n2026-11-01,m,1\n", "--tolerance", "NaN") == 1
    assert cli.run(("reconcile", "nobody", "missing.csv")) == 1
