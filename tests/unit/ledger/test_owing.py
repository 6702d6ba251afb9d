"""A workspace that owes, as after a dispute, is told so when it is refused."""

from entrepot.errors import OutOfCredits
from entrepot.ledger.refusal import Lack, refusal

DOLLAR = 10**9


def test_credit_below_zero_is_refused_with_402_that_says_what_is_owed() -> None:
    error = refusal("credit/default", Lack(DOLLAR, -15 * DOLLAR, -15 * DOLLAR, 0, 100))
    assert isinstance(error, OutOfCredits) and error.status == 402
    assert "owes $15, as after a payment that was disputed" in error.message
    assert "owes" not in refusal("credit/default", Lack(DOLLAR, 0, 0, 0, 100)).message
