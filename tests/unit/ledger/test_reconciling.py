"""Our record and a bill are set beside each other by day and model, and what nothing explains is named."""

from collections.abc import Mapping

from entrepot.ledger.reconciling import Row, Sums, Tolerance, compare

DOLLAR = 10**9
DAY = "2026-11-01"


def compared(ours: Sums, theirs: Sums, tolerance: Tolerance = Tolerance()) -> list[Row]:
    def recorded(day: str) -> Mapping[str, int]:
        return {model: amount for (of, model), amount in ours.items() if of == day}

    return list(compare(sorted({day for day, _ in [*ours, *theirs]}), recorded, theirs, tolerance))


def test_models_are_found_by_the_names_that_bills_have_for_them() -> None:
    ours = {
        (DAY, "anthropic/claude-haiku-4.5"): DOLLAR,
        (DAY, "openai/gpt-5.1"): DOLLAR,
        (DAY, "openai/gpt-5.1-2025-11-13"): DOLLAR,
    }
    theirs = {(DAY, "Claude Haiku 4.5"): DOLLAR // 2, (DAY, "claude-haiku-4-5-20251001"): DOLLAR // 2}
    theirs |= {(DAY, "gpt-5.1-2025-11-13"): DOLLAR, (DAY, "gpt-5.1-2026-01-01"): DOLLAR}
    rows = compared(ours, theirs)
    assert [(row.model, row.verdict) for row in rows] == [(model, "agrees") for _, model in sorted(ours)]


def test_each_thing_that_nothing_explains_has_its_verdict() -> None:
    ours = {(DAY, "a/same"): DOLLAR, (DAY, "a/more"): DOLLAR, (DAY, "a/unbilled"): DOLLAR}
    theirs = {(DAY, "same"): DOLLAR + 10**7, (DAY, "more"): DOLLAR + 2 * 10**7, (DAY, "web search"): DOLLAR, (DAY, "rest"): 10**7}
    rows = {row.model: (row.difference_nano, row.verdict) for row in compared(ours, theirs)}
    assert rows == {
        "a/same": (10**7, "agrees"),
        "a/more": (2 * 10**7, "differs"),
        "a/unbilled": (-DOLLAR, "not on the bill"),
        "web search": (DOLLAR, "not in our records"),
        "rest": (10**7, "agrees"),
    }


def test_a_bill_without_models_is_compared_by_day() -> None:
    ours = {(DAY, "a/b"): DOLLAR, (DAY, "a/c"): DOLLAR, ("2026-11-02", "a/c"): DOLLAR}
    rows = compared(ours, {(DAY, ""): 2 * DOLLAR}, Tolerance(0, 0))
    assert [(row.day, row.verdict) for row in rows] == [(DAY, "agrees"), ("2026-11-02", "not on the bill")]
