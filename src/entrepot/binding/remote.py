"""A gateway somewhere, over HTTP."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

from entrepot.binding.answers import AIError
from entrepot.errors import BrokenStream, TimedOut, UpstreamError
from entrepot.settings import Upstream, proxy_environment
from entrepot.upstream.answer import Answer
from entrepot.upstream.client import Client, parse_origin, render_head

_ITS_PATHS = ("/api/v1", "/v1", "/client/v4")
_LONG_S = 86400.0
"""How long a call may take is the caller's word, not the client's."""


class Remote:
    def __init__(self, url: str, key: str) -> None:
        """raises  ValueError, for an address that is none"""
        self._origin = parse_origin(_base_of(url))
        self._shown = {"Authorization": f"Bearer {key}"} if key else {}
        self._client: Client | None = None

    async def open(self) -> None:
        limits = Upstream(first_byte_s=_LONG_S, between_bytes_s=_LONG_S, total_s=_LONG_S)
        self._client = await Client(limits, proxy_environment()).__aenter__()

    async def close(self) -> None:
        if self._client is not None:
            await self._client.__aexit__()
            self._client = None

    async def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> _Heard:
        assert self._client is not None
        head = render_head(method, self._origin, path, {**self._shown, **headers})
        with _told():
            return _Heard(await self._client.send(self._origin, head, body))


class _Heard:
    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.status = answer.status
        self.headers: Mapping[str, str] = answer.headers

    async def chunk(self) -> bytes:
        with _told():
            return await self._answer.chunk()

    def close(self) -> None:
        self._answer.close()


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """raises  AIError, for what the client says of the connection"""
    try:
        yield
    except TimedOut as error:
        raise AIError(error.message, code="timeout", retryable=True) from None
    except BrokenStream as error:
        raise AIError(error.message, code="broken_answer", retryable=True) from None
    except UpstreamError as error:
        raise AIError(
            error.message, code="unreachable", retryable=True, remedy="Is the gateway running there? `entrepot serve` starts one."
        ) from None


def _base_of(url: str) -> str:
    """The address without the path of one of its APIs, which people copy along with it."""
    for path in _ITS_PATHS:
        url = url.rstrip("/").removesuffix(path)
    return url
