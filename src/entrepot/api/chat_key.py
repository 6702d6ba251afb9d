"""POST /chat/key: the chat page asks for a test key of its own, which its browser keeps."""

from __future__ import annotations

import msgspec

from entrepot.api.http import Request, Response, answer
from entrepot.api.routes import Desk, Route
from entrepot.errors import Forbidden, RateLimited
from entrepot.identity.store import create_key
from entrepot.values.times import DAY_MS, iso

NAME = "Chat page"
_LASTS_MS = 30 * DAY_MS


class ChatKey(msgspec.Struct, frozen=True):
    key: str
    expires_at: str


def make(desk: Desk, request: Request) -> Response:
    """A live key is never handed out: what a page can have, any script on it could have."""
    visitor, ration, now_ms = request.visitor, desk.chat_keys, desk.now_ms()
    if not visitor.own_page or not ration.serves(visitor.near):
        raise Forbidden(
            "A test key is made here only for the chat page of this server, opened on the machine it runs on.",
            remedy="Run `entrepot keys create --name NAME --test` and paste the key, or set `server.chat_keys`.",
        )
    wait_ms = ration.wait_ms(now_ms)
    if wait_ms:
        raise RateLimited("Many test keys were made for the chat page in this hour.", retry_after_s=wait_ms / 1000)
    expires_ms = now_ms + _LASTS_MS
    key, _ = create_key(desk.store, desk.secret, name=NAME, kind="test", now_ms=now_ms, expires_ms=expires_ms)
    desk.changed()
    return answer(ChatKey(key, iso(expires_ms)), 201)


ROUTES = (
    Route(
        "POST", "/chat/key", "Make a test key for the chat page", "Keys", make,
        returns=ChatKey, asks=True, errors=(Forbidden, RateLimited), same_shape=(201,), bases=("",),
        description="Answers scripts of this server's own pages only, and unless `server.chat_keys` says otherwise only on this "
        "machine. The key is served by the sandbox, costs nothing and ends after 30 days.",
    ),
)  # fmt: skip
