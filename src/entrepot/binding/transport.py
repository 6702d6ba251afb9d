"""The way to a gateway: a request out, an answer that begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Reply(Protocol):
    """Status and headers are known; the body is still to come. Closed exactly once by whoever got it."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]:
        """By lower-case names."""
        ...

    async def chunk(self) -> bytes:
        """The next piece of the body, b"" at its end. raises AIError"""
        ...

    def close(self) -> None:
        """A body that was not read to its end is a caller who left."""
        ...


class Transport(Protocol):
    """Opened before the first `send`, from the event loop in which it is used."""

    async def open(self) -> None:
        """raises  AIError"""
        ...

    async def close(self) -> None: ...

    async def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """`path` is quoted. raises AIError, when no answer begins"""
        ...
