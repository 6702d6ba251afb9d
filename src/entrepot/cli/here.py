"""The gateway on this machine, when one runs where the settings say."""

from __future__ import annotations

import asyncio

from entrepot.errors import UpstreamError
from entrepot.settings import Settings
from entrepot.upstream.client import Client, parse_origin, render_head

_PATIENCE_S = 1.0


async def running_here(client: Client, settings: Settings) -> str | None:
    """Its URL, or None."""
    host = settings.server.host if settings.server.host not in ("0.0.0.0", "::") else "127.0.0.1"  # noqa: S104
    url = f"http://{f'[{host}]' if ':' in host else host}:{settings.server.port}"
    origin = parse_origin(url)
    try:
        async with asyncio.timeout(_PATIENCE_S):
            answer = await client.send(origin, render_head("GET", origin, "/health/live", {}), b"")
            body = await answer.read(10_000)
            answer.close()
    except (UpstreamError, TimeoutError):
        return None
    return url if answer.status == 200 and b'"live"' in body else None
