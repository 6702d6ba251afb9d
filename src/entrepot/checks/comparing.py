"""What only shows when endpoints of one model stand side by side: they have one tokenizer, and so one count of the same text."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from entrepot.checks.store import Report

_APART = 1.02
_COUNTING = "counting"


class Overcount(msgspec.Struct, frozen=True):
    """By how many times more tokens one endpoint reports than another for the same texts."""

    endpoint: str
    other: str
    times: float


def overcounts(reports: Sequence[Report]) -> list[Overcount]:
    """Of reports with one seed on one model, those that lie above the least."""
    counted = {
        report.endpoint: finding.value
        for report in reports
        for finding in report.findings
        if finding.check == _COUNTING and finding.value
    }
    if not counted:
        return []
    least = min(counted, key=lambda endpoint: counted[endpoint])
    times = {endpoint: value / counted[least] for endpoint, value in counted.items()}
    return [Overcount(endpoint, least, round(more, 4)) for endpoint, more in times.items() if more > _APART]
