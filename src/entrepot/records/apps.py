"""Which application a request came from: the address it tells of itself in `HTTP-Referer` (contract 7.1).

A title alone makes no application, and one on somebody's own machine has to tell a title too. What follows a `?` or `#` is no
part of the address. Anybody can send any address: of one workspace and day only so many are told apart, the rest is `OTHER`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from entrepot.values.generation import Generation

OTHER = "(other)"
OF_A_WORKSPACE = 200
"""Applications told apart in one workspace and day."""
_LONGEST = 200
_WORKSPACES = 2_000
"""Whose applications are remembered at once; of others the store is asked."""
_PORTS = {"http": 80, "https": 443}


def app_of(generation: Generation) -> str:
    """The address it is known by; "" without one."""
    return app_at(generation.http_referer, bool(generation.app_title)) if generation.http_referer else ""


@functools.lru_cache(4096)
def app_at(referer: str, titled: bool) -> str:
    try:
        told = urlsplit(referer.strip())
        host, port = (told.hostname or "").rstrip("."), told.port
    except ValueError:
        return ""
    if told.scheme not in _PORTS or not host or not referer.isprintable():
        return ""
    name = f"[{host}]" if ":" in host else host
    shown = "" if port in (None, _PORTS[told.scheme]) else f":{port}"
    url = f"{told.scheme}://{name}{shown}{told.path.rstrip('/')}"[:_LONGEST]
    return "" if is_local(url) and not titled else url


def is_local(url: str) -> bool:
    """An application on somebody's own machine, which is never shown in public."""
    host = url.partition("://")[2].partition("/")[0]
    name = host[: host.index("]") + 1] if host.startswith("[") else host.partition(":")[0]
    return name in ("localhost", "127.0.0.1", "[::1]", "0.0.0.0") or name.endswith(".localhost")  # noqa: S104 # compared, not bound


class Admission:
    """Who is told apart: of a workspace that has as many applications in a day as there may be, later ones are `OTHER`.

    known   the applications that the store has of a workspace and day (days since 1970), at most so many
    """

    def __init__(self, known: Callable[[str, int, int], Iterable[str]]) -> None:
        self._known = known
        self._told: dict[tuple[str, int], set[str]] = {}

    def admitted(self, app: str, workspace: str, day: int) -> str:
        told = self._told.get((workspace, day))
        if told is None:
            while len(self._told) >= _WORKSPACES:
                del self._told[next(iter(self._told))]
            told = self._told[workspace, day] = set(self._known(workspace, day, OF_A_WORKSPACE))
        if app not in told:
            if len(told) >= OF_A_WORKSPACE:
                return OTHER
            told.add(app)
        return app
