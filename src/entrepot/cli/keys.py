"""`entrepot keys`: keys, straight on the store; a running server sees a change within a second."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from rich.markup import escape

from entrepot.cli.changing import changing
from entrepot.cli.common import Failure, Json, Place, err, out, print_json, print_table
from entrepot.cli.reading import reading
from entrepot.identity.installation import installation_secret
from entrepot.identity.store import DEFAULT_WORKSPACE, ensure_workspace, find_key, list_keys, namesakes
from entrepot.ledger import workspaces
from entrepot.ledger.audit import Act
from entrepot.ledger.funding import amount_of
from entrepot.ledger.keys import Change, Order, change, make
from entrepot.ledger.keys import delete as forget_key
from entrepot.ledger.leases import room_of
from entrepot.ledger.purses import key_purse
from entrepot.records.store import spent_by_keys
from entrepot.settings import Settings
from entrepot.storage.database import Database
from entrepot.values.caller import Caller, KeyKind, Reset
from entrepot.values.clock import Clock
from entrepot.values.money import dollars, usd
from entrepot.values.times import DAY_S, HOUR_S, MINUTE_S, iso, iso_or_none, to_the_minute

app = App(name="keys", help="Make, list, disable and delete keys, also while the server runs.")
Wanted = Annotated[str, Parameter(help="Name, label, hash, or the start of the hash.")]
_SPAN = re.compile(r"^(\d{1,5})([mhdw])$")
_SECONDS = {"m": MINUTE_S, "h": HOUR_S, "d": DAY_S, "w": 7 * DAY_S}


@app.command
def create(
    *,
    name: Annotated[str, Parameter(help="What or whom it is for.")],
    test: Annotated[bool, Parameter(negative="", help="Served by the sandbox; costs nothing.")] = False,
    management: Annotated[bool, Parameter(negative="", help="For managing, not for asking models.")] = False,
    expires: Annotated[str | None, Parameter(help="How long it is good, as 30d, 12h or 4w [for ever].")] = None,
    limit: Annotated[
        str | None, Parameter(help="US dollars it may spend, in each window with a reset [no limit].", allow_leading_hyphen=True)
    ] = None,
    limit_reset: Annotated[
        Reset | None, Parameter(name=("--limit-reset", "--reset"), help="When its window begins anew, in UTC [never].")
    ] = None,
    workspace: Annotated[str, Parameter(help="Whose it is: id or slug.")] = DEFAULT_WORKSPACE,
    json: Json = False,
    place: Place = Place(),
) -> None:
    """Make a key. It is shown this once; only a hash of it is kept."""
    if test and management:
        raise Failure("A key is a test key or a management key, not both. Leave one of --test and --management out.")
    kind: KeyKind = "test" if test else "management" if management else "live"
    asked = {"name": name, "kind": kind, "limit": limit, "limit_reset": limit_reset, "workspace": workspace}
    with changing(place, "key.create", "key/", **asked) as (db, act):
        order = Order(
            name=name,
            kind=kind,
            expires_ms=None if expires is None else act.at_ms + _span_ms(expires),
            limit_nano=None if limit is None else limit_of(limit),
            limit_reset=limit_reset,
            workspace=workspaces.find(db, workspace).id,
        )
        key, kept = make_key(db, place.settings(), order, act.at_ms)
        others = namesakes(db, kept)
    if json:
        print_json({"key": key, "data": _told(kept)})
        return
    out.print(f"[bold]{key}[/]")
    out.print(f"[dim]A {kind} key named {escape(name)}, {_until(kept)}{_limited(kept)}. It is not shown again.[/]")
    if others:
        more = "1 more key has" if others == 1 else f"{others} more keys have"
        err.print(f"[yellow]note:[/] {more} this name; commands tell them apart by label or hash: {kept.key_hash[:12]}")


@app.command(name="list")
def list_(
    *,
    workspace: Annotated[str | None, Parameter(help="Only those of this one: id or slug [all].")] = None,
    json: Json = False,
    place: Place = Place(),
) -> None:
    """List keys with what they spent and what is left of their limits."""
    now_ms = Clock().now_ms()
    with reading(place) as db:
        ensure_workspace(db, now_ms)
        whose = None if workspace is None else workspaces.find(db, workspace).id
        keys = [key for key in list_keys(db) if whose in (None, key.workspace)]
        spent = {key: sums[0] for key, sums in spent_by_keys(db, [key.key_hash for key in keys], [0]).items()}
        left = {key.key_hash: _left(db, key, now_ms) for key in keys}
    if json:
        print_json([_told(key) | _used(spent[key.key_hash], left[key.key_hash]) for key in keys])
        return
    print_table(
        ("name", "kind", "key", "created", "spent", "limit", "left", "state", "hash"),
        [
            (
                escape(key.name),
                key.kind,
                key.label,
                to_the_minute(key.created_ms),
                f"${usd(spent[key.key_hash])}",
                "none" if key.limit_nano is None else f"${usd(key.limit_nano)} {key.limit_reset or 'for ever'}",
                "" if (rest := left[key.key_hash]) is None else f"${usd(rest)}",
                _state(key, now_ms),
                f"[dim]{key.key_hash[:12]}[/]",
            )
            for key in keys
        ],
        empty="There are no keys yet. `entrepot keys create --name NAME` makes one.",
        right=("spent", "left"),
    )


@app.command
def disable(key: Wanted, *, place: Place = Place()) -> None:
    """Refuse a key from now on; it can be enabled again."""
    found = _set_disabled(key, True, place)
    out.print(f"{escape(found.name)} ({found.label}) is disabled.")


@app.command
def enable(key: Wanted, *, place: Place = Place()) -> None:
    """Accept a disabled key again."""
    found = _set_disabled(key, False, place)
    out.print(f"{escape(found.name)} ({found.label}) is enabled.")


@app.command
def limit(
    key: Wanted,
    amount: Annotated[str, Parameter(help="US dollars, or none.", allow_leading_hyphen=True)],
    *,
    reset: Annotated[Reset | None, Parameter(help="When its window begins anew, in UTC [never].")] = None,
    place: Place = Place(),
) -> None:
    """Set what a key may spend, or take its limit away."""
    with changing(place, "key.change", f"key/{key}", limit=amount, limit_reset=reset) as (db, act):
        nano = None if amount == "none" else limit_of(amount)
        found = change(db, find_key(db, key), Change(limit_nano=nano, limit_reset=reset), act)
    out.print(f"{escape(found.name)} ({found.label}){_limited(found) or ' has no limit'}.")


@app.command
def delete(key: Wanted, *, place: Place = Place()) -> None:
    """Refuse a key for ever. What it spent stays in the records."""
    with changing(place, "key.delete", f"key/{key}") as (db, act):
        found = find_key(db, key)
        forget_key(db, found, act)
    out.print(f"{escape(found.name)} ({found.label}) is deleted.")


def make_key(db: Database, settings: Settings, order: Order, now_ms: int) -> tuple[str, Caller]:
    ensure_workspace(db, now_ms)
    secret = installation_secret(db, Path(settings.data_dir))
    return make(db, secret, order, Act(actor="cli", at_ms=now_ms))


def limit_of(text: str) -> int:
    """Nano-dollars; zero is a limit too. raises InvalidRequest"""
    return amount_of(text, field="limit", zero=True)


def here_and_now() -> Act:
    return Act(actor="cli", at_ms=Clock().now_ms())


def _set_disabled(key: str, disabled: bool, place: Place) -> Caller:
    with changing(place, "key.change", f"key/{key}", disabled=disabled) as (db, act):
        return change(db, find_key(db, key), Change(disabled=disabled), act)


def _left(db: Database, key: Caller, now_ms: int) -> int | None:
    room = room_of(db, key_purse(key.key_hash, key.limit_reset or "lifetime", now_ms))
    return None if room is None else max(room.unspent, 0)


def _used(spent: int, left: int | None) -> dict[str, Any]:
    return {"usage": dollars(spent), "limit_remaining": None if left is None else dollars(left)}


def _span_ms(text: str) -> int:
    found = _SPAN.match(text)
    if found is None or not int(found[1]):
        raise Failure(f"--expires {text} is not a length of time. Write a number and m, h, d or w, as 30d.")
    return int(found[1]) * _SECONDS[found[2]] * 1000


def _told(key: Caller) -> dict[str, Any]:
    return {
        "hash": key.key_hash,
        "name": key.name,
        "kind": key.kind,
        "label": key.label,
        "workspace_id": key.workspace,
        "disabled": key.disabled,
        "limit": None if key.limit_nano is None else dollars(key.limit_nano),
        "limit_reset": key.limit_reset,
        "created_at": iso(key.created_ms),
        "expires_at": iso_or_none(key.expires_ms),
    }


def _state(key: Caller, now_ms: int) -> str:
    if key.disabled:
        return "[yellow]disabled[/]"
    if key.expires_ms is not None and key.expires_ms <= now_ms:
        return "[red]expired[/]"
    return f"[green]good[/] {_until(key)}" if key.expires_ms is not None else "[green]good[/]"


def _until(key: Caller) -> str:
    return "good for ever" if key.expires_ms is None else f"until {to_the_minute(key.expires_ms)}"


def _limited(key: Caller) -> str:
    if key.limit_nano is None:
        return ""
    return f", limited to ${usd(key.limit_nano)} {key.limit_reset or 'for ever'}"
