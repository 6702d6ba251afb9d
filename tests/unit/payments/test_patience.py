"""Nobody waits for somebody outside longer than he wants to."""

import socket
import threading
from collections.abc import Iterator

import pytest

from entrepot.payments.patience import Patience
from entrepot.payments.stripe_till import StripeTill
from entrepot.payments.till import TillAway


def test_what_is_done_in_time_is_given_and_what_fails_is_raised() -> None:
    patience = Patience()
    assert patience.ask(lambda: 7) == 7
    with pytest.raises(KeyError, match="x"):
        patience.ask(lambda: {}["x"])


def test_work_that_is_not_done_when_patience_ends_is_left_on_a_thread_that_keeps_nobody() -> None:
    patience, let_go = Patience(), threading.Event()
    seen: list[bool] = []

    def work() -> None:
        seen.append(threading.current_thread().daemon)
        patience.end(0)
        let_go.wait(10)

    with pytest.raises(TimeoutError):
        patience.ask(work)
    assert seen == [True]
    let_go.set()


def test_after_its_end_nothing_is_begun() -> None:
    patience, begun = Patience(), list[int]()
    patience.end(0)
    with pytest.raises(TimeoutError):
        while True:
            patience.ask(lambda: begun.append(1))
    before = len(begun)
    with pytest.raises(TimeoutError):
        patience.ask(lambda: begun.append(1))
    assert len(begun) == before
    patience.end(0)


@pytest.fixture
def silent() -> Iterator[str]:
    """Somebody who takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_stripe_that_says_nothing_keeps_nobody_from_leaving(silent: str) -> None:
    till = StripeTill("sk_test_x", "whsec_x", 300, "https://x.test", silent)
    till.hasten(0.05)
    for _ in range(2):
        with pytest.raises(TillAway):
            till.session("cs_1")
