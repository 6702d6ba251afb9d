"""The shape of an answer that has begun, whoever gives it: a provider over HTTP, or the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Answer(Protocol):
    """Status and headers are known; the body is still to come. Its owner calls `close` exactly once, whatever happened.

    headers   lower-case names; the last of several equal ones wins
    """

    status: int

    @property
    def headers(self) -> Mapping[str, str]: ...

    async def chunk(self) -> bytes:
        """The next piece of the body as it came from the wire, decompressed; b"" at the end.

        raises  BrokenStream, when it ends before it should; TimedOut, when nothing came for too long
        """
        ...

    async def read(self, limit: int) -> bytes:
        """The whole body. raises ProviderBroke when it is longer than `limit` bytes, else as `chunk`."""
        ...

    def close(self) -> None:
        """Give the connection back when the body was read to its end, cut it otherwise. Never waits, may be called twice."""
        ...
