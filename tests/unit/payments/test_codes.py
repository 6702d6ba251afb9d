"""A code gives its credit once, to whom it is for, as long as it is good; and guesses are few."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from entrepot.errors import GatewayError, InvalidRequest, NotFound, RateLimited
from entrepot.identity.store import ensure_workspace
from entrepot.ledger import audit
from entrepot.ledger.audit import Act
from entrepot.ledger.books import balance
from entrepot.ledger.verify import verify
from entrepot.payments import codes
from entrepot.payments.codes import Batch, Code
from entrepot.storage.database import Database, StorageAway
from entrepot.storage.engines import open_database

NOW_MS = 1_790_000_000_000
ACT = Act(actor="admin", at_ms=NOW_MS)
DOLLAR = 10**9
SECRET = b"secret"


@pytest.fixture
def db(store_url: str) -> Iterator[Database]:
    made = open_database(store_url, "normal")
    made.migrate()
    ensure_workspace(made, NOW_MS)
    made.execute("INSERT INTO workspaces (id, name, created_ms) VALUES ('other', 'Other', 1)")
    yield made
    assert not [finding for finding in verify(made) if finding.wrong]
    made.close()


def redeem(db: Database, text: str, workspace: str = "default", at_ms: int = NOW_MS, key: str = "k") -> Code:
    return codes.redeem(db, SECRET, text, workspace, key, Act(actor="key", at_ms=at_ms))


def test_of_many_who_redeem_a_code_at_once_one_has_it(db: Database) -> None:
    [(text, _)] = codes.make(db, SECRET, Batch(10 * DOLLAR, 1, sold=True), ACT)
    replicas = [db.sibling() for _ in range(4)]

    def attempt(number: int) -> bool:
        """A file that many write to may be busy for long, and is then asked again."""
        while True:
            try:
                redeem(replicas[number % 4], text, ("default", "other")[number % 2], key=f"k{number}")
            except StorageAway:
                continue
            except InvalidRequest:
                return False
            return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(16))) == 1
    for replica in replicas:
        replica.close()
    assert sum(balance(db, "credit", owner) for owner in ("default", "other")) == 10 * DOLLAR
    assert sum(balance(db, "clearing", owner) for owner in ("default", "other")) == -10 * DOLLAR


def test_a_code_is_read_however_it_is_written_and_only_its_hash_is_kept(db: Database) -> None:
    made = codes.make(db, SECRET, Batch(DOLLAR, 3), ACT)
    for (text, _), written in zip(
        made, (str.lower, lambda t: t.replace("-", " "), lambda t: t.replace("0", "o").replace("1", "l")), strict=True
    ):
        redeem(db, written(text))
    assert balance(db, "promotion", "default") == -3 * DOLLAR
    kept = str(db.execute("SELECT * FROM codes").fetchall())
    assert not any(text in kept or text.replace("-", "") in kept for text, _ in made)


def test_what_is_expired_revoked_used_or_for_another_is_refused_with_a_line(db: Database) -> None:
    def one(**more: object) -> tuple[str, Code]:
        return codes.make(db, SECRET, Batch(DOLLAR, 1, **more), ACT)[0]  # type: ignore[arg-type]

    (old, _), (revoked, code), (used, _), (foreign, _) = one(expires_ms=NOW_MS + 5), one(), one(), one(workspace="other")
    assert codes.revoke(db, code.batch, ACT) == 1
    redeem(db, used)
    refused = ((old, "time is over"), (revoked, "revoked"), (used, "used already"), (foreign, "no such code"), ("x", "no such"))
    for number, (text, why) in enumerate(refused):
        with pytest.raises(InvalidRequest, match=why):
            redeem(db, text, at_ms=NOW_MS + 5 + number)
        assert why in audit.lines(db, 1)[0].after
    assert balance(db, "credit", "default") == DOLLAR
    assert sorted(code.state(NOW_MS + 5) for code in codes.page(db, offset=0, limit=9)[0]) == [
        "expired",
        "revoked",
        "unused",
        "used",
    ]


def test_ten_wrong_codes_an_hour_are_heard_and_no_more(db: Database) -> None:
    [(text, _)] = codes.make(db, SECRET, Batch(DOLLAR, 1), ACT)
    for number in range(12):
        with pytest.raises(InvalidRequest if number < 10 else RateLimited):
            redeem(db, "AAAAA-AAAAA-AAAAA-AAAAA")
    with pytest.raises(RateLimited):
        redeem(db, text)
    assert redeem(db, text, key="another").amount_nano == DOLLAR
    [(text, _)] = codes.make(db, SECRET, Batch(DOLLAR, 1), ACT)
    assert redeem(db, text, at_ms=NOW_MS + 3_600_000).amount_nano == DOLLAR


@pytest.mark.parametrize(
    ("batch", "error"),
    [
        (Batch(0, 1), InvalidRequest),
        (Batch(-DOLLAR, 1), InvalidRequest),
        (Batch(10**18, 1), InvalidRequest),
        (Batch(DOLLAR, 0), InvalidRequest),
        (Batch(DOLLAR, 10_001), InvalidRequest),
        (Batch(DOLLAR, 1, expires_ms=NOW_MS), InvalidRequest),
        (Batch(DOLLAR, 1, "nobody"), NotFound),
    ],
)
def test_a_batch_that_makes_no_sense_is_refused(db: Database, batch: Batch, error: type[GatewayError]) -> None:
    with pytest.raises(error):
        codes.make(db, SECRET, batch, ACT)
    assert codes.page(db, offset=0, limit=1) == ([], 0)
