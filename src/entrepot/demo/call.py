"""One simulated call at the app's front door: an ASGI request, and a client that reads the answer or hangs up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from entrepot.demo import bodies
from entrepot.demo.clock import Moment, enter
from entrepot.demo.people import Ask

Asgi = Callable[[Any, Any, Any], Awaitable[None]]
_PIECES_READ = 2
"""So many a client reads before it hangs up."""


async def make(app: Asgi, ask: Ask, key: str, at_s: float | None) -> None:
    """Makes the call, at its time in history or now. To be run as a task of its own, which carries the call's time."""
    moment = Moment(ask, at_s)
    enter(moment)
    client = _Client(moment, bodies.body(ask))
    try:
        await app(_scope(ask, key), client.receive, client.send)
    finally:
        moment.left.set()


class _Client:
    """Reads the answer. One that leaves says so after a few pieces of the stream."""

    def __init__(self, moment: Moment, body: bytes) -> None:
        self._moment = moment
        self._body: bytes | None = body
        self._pieces = 0

    async def receive(self) -> MutableMapping[str, Any]:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._moment.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        self._pieces += message["type"] == "http.response.body"
        if self._moment.ask.leaves and self._pieces >= _PIECES_READ:
            self._moment.left.set()


def _scope(ask: Ask, key: str) -> dict[str, Any]:
    path = bodies.PATHS[ask.app.surface]
    told = {
        "host": "127.0.0.1",
        "content-type": "application/json",
        "authorization": f"Bearer {key}",
        "user-agent": ask.app.agent,
        "http-referer": ask.app.referer,
        "x-title": ask.app.title,
        "x-openrouter-categories": ask.app.categories,
        "x-session-id": ask.session,
    }
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in told.items() if value],
    }
