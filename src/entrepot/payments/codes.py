"""Codes that are redeemed for credit, once each: for who sells by another way, or gives credit away.

Only a keyed hash of a code is kept; the code itself is told when it is made, and never again. Whoever redeems is decided by one
statement in the database, so that of many who try at once one has it. Guesses are counted by key and hour.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Literal

import msgspec

from entrepot.errors import InvalidRequest, NotFound, RateLimited
from entrepot.ledger import audit, leases
from entrepot.ledger.audit import Act
from entrepot.ledger.books import Move, Transaction, post
from entrepot.ledger.workspaces import check_lives
from entrepot.storage.database import Database, Table
from entrepot.values.ids import ulid
from entrepot.values.money import NANO, usd
from entrepot.values.times import HOUR_MS

State = Literal["unused", "used", "expired", "revoked"]
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: none of them is taken for another."""
_LENGTH, _GROUP = 20, 5
_ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_LONGEST = 100
_MOST_CODES = 10_000
_MOST_NANO = 100_000 * NANO
_GUESSES = 10
_COLUMNS = "id, batch, hint, amount_nano, workspace, account, actor, created_ms, expires_ms, revoked_ms, used_ms, used_by"
_CODES = Table(
    "codes",
    (
        ("id", "text"), ("batch", "text"), ("hash", "text"), ("hint", "text"), ("amount_nano", "bigint"), ("workspace", "text"),
        ("account", "text"), ("actor", "text"), ("created_ms", "bigint"), ("expires_ms", "bigint"), ("revoked_ms", "bigint"),
        ("used_ms", "bigint"), ("used_by", "text"),
    ),
)  # fmt: skip


class Batch(msgspec.Struct, frozen=True):
    """What is to be made. workspace  who alone may redeem them; "" for anybody.  sold  they were paid for, and not given away"""

    amount_nano: int
    count: int
    workspace: str = ""
    expires_ms: int | None = None
    sold: bool = False


class Code(msgspec.Struct, frozen=True):
    """hint  its last letters;  account  what the credit comes from;  used_by  the workspace that has it"""

    id: str
    batch: str
    hint: str
    amount_nano: int
    workspace: str
    account: Literal["promotion", "clearing"]
    actor: str
    created_ms: int
    expires_ms: int | None
    revoked_ms: int | None
    used_ms: int | None
    used_by: str

    def state(self, now_ms: int) -> State:
        if self.used_ms is not None:
            return "used"
        if self.revoked_ms is not None:
            return "revoked"
        return "expired" if self.expires_ms is not None and self.expires_ms <= now_ms else "unused"


def make(
    db: Database, secret: bytes, batch: Batch, act: Act, pick: Callable[[str], str] = secrets.choice
) -> list[tuple[str, Code]]:
    """New codes, each told this once. raises InvalidRequest, NotFound"""
    _check(db, batch, act)
    name = "batch-" + ulid(act.at_ms)
    account: Literal["promotion", "clearing"] = "clearing" if batch.sold else "promotion"
    made = []
    for _ in range(batch.count):
        text = "".join(pick(_LETTERS) for _ in range(_LENGTH))
        code = Code(
            "code-" + ulid(act.at_ms), name, text[-4:], batch.amount_nano, batch.workspace, account, act.actor, act.at_ms,
            batch.expires_ms, None, None, "",
        )  # fmt: skip
        made.append((text, code))
    with db.transaction():
        rows = [(c.id, c.batch, _hash(text, secret), *msgspec.structs.astuple(c)[2:]) for text, c in made]
        db.insert(_CODES, rows)
        told = {"count": batch.count, "amount": usd(batch.amount_nano), "workspace": batch.workspace or "any", "account": account}
        audit.write(db, act, "codes.make", f"codes/{name}", {}, told)
    return [("-".join(text[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP)), code) for text, code in made]


def redeem(db: Database, secret: bytes, text: str, workspace: str, key_hash: str, act: Act) -> Code:
    """Credit for a code. raises InvalidRequest, with a line in the audit log; RateLimited after ten wrong ones in an hour"""
    _count_guess(db, key_hash, act.at_ms)
    hashed = _hash(text[:_LONGEST].upper().translate(_ALIKE), secret)
    with db.transaction(alone=leases.alone(workspace)):
        taken = db.execute(
            "UPDATE codes SET used_ms = ?, used_by = ? WHERE hash = ? AND used_ms IS NULL AND revoked_ms IS NULL "
            "AND (expires_ms IS NULL OR expires_ms > ?) AND workspace IN ('', ?)",
            (act.at_ms, workspace, hashed, act.at_ms, workspace),
        ).rowcount
        code = _by_hash(db, hashed)
        if taken and code is not None:
            move = Move(code.account, workspace, "credit", workspace, code.amount_nano)
            post(db, Transaction(f"code:{code.id}", "live", "code", act.at_ms, (move,), act.actor, code.id))
            told = {"workspace": workspace, "amount": usd(code.amount_nano)}
            audit.write(db, act, "code.redeem", f"code/{code.id}", {}, told)
            db.execute("DELETE FROM code_misses WHERE key_hash = ?", (key_hash,))
            return code
        why = _why_not(code, workspace, act.at_ms)
        subject = f"code/{code.id}" if code is not None else f"workspace/{workspace}"
        audit.write(db, act, "code.refused", subject, {}, {"why": why})
    raise InvalidRequest(
        f"The code cannot be redeemed: {why}. Nothing was changed.",
        field="code",
        expected="a code that this workspace may still redeem",
        received=text[:80],
        remedy="Check how it is written, or ask who gave it for another.",
    )


def revoke(db: Database, wanted: str, act: Act) -> int:
    """A code, or all of a batch, by its id; says how many could still be used. raises NotFound"""
    with db.transaction():
        if db.execute("SELECT 1 FROM codes WHERE id = ? OR batch = ? LIMIT 1", (wanted, wanted)).fetchone() is None:
            raise NotFound(
                "There is no such code and no such batch.",
                field="id",
                expected="the id of a code or of a batch",
                received=wanted[:80],
                remedy="`entrepot codes list` or GET /api/v1/codes shows them.",
            )
        count = db.execute(
            "UPDATE codes SET revoked_ms = ? WHERE (id = ? OR batch = ?) AND used_ms IS NULL AND revoked_ms IS NULL",
            (act.at_ms, wanted, wanted),
        ).rowcount
        audit.write(db, act, "codes.revoke", f"codes/{wanted}", {}, {"revoked": count})
    return count


def page(db: Database, batch: str | None = None, *, offset: int, limit: int) -> tuple[list[Code], int]:
    """Some codes, the newest first, and how many there are. batch  None: of all"""
    where, values = ("", ()) if batch is None else ("WHERE batch = ? ", (batch,))
    counted = db.execute(f"SELECT count(*) FROM codes {where}", values).fetchone()  # noqa: S608 # words of ours
    sql = f"SELECT {_COLUMNS} FROM codes {where}ORDER BY id DESC LIMIT ? OFFSET ?"  # noqa: S608 # words of ours
    rows = db.execute(sql, (*values, limit, offset)).fetchall()
    return [Code(*row) for row in rows], int(counted[0]) if counted else 0


def _check(db: Database, batch: Batch, act: Act) -> None:
    if not 1 <= batch.count <= _MOST_CODES:
        _refuse("count", f"1 to {_MOST_CODES:,}", str(batch.count))
    if not 0 < batch.amount_nano <= _MOST_NANO:
        _refuse("amount", f"above 0 and at most {usd(_MOST_NANO)}", usd(batch.amount_nano))
    if batch.expires_ms is not None and batch.expires_ms <= act.at_ms:
        _refuse("expires_at", "a time to come", str(batch.expires_ms))
    if batch.workspace:
        check_lives(db, batch.workspace, "workspace_id")


def _refuse(field: str, expected: str, received: str) -> None:
    raise InvalidRequest(
        f"`{field}` must be {expected}. Nothing was changed.",
        field=field,
        expected=expected,
        received=received,
        remedy=f"Give `{field}` {expected}.",
    )


def _count_guess(db: Database, key_hash: str, now_ms: int) -> None:
    """Before it is looked at, so that many at once are counted too; a good one takes the count back."""
    hour = now_ms // HOUR_MS
    row = db.execute(
        "INSERT INTO code_misses VALUES (?, ?, 1) ON CONFLICT (key_hash, hour) DO UPDATE SET misses = code_misses.misses + 1 "
        "RETURNING misses",
        (key_hash, hour),
    ).fetchone()
    if row is not None and row[0] > _GUESSES:
        raise RateLimited(
            f"This key sent {_GUESSES} codes that are not good within the hour.",
            retry_after_s=((hour + 1) * HOUR_MS - now_ms) / 1000,
            remedy="Check the code, and try again in the next hour.",
        )
    db.execute("DELETE FROM code_misses WHERE hour < ?", (hour,))


def _why_not(code: Code | None, workspace: str, now_ms: int) -> str:
    if code is None or code.workspace not in ("", workspace):
        return "there is no such code for this workspace"
    words: dict[State, str] = {"used": "it was used already", "revoked": "it was revoked", "expired": "its time is over"}
    return words.get(code.state(now_ms), "somebody else has it just now")


def _by_hash(db: Database, hashed: str) -> Code | None:
    row = db.execute(f"SELECT {_COLUMNS} FROM codes WHERE hash = ?", (hashed,)).fetchone()  # noqa: S608 # words of ours
    return None if row is None else Code(*row)


def _hash(text: str, secret: bytes) -> str:
    return hmac.new(secret, b"code:" + text.encode(), hashlib.sha256).hexdigest()
