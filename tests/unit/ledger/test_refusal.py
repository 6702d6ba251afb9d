"""What a caller is told when money is short, and what the audit log keeps of a change that was refused."""

import contextlib

import pytest

from entrepot.ledger import audit
from entrepot.ledger.audit import Act, Wish
from entrepot.ledger.refusal import Lack, refusal
from entrepot.storage.engines import open_database


@pytest.mark.parametrize(
    ("purse", "lack", "words", "remedy"),
    [
        (
            "key/abc/daily/1",
            Lack(2_000_000_000, 1_000_000_000, 1_000_000_000, 500, 1000),
            "You requested up to 1000 tokens, but can only afford 500.",
            "Send max_tokens of 500 or less, or raise the key's limit, or wait until it is reset.",
        ),
        (
            "key/abc/lifetime/0",
            Lack(2_000_000_000, 1_000_000_000, 1_000_000_000, 100),
            "with the shortest answer that is made it needs up to $2, and $1 of the key's limit is available. "
            "That covers an answer of 100 tokens.",
            "Send max_tokens of 100 or less, or raise the key's limit.",
        ),
        (
            "credit/default",
            Lack(2_000_000_000, 0, 0, 0),
            "That does not cover the prompt.",
            "Add credit to the workspace.",
        ),
    ],
)
def test_a_refusal_says_what_was_counted_and_what_would_mend_it(purse: str, lack: Lack, words: str, remedy: str) -> None:
    error = refusal(purse, lack)
    assert words in error.message and error.remedy == remedy
    assert (error.status, error.metadata["required"]) == (402, "2")


@pytest.mark.parametrize("purse", ["key/abc/daily/1", "credit/default", "budget/default/daily/1"])
def test_what_would_have_fitted_stands_beside_what_came(purse: str) -> None:
    for unspent in (500_000_000, 3_000_000_000):
        told = refusal(purse, Lack(2_000_000_000, 500_000_000, unspent, 100, wished=400)).metadata
        assert told["expected"] == "a request of at most $0.5, as with max_tokens of 100 or less"
        assert told["received"] == "one of up to $2, with max_tokens of 400"
    told = refusal(purse, Lack(2_000_000_000, -1, -1, 0)).metadata
    assert told["expected"] == "a request of at most $0"
    assert told["received"] == "one of up to $2, with the shortest answer that is made"


def test_a_budget_that_calls_hold_is_403_and_may_be_free_again_soon() -> None:
    error = refusal("budget/default/daily/1", Lack(2_000_000_000, 500_000_000, 3_000_000_000, 100))
    told = error.metadata
    assert (error.status, error.retryable, error.retry_after_s) == (403, True, 2.0)
    assert "$0.5 is free, and $2.5 is held and may be free again soon" in error.message
    assert (told["held"], told["reason"], told["interval"]) == ("2.5", "in_flight_budget_exhausted", "daily")


@pytest.mark.parametrize(
    ("span", "remedy"), [("daily", "Wait for the budget to begin anew"), ("lifetime", "Ask whoever manages")]
)
def test_a_budget_that_is_spent_is_403_and_asking_again_does_not_help(span: str, remedy: str) -> None:
    error = refusal(f"budget/default/{span}/1", Lack(2_000_000_000, 500_000_000, 1_000_000_000, 100))
    assert (error.status, error.retryable, error.retry_after_s, "held" in error.metadata) == (403, False, None, False)
    assert error.remedy is not None and error.remedy.startswith(remedy)


def test_lines_are_found_by_who_what_and_when(store_url: str) -> None:
    with contextlib.closing(open_database(store_url)) as db:
        db.migrate()
        for at_ms, actor, action in ((10, "cli", "key.create"), (20, "ops", "key.change"), (30, "ops", "keyring.turn")):
            audit.write(db, Act(actor=actor, at_ms=at_ms), action, "key/a", {}, {"n": at_ms})
        audit.refused(db, Act(actor="ops", at_ms=40), "key.change", "key/b", "x" * 9000, "no")
        wishes = [
            Wish(action="key"), Wish(action="key.change"), Wish(actor="cli"), Wish(subject="key/b"), Wish(since_ms=20, before_ms=40)
        ]  # fmt: skip
        found = [[line.at_ms for line in audit.lines(db, wish=wish)] for wish in wishes]
        assert found == [[40, 20, 10], [40, 20], [10], [40], [30, 20]]
        assert [audit.count(db, wish) for wish in wishes] == [3, 2, 1, 1, 2]
        assert len(audit.lines(db, 1)[0].after) < 1000
