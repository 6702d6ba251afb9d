"""`entrepot credit` and `entrepot ledger`, as an operator types them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfReader

from entrepot.cli import run
from entrepot.storage.sqlite import connect

Entrepot = Callable[..., int]


@pytest.fixture
def entrepot(tmp_path: Path) -> Entrepot:
    return lambda *words: run([*words, "--data-dir", str(tmp_path)])


def test_credit_is_given_once_and_shown(entrepot: Entrepot, capsys: pytest.CaptureFixture[str]) -> None:
    grant = ("credit", "grant", "default", "10", "--reason", "a gift", "--key", "gift-1")
    assert [entrepot(*grant), entrepot(*grant)] == [0, 0]
    capsys.readouterr()
    entrepot("credit", "show", "--json")
    assert json.loads(capsys.readouterr().out)["balance"] == 10


@pytest.mark.parametrize(
    "words",
    [
        ("grant", "default", "-1", "--reason", "r"),
        ("grant", "default", "0", "--reason", "r"),
        ("grant", "default", "1e30", "--reason", "r"),
        ("grant", "nobody", "1", "--reason", "r"),
        ("refund", "default", "1", "--reason", "r"),
        ("budget", "default", "daily", "NaN"),
        ("terms", "nobody", "prepaid"),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(entrepot: Entrepot, words: tuple[str, ...]) -> None:
    assert entrepot("credit", *words) == 1


@pytest.mark.parametrize("amount", ["-5", "-inf", "--5", "nan", "1e30", "0.12345678912", "$5", "5,000", "0"])
@pytest.mark.parametrize(
    ("words", "action"),
    [
        ("credit grant default AMOUNT --reason r", "credit.grant"),
        ("credit refund default AMOUNT --reason r", "credit.refund"),
        ("credit budget default daily AMOUNT", "workspace.budget"),
        ("codes create --amount AMOUNT", "codes.make"),
    ],
)
def test_an_amount_that_is_none_is_told_whole_and_leaves_a_line(
    entrepot: Entrepot, capsys: pytest.CaptureFixture[str], words: str, action: str, amount: str
) -> None:
    assert entrepot(*words.replace("AMOUNT", amount).split(" ")) == 1
    told = capsys.readouterr().err
    assert "`amount`" in told and "Nothing was changed" in told
    assert "Expected US dollars, above 0" in told and f"received {amount}." in told and "Write it as 25" in told
    entrepot("ledger", "audit", "--json")
    (line,) = json.loads(capsys.readouterr().out)
    assert line["action"] == f"{action}.refused" and amount in line["after"]


@pytest.mark.parametrize("words", ["keys create --name a --limit -5", "prices set --prompt -1 --completion 1"])
def test_a_limit_or_price_below_zero_leaves_a_line_too(
    entrepot: Entrepot, capsys: pytest.CaptureFixture[str], words: str
) -> None:
    assert entrepot(*words.split()) == 1
    capsys.readouterr()
    entrepot("ledger", "audit", "--json")
    assert [line["action"].rpartition(".")[2] for line in json.loads(capsys.readouterr().out)] == ["refused"]


def test_a_statement_of_nobody_is_refused(entrepot: Entrepot) -> None:
    entrepot("credit", "grant", "default", "1", "--reason", "r")
    assert [entrepot("ledger", "statement", name) for name in ("default", "nobody")] == [0, 1]


def test_the_books_are_proved_and_a_bent_one_is_found(
    entrepot: Entrepot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entrepot("credit", "grant", "default", "3", "--reason", "r")
    assert entrepot("ledger", "verify", "--records") == 0
    db = connect(tmp_path / "entrepot.db")
    db.execute("UPDATE ledger_balances SET amount_nano = amount_nano + 1 WHERE account = 'credit'")
    db.close()
    capsys.readouterr()
    assert entrepot("ledger", "verify") == 1
    assert "live/credit/default/grant: 1" in capsys.readouterr().out


def test_a_statement_and_an_export_tell_the_same(entrepot: Entrepot, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entrepot("credit", "grant", "default", "3", "--reason", "r")
    entrepot("credit", "correct", "default", "-0.5", "--reason", "too much")
    capsys.readouterr()
    entrepot("ledger", "statement", "--json")
    told = json.loads(capsys.readouterr().out)
    amounts = [entry["amount"] for entry in told["entries"]]
    assert (told["opening_balance"], amounts, told["closing_balance"]) == (0, [3, -0.5], 2.5)
    entrepot("ledger", "export", "--format", "csv", "--to", str(tmp_path / "books.csv"))
    amounts = [int(line.rpartition(",")[2]) for line in (tmp_path / "books.csv").read_text().splitlines()[1:]]
    assert (len(amounts), sum(amounts)) == (4, 0)


def test_a_statement_is_written_as_a_page_and_as_pdf(entrepot: Entrepot, tmp_path: Path) -> None:
    entrepot("credit", "grant", "default", "3", "--reason", "a <gift>")
    page, pdf = tmp_path / "statement.html", tmp_path / "statement.pdf"
    assert entrepot("ledger", "statement", "--html", str(page), "--pdf", str(pdf)) == 0
    assert "a &lt;gift&gt;" in page.read_text() and "3.00" in page.read_text()
    assert "3.00" in PdfReader(pdf).pages[0].extract_text()
    assert entrepot("ledger", "statement", "--month", "2026-13") == 1


def test_every_change_is_in_the_audit_log(entrepot: Entrepot, capsys: pytest.CaptureFixture[str]) -> None:
    entrepot("keys", "create", "--name", "a", "--limit", "5", "--limit-reset", "daily")
    entrepot("keys", "limit", "a", "none")
    entrepot("keys", "disable", "a")
    entrepot("credit", "terms", "default", "prepaid")
    entrepot("credit", "budget", "default", "daily", "2")
    capsys.readouterr()
    entrepot("ledger", "audit", "--json")
    lines = json.loads(capsys.readouterr().out)
    assert {line["action"] for line in lines} == {"key.create", "key.change", "workspace.terms", "workspace.budget"}
