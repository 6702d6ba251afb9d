"""Workspaces made, changed and deleted, each with a line in the audit log. What bounds them is in `terms`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from entrepot.errors import Conflict, InvalidRequest
from entrepot.identity.store import DEFAULT_WORKSPACE, no_workspace
from entrepot.ledger import audit, leases
from entrepot.ledger.audit import Act
from entrepot.ledger.books import balance
from entrepot.ledger.terms import change_workspace
from entrepot.storage.database import Database, Row
from entrepot.values.ids import ulid
from entrepot.values.money import usd

_COLUMNS = "id, name, slug, description, settings, prepaid, created_ms, updated_ms"
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_MOST = {"name": 100, "slug": 50, "description": 500}


class Workspace(msgspec.Struct, frozen=True):
    """settings  members of the contract that are kept and shown, as JSON values"""

    id: str
    name: str
    slug: str
    description: str
    settings: dict[str, Any]
    prepaid: bool
    created_ms: int
    updated_ms: int | None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace that is to be made. slug  "": made of the name"""

    name: str
    slug: str = ""
    description: str = ""
    settings: dict[str, Any] = {}
    prepaid: bool = False


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be different; the rest stays. Of `settings` too only those named are changed."""

    name: str | UnsetType = UNSET
    slug: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    settings: Mapping[str, Any] = {}
    prepaid: bool | UnsetType = UNSET


def make(db: Database, order: Order, act: Act) -> Workspace:
    """raises InvalidRequest, Conflict"""
    slug = order.slug or slug_of(order.name)
    if order.name.strip() and not slug:
        raise InvalidRequest(
            "No slug can be made of this name. Nothing was changed.",
            field="slug",
            expected="small letters, digits and single hyphens between them",
            received=order.name[:80],
            remedy="Give a slug beside the name, as team-one.",
        )
    made = Workspace("ws-" + ulid(act.at_ms), order.name, slug, order.description, order.settings, order.prepaid, act.at_ms, None)
    _check(made)
    with db.transaction(alone="workspaces"):
        _check_free(db, made)
        settings = msgspec.json.encode(made.settings).decode()
        row = (made.id, made.name, made.slug, made.description, settings, 0, made.created_ms)
        sql = "INSERT INTO workspaces (id, name, slug, description, settings, prepaid, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?)"
        db.execute(sql, row)
        change_workspace(db, "UPDATE workspaces SET prepaid = ? WHERE id = ?", (int(made.prepaid), made.id), made.id)
        audit.write(db, act, "workspace.create", _subject(made), {}, _told(made))
    return made


def change(db: Database, workspace: Workspace, wished: Change, act: Act) -> Workspace:
    """As it is then. What others changed since stays. raises InvalidRequest, Conflict, NotFound: then nothing is changed"""
    names = [name for name in ("name", "slug", "description", "prepaid") if getattr(wished, name) is not UNSET]
    with db.transaction(alone=leases.alone(workspace.id)), db.transaction(alone="workspaces"):
        workspace = find(db, workspace.id)
        after = msgspec.structs.replace(
            workspace,
            **{name: getattr(wished, name) for name in names},
            settings={**workspace.settings, **wished.settings},
            updated_ms=act.at_ms,
        )
        _check(after)
        _check_free(db, after)
        settings = msgspec.json.encode(after.settings).decode()
        values = (after.name, after.slug, after.description, settings, int(after.prepaid), act.at_ms, after.id)
        sql = "UPDATE workspaces SET name = ?, slug = ?, description = ?, settings = ?, prepaid = ?, updated_ms = ? WHERE id = ?"
        change_workspace(db, sql, values, after.id)
        audit.write(db, act, "workspace.change", _subject(after), _told(workspace), _told(after))
    return after


def delete(db: Database, workspace: Workspace, act: Act) -> None:
    """The row stays, because records name it. raises Conflict, while it has keys or credit"""
    if workspace.id == DEFAULT_WORKSPACE:
        raise Conflict(
            "The first workspace stays: keys are made in it when none is named. Nothing was changed.",
            field="workspace",
            expected="another workspace",
            received=workspace.id,
            remedy="Rename it, or disable its keys.",
        )
    # Locks are taken in one order everywhere: what a workspace's purses hold, then keys, then workspaces.
    with db.transaction(alone=leases.alone(workspace.id)), db.transaction(alone="keys"):
        row = db.execute("SELECT count(*) FROM keys WHERE workspace = ? AND deleted = 0", (workspace.id,)).fetchone()
        if row is not None and row[0]:
            raise Conflict(
                f"The workspace has {row[0]} {'key' if row[0] == 1 else 'keys'}. Nothing was changed.",
                field="workspace",
                expected="a workspace without keys",
                received=workspace.slug,
                remedy=f"Delete them first: GET /api/v1/keys?workspace_id={workspace.id} lists them.",
            )
        credit = balance(db, "credit", workspace.id)
        if credit > 0:
            raise Conflict(
                f"The workspace has ${usd(credit)} of credit. Nothing was changed.",
                field="workspace",
                expected="a workspace without credit",
                received=workspace.slug,
                remedy=f"Pay it back or take it away first: `entrepot credit refund {workspace.slug} {usd(credit)}`.",
            )
        sql = "UPDATE workspaces SET deleted_ms = ?, updated_ms = ? WHERE id = ?"
        change_workspace(db, sql, (act.at_ms, act.at_ms, workspace.id), workspace.id)
        audit.write(db, act, "workspace.delete", _subject(workspace), _told(workspace), {})


def find(db: Database, wanted: str, field: str = "workspace") -> Workspace:
    """By id or slug. field  where it was told. raises NotFound"""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM workspaces WHERE deleted_ms IS NULL AND (id = ? OR slug = ?) "  # noqa: S608 # words of ours
        "ORDER BY CASE WHEN id = ? THEN 0 ELSE 1 END LIMIT 1",
        (wanted, wanted, wanted),
    ).fetchone()
    if row is None:
        raise no_workspace(wanted, field)
    return _workspace(row)


def check_lives(db: Database, id_: str, field: str = "workspace") -> None:
    """raises NotFound. field  where it was told"""
    if db.execute("SELECT 1 FROM workspaces WHERE id = ? AND deleted_ms IS NULL", (id_,)).fetchone() is None:
        raise no_workspace(id_, field)


def id_of(db: Database, wanted: str) -> str:
    """The id of one that is told by its id or slug; what is neither, or was deleted, stays what it is. raises NotFound"""
    if not wanted.isprintable():
        raise no_workspace(wanted)
    row = db.execute(
        "SELECT id FROM workspaces WHERE deleted_ms IS NULL AND slug = ? AND NOT EXISTS (SELECT 1 FROM workspaces WHERE id = ?)",
        (wanted, wanted),
    ).fetchone()
    return wanted if row is None else str(row[0])


def slug_by_id(db: Database, id_: str) -> str:
    """Of a deleted one too; "" when there was never one."""
    row = db.execute("SELECT slug FROM workspaces WHERE id = ?", (id_,)).fetchone()
    return "" if row is None else str(row[0])


def page(db: Database, *, offset: int, limit: int) -> tuple[list[Workspace], int]:
    """Some of them, oldest first, and how many there are."""
    counted = db.execute("SELECT count(*) FROM workspaces WHERE deleted_ms IS NULL").fetchone()
    sql = (
        f"SELECT {_COLUMNS} FROM workspaces WHERE deleted_ms IS NULL "  # noqa: S608 # words of ours
        "ORDER BY created_ms, id LIMIT ? OFFSET ?"
    )
    return [_workspace(row) for row in db.execute(sql, (limit, offset)).fetchall()], int(counted[0]) if counted else 0


def slug_of(name: str) -> str:
    """A slug that a name gives; "" when it has no letter or digit of ASCII, with or without an accent."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    return "-".join(re.findall(r"[a-z0-9]+", plain.lower()))[: _MOST["slug"]].strip("-")


def _check(workspace: Workspace) -> None:
    for field, most in _MOST.items():
        text = getattr(workspace, field)
        least = 0 if field == "description" else 1
        if (
            not least <= len(text.strip()) <= len(text) <= most
            or (field != "description" and not text.isprintable())
            or "\x00" in text
        ):
            raise InvalidRequest(
                f"`{field}` must have {least} to {most} characters that print. Nothing was changed.",
                field=field,
                expected=f"{least} to {most} characters that print",
                received=text[:80] or "nothing",
                remedy=f"Write another `{field}`.",
            )
    if not _SLUG.fullmatch(workspace.slug):
        raise InvalidRequest(
            "`slug` is made of small letters, digits and single hyphens between them. Nothing was changed.",
            field="slug",
            expected="as team-one",
            received=workspace.slug[:80],
            remedy=f"Write it as {slug_of(workspace.slug) or 'team-one'}.",
        )


def _check_free(db: Database, workspace: Workspace) -> None:
    row = db.execute(
        "SELECT 1 FROM workspaces WHERE deleted_ms IS NULL AND id <> ? AND (slug = ? OR id = ?)",
        (workspace.id, workspace.slug, workspace.slug),
    ).fetchone()
    if row is not None:
        raise Conflict(
            f"There is a workspace with the slug {workspace.slug!r} already. Nothing was changed.",
            field="slug",
            expected="a slug that no other workspace has",
            received=workspace.slug,
            remedy="Choose another one.",
        )


def _subject(workspace: Workspace) -> str:
    return f"workspace/{workspace.id}"


def _told(workspace: Workspace) -> dict[str, object]:
    return {
        "name": workspace.name,
        "slug": workspace.slug,
        "description": workspace.description,
        "prepaid": workspace.prepaid,
        **workspace.settings,
    }


def _workspace(row: Row) -> Workspace:
    id_, name, slug, description, settings, prepaid, created_ms, updated_ms = row
    return Workspace(id_, name, slug or id_, description, msgspec.json.decode(settings), bool(prepaid), created_ms, updated_ms)
