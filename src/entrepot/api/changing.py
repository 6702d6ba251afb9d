"""What all changes by management keys share: who acts, how a body is read, and that a refusal is in the audit log too."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from entrepot.api.http import Request, Response
from entrepot.api.routes import Desk, Handler
from entrepot.errors import CallerError, InvalidRequest
from entrepot.ledger import audit
from entrepot.ledger.audit import Act

T = TypeVar("T")
Word = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Dollars = Annotated[Decimal, Meta(description="US dollars.", extra_json_schema={"type": "number"})]
Time = Annotated[str, Meta(description="RFC 3339, UTC.")]
_LAST_YEAR = 9000


class Deleted(msgspec.Struct, frozen=True):
    deleted: bool = True


def act(desk: Desk, request: Request) -> Act:
    assert request.caller is not None
    return Act(actor=request.caller.label, at_ms=desk.now_ms())


def audited(action: str, change: Handler) -> Handler:
    """A change of which a refusal too leaves a line: who asked for what, when, and why not. action  as `key.create`"""
    kind = action.partition(".")[0]

    def handle(desk: Desk, request: Request) -> Response:
        try:
            return change(desk, request)
        except CallerError as error:
            asked = f"{request.target} {request.body[:1000].decode(errors='replace')}".strip()
            subject = f"{kind}/{request.params.get('id', '')}"
            audit.refused(desk.store, act(desk, request), action, subject, asked, error.message)
            raise

    return handle


def decoded(request: Request, wanted: type[T]) -> T:
    """The body. raises InvalidRequest"""
    try:
        return msgspec.json.decode(request.body, type=wanted)
    except msgspec.ValidationError as error:
        raise _misfit(str(error), wanted) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(
            f"The body is not JSON: {error}. Nothing was changed.",
            field="body",
            expected="a JSON object",
            received="something else",
            remedy="Send a JSON object.",
        ) from None


def _misfit(said: str, wanted: type) -> InvalidRequest:
    """What msgspec says of a body, with the member it is about and what mends it."""
    said, _, path = said.partition(" - at `$")
    place = path.rstrip("`").lstrip(".")
    named, expected = _NAMED.search(said), _EXPECTED.search(said)
    if named is not None:
        field = f"{place}.{named[2]}" if place else named[2]
        if named[1] == "contains unknown":
            known = ", ".join(one.encode_name for one in msgspec.structs.fields(wanted))
            return _unfit(field, said, f"one of: {known}", field, "Correct its name, or leave it out.")
        return _unfit(field, said, "a value", "nothing", f"Send `{field}`.")
    field = place or "body"
    kind = expected[1] if expected is not None else "another value"
    received = expected[2] if expected is not None and expected[2] else "something else"
    if "matching regex" in said:
        said, kind = "it is not of the form that is expected", "the form that /reference gives"
    return _unfit(field, said, kind, received, f"Send `{field}` as it is expected; /reference has every member with its bounds.")


_NAMED = re.compile(r"Object (contains unknown|missing required) field `([^`]*)`")
_EXPECTED = re.compile(r"Expected `([^`]+)`[^,]*(?:, got `([^`]+)`)?")


def _unfit(field: str, why: str, expected: str, received: str, remedy: str) -> InvalidRequest:
    told = f"`{field}`: {why}. Nothing was changed."
    return InvalidRequest(told, field=field, expected=expected, received=received, remedy=remedy)


def time_of(text: str, field: str) -> int:
    """Milliseconds since 1970. raises InvalidRequest, for what is not a time in UTC"""
    try:
        time = datetime.datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.utcoffset() != datetime.timedelta(0) or time.year > _LAST_YEAR:
        raise InvalidRequest(
            f"`{field}` is not a time in UTC. Nothing was changed.",
            field=field,
            expected="as 2027-01-31T00:00:00Z",
            received=text[:80],
        )
    return int(time.timestamp() * 1000)
