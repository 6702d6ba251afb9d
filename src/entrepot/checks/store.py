"""Reports in the database, and who may check an endpoint next."""

from __future__ import annotations

import msgspec

from entrepot.checks.finding import Finding
from entrepot.storage.database import Database
from entrepot.values.ids import ulid

_LATEST = (
    "SELECT body FROM endpoint_checks WHERE id IN "
    "(SELECT max(id) FROM endpoint_checks WHERE body <> '' {where} GROUP BY model, endpoint) ORDER BY endpoint"
)
_QUALITY = ("tools", "schema", "json", "instructions")


class Report(msgspec.Struct, frozen=True):
    """What one run of the checks found at one endpoint. `cost` is what it cost, in US dollars."""

    endpoint: str
    model: str
    at_ms: int
    seed: int
    cost: float
    findings: tuple[Finding, ...]

    @property
    def quality(self) -> float:
        """From 0 to 1: how well it does at least, in what agents need; the mean of the lower ends. 0.0 when none was checked."""
        lows = [finding.low for finding in self.findings if finding.check in _QUALITY and finding.tried]
        return sum(lows) / len(lows) if lows else 0.0


_decode = msgspec.json.Decoder(Report).decode


def begin(db: Database, model: str, endpoint: str, now_ms: int, every_ms: int = 0) -> str | None:
    """Takes the endpoint's next check, so that no other process does; None when somebody began one less than `every_ms` ago."""
    with db.transaction(alone="endpoint checks"):
        row = db.execute("SELECT max(at_ms) FROM endpoint_checks WHERE model = ? AND endpoint = ?", (model, endpoint)).fetchone()
        if row is not None and row[0] is not None and row[0] > now_ms - every_ms:
            return None
        made = ulid(now_ms)
        db.execute("INSERT INTO endpoint_checks VALUES (?, ?, ?, ?, '')", (made, now_ms, model, endpoint))
        return made


def finish(db: Database, check: str, report: Report) -> None:
    db.execute("UPDATE endpoint_checks SET body = ? WHERE id = ?", (msgspec.json.encode(report).decode(), check))


def latest(db: Database, model: str) -> list[Report]:
    """The newest report of each endpoint of a model."""
    rows = db.execute(_LATEST.format(where="AND model = ?"), (model,))
    return [_decode(body) for (body,) in rows]


def qualities(db: Database) -> dict[str, float]:
    """By endpoint, of its newest report."""
    rows = db.execute(_LATEST.format(where=""))
    return {report.endpoint: report.quality for report in (_decode(body) for (body,) in rows)}
