"""`entrepot reconcile` says what a bill and our records do not agree on, and ends with 1 when there is anything."""

from __future__ import annotations

import contextlib
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
from entrepot.values.generation import Generation

NOON_MS = 1_793_534_400_000
"""2026-11-01."""


def keep(folder: Path, made: list[Generation]) -> None:
    with contextlib.closing(connect(folder / "entrepot.db")) as db:
        db.migrate()
        rollups = Rollups(db, "test", 0, lambda: NOON_MS)
        insert(db, [(one, msgspec.json.encode(one)) for one in made], rollups.note)
        rollups.add()


@pytest.fixture
def reconcile(tmp_path: Path) -> Callable[..., int]:
    """Against a record of two generations of gpt-5.1 at OpenAI, of one dollar and a half each."""
    at_openai = {"model": "openai/gpt-5.1", "provider": "openai", "endpoint": "openai/gpt-5.1@openai"}
    made = [
        generation(f"gen-{number}", created_ms=NOON_MS, workspace="default", upstream_cost_nano=15 * 10**8, **at_openai)
        for number in range(2)
    ]
    keep(tmp_path, made)

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
    assert reconcile("date,model,amount\n2026-11-01,m,1\n", "--least", "-1") == 1
    assert "--least -1 is below zero" in capsys.readouterr().err
    assert cli.run(("reconcile", "nobody", "missing.csv")) == 1


def test_more_models_than_a_chart_has_are_all_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = [
        generation(
            f"gen-{each}",
            created_ms=NOON_MS,
            upstream_cost_nano=10**9,
            model=f"a/m{each}",
            endpoint=f"a/m{each}@openai",
            provider="openai",
        )
        for each in range(130)
    ]
    keep(tmp_path, made)
    (tmp_path / "bill.csv").write_text("date,model,amount\n" + "".join(f"2026-11-01,m{each},1\n" for each in range(130)))
    assert cli.run(("reconcile", "openai", str(tmp_path / "bill.csv"), "--data-dir", str(tmp_path), "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ours"], told["difference"], len(told["rows"])) == (130, 0, 130)


def test_a_provider_that_nothing_is_recorded_of_is_said_so(
    reconcile: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert reconcile("date,model,amount\n2026-10-01,gpt-5.1,1\n") == 1
    assert "no cost at openai is recorded here" in capsys.readouterr().out
