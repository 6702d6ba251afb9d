"""Operators are told of what has stopped: once of each, and how many there are."""

from typing import Any, cast

from structlog.testing import capture_logs

from entrepot.jobs.topping_up import ToppingUp
from entrepot.payments.cashier import Cashier
from entrepot.payments.rules import Rule
from entrepot.payments.top_ups import Look


class Looks:
    """A cashier whose looks find what they are to find."""

    def __init__(self, *found: Look) -> None:
        self.found = iter(found)
        self.top_ups = self

    def tick(self) -> Look:
        return next(self.found)


def stopped(workspace: str, changed_ms: int = 1) -> Rule:
    return Rule(workspace, 1, "usd", 1, 1, "stopped", "the card was declined", changed_ms)


async def looked(*found: Look) -> tuple[ToppingUp, list[Any], list[tuple[str, str]]]:
    worries: list[tuple[str, str]] = []
    job = ToppingUp(cast(Cashier, Looks(*found)), lambda what, why: worries.append((what, why)))
    with capture_logs() as logs:
        for _ in found:
            await job.look()
    return job, logs, [worry for worry in worries if worry[1]]


async def test_each_rule_that_stopped_is_logged_once_until_it_stops_again() -> None:
    one, again = Look((stopped("a"),), ""), Look((stopped("a", 2), stopped("b")), "")
    job, logs, _ = await looked(one, one, again, Look((), ""), one)
    assert [(line["workspace"], line["why"]) for line in logs] == [(name, "the card was declined") for name in "aaba"]
    assert {line["log_level"] for line in logs} == {"warning"}
    assert job.stopped == 1


async def test_after_a_start_a_bounded_number_is_logged_and_the_rest_counted() -> None:
    job, logs, _ = await looked(Look(tuple(stopped(f"w{each}") for each in range(50)), ""))
    assert (len(logs), logs[-1]["count"], job.stopped) == (21, 30, 50)


async def test_a_stripe_that_cannot_be_asked_is_told_and_shown() -> None:
    job, logs, worries = await looked(Look((), "a: Stripe could not be asked."))
    assert (job.away, logs) == ("a: Stripe could not be asked.", [])
    assert worries == [("Stripe cannot be asked for automatic top-up", "a: Stripe could not be asked.")]
