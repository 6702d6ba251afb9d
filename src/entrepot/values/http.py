"""The client's side of one request, as the pipeline sees it, whatever server it came to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol


class Http(Protocol):
    """task  answers this request"""

    @property
    def task(self) -> asyncio.Task[None] | None: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    def header(self, name: bytes) -> str:
        """The value of a header, "" without it. `name` in lower case."""
        ...

    @property
    def authorization(self) -> str | None: ...

    async def body(self) -> bytes: ...

    async def whole(self, status: int, headers: bytes, body: bytes) -> None:
        """A whole answer. `headers` are whole lines without the length, each with its CR LF."""
        ...

    async def begin(self, headers: bytes, first: bytes) -> None: ...

    async def piece(self, data: bytes) -> None: ...

    async def end(self, data: bytes) -> None: ...

    async def gone(self) -> None:
        """Returns when the client has hung up."""
        ...
