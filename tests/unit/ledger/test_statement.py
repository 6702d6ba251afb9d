"""A statement adds up, whatever the month holds, and reads as many rows after many generations as after few."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from entrepot.errors import NotFound
from entrepot.identity.store import ensure_workspace
from entrepot.ledger import statement_html, statement_pdf
from entrepot.ledger.books import Account, Move, Transaction, balance, post
from entrepot.ledger.statement import Used, by_model, month_of, statement
from entrepot.ledger.statement_paper import decimals_of, figure, paper_of
from entrepot.storage.database import Database
from entrepot.storage.engines import open_database
from entrepot.values.times import DAY_MS

NOVEMBER = month_of("2026-11")
DOLLAR = 10**9


@pytest.fixture
def db(store_url: str) -> Iterator[Database]:
    made = open_database(store_url, "normal")
    made.migrate()
    ensure_workspace(made, 1)
    yield made
    made.close()


def move(db: Database, kind: str, dollars: int, at_ms: int, giver: Account = "clearing", taker: Account = "credit") -> None:
    with db.transaction():
        moves = (Move(giver, "default", taker, "default", dollars * DOLLAR),)
        post(db, Transaction(f"{kind}:{at_ms}", "live", kind, at_ms, moves, memo=f"{kind} <b>"))


def use(db: Database, dollars: int, at_ms: int) -> None:
    """As the writer of records does it."""
    move(db, "usage", dollars, at_ms, "credit", "revenue")
    db.execute("INSERT INTO workspace_usage VALUES ('default', 'live', ?, 1, ?)", (at_ms // DAY_MS, dollars * DOLLAR))


def test_a_month_opens_with_what_the_one_before_closed_with(db: Database) -> None:
    move(db, "payment", 100, NOVEMBER.from_ms - 1)
    use(db, 30, NOVEMBER.from_ms - 1)
    move(db, "payment", 50, NOVEMBER.from_ms)
    move(db, "refund", 20, NOVEMBER.before_ms - 1, "credit", "clearing")
    use(db, 7, NOVEMBER.before_ms - 1)
    move(db, "grant", 1000, NOVEMBER.before_ms)
    october, november = statement(db, "default", month_of("2026-10")), statement(db, "default", NOVEMBER)
    assert october.closing_nano == november.opening_nano == 70 * DOLLAR
    assert (november.sums, november.used_nano) == ({"payment": 50 * DOLLAR, "refund": -20 * DOLLAR}, 7 * DOLLAR)
    december = statement(db, "default", month_of("2026-12"))
    assert december.closing_nano == balance(db, "credit", "default") == 1093 * DOLLAR


def test_what_revenue_took_by_another_way_than_usage_is_told_too(db: Database) -> None:
    move(db, "correction", 3, NOVEMBER.from_ms, "credit", "revenue")
    stated = statement(db, "default", NOVEMBER)
    assert (stated.closing_nano, stated.sums) == (-3 * DOLLAR, {"correction": -3 * DOLLAR})


def test_a_month_with_nothing_has_a_statement_that_says_so(db: Database) -> None:
    stated = statement(db, "default", NOVEMBER)
    page = statement_html.render(paper_of(stated, ("Seller <Ltd>", "Street 1"))).decode()
    assert "Nothing was used." in page and "Nothing was paid" in page and "Seller &lt;Ltd&gt;" in page
    assert statement_pdf.render(paper_of(stated, ())).startswith(b"%PDF-")


def test_a_thousand_lines_are_shown_and_the_rest_is_summed(db: Database) -> None:
    with db.transaction():
        for number in range(1003):
            moves = (Move("promotion", "default", "credit", "default", DOLLAR),)
            post(db, Transaction(f"grant:{number}", "live", "grant", NOVEMBER.from_ms + number, moves))
    stated = statement(db, "default", NOVEMBER)
    assert (len(stated.lines), stated.more, stated.closing_nano) == (1000, 3, 1003 * DOLLAR)
    assert "and 3 more" in statement_html.render(paper_of(stated, ())).decode()


def test_usage_by_model_sums_to_what_was_charged(db: Database) -> None:
    use(db, 7, NOVEMBER.from_ms)
    stated = by_model(statement(db, "default", NOVEMBER), [Used("openai/gpt-5.1", 0, 5 * DOLLAR)])
    assert [(used.name, used.cost_nano) for used in stated.models] == [("openai/gpt-5.1", 5 * DOLLAR), ("other", 2 * DOLLAR)]


def test_the_same_paper_is_the_same_pdf_and_goes_on_over_pages(db: Database) -> None:
    models = [Used(f"author/model-{number}", 1, DOLLAR + number) for number in range(120)]
    paper = paper_of(by_model(statement(db, "default", NOVEMBER), models), ("Søren & Œuvre €", "Łódź 中文"))
    made = statement_pdf.render(paper)
    assert made == statement_pdf.render(paper) and made.count(b"/Type /Page\n") > 2


def test_amounts_of_a_paper_stand_below_each_other() -> None:
    amounts = [1234 * DOLLAR, -5, 100]
    decimals = decimals_of(amounts)
    assert [figure(amount, decimals) for amount in amounts] == ["1,234.000000000", "−0.000000005", "0.000000100"]
    assert (figure(-1200, decimals_of([-1200], 1), 1), figure(1200, decimals_of([1200], 100), 100)) == ("−1,200", "12.00")


def test_what_is_no_month_or_nobody_is_refused(db: Database) -> None:
    for text in ("2026-13", "26-11", "2026-11-01", "", "٢٠٢٦-11"):
        with pytest.raises(NotFound, match="month"):
            month_of(text)
    with pytest.raises(NotFound):
        statement(db, "nobody", NOVEMBER)
