"""A worry is logged when it begins and when it is over, and not in between."""

from structlog.testing import capture_logs

from entrepot.telemetry.worries import Worries


def test_a_worry_is_told_once_when_it_begins_and_once_when_it_is_over() -> None:
    worries = Worries()
    with capture_logs() as told:
        for why in ("", "away", "still away", "", "", "gone"):
            worries.tell("records wait", why)
    assert [(line["log_level"], line["event"]) for line in told] == [
        ("warning", "records wait"),
        ("info", "records wait: over"),
        ("warning", "records wait"),
    ]
