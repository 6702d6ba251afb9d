"""Engines on this machine, found at start by asking their usual ports for their models."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import msgspec

from entrepot.providers.configured import NOT_FOUND, Configured

_PATIENCE_S = 0.4
_MAX_MODELS = 200
_MAX_NAME = 200


class Found(msgspec.Struct, frozen=True):
    slug: str
    base_url: str
    models: tuple[str, ...]


class _Listed(msgspec.Struct):
    """No engine tells a `canonical_slug`: where there is one, a gateway like this one listens, which has nothing of its own."""

    id: str
    canonical_slug: msgspec.Raw = msgspec.Raw()


class _Listing(msgspec.Struct):
    data: list[_Listed]


Get = Callable[[str], Awaitable[bytes]]
"""A URL to the body of a good answer; raises when there is none."""


async def find_local(providers: Mapping[str, Configured], get: Get, *, own_port: int) -> list[Found]:
    """The engines that answer, each once, each port for the first provider that lists it. No gateway is one, nor our own port."""
    places = {
        port: slug
        for slug, configured in providers.items()
        for port in configured.provider.local_ports
        if port != own_port and configured.off_reason == NOT_FOUND
    }
    answers = await asyncio.gather(*(_ask(slug, port, get) for port, slug in places.items()))
    found: dict[str, Found] = {}
    for answer in answers:
        if answer is not None:
            found.setdefault(answer.slug, answer)
    return list(found.values())


async def _ask(slug: str, port: int, get: Get) -> Found | None:
    base_url = f"http://127.0.0.1:{port}/v1"
    try:
        async with asyncio.timeout(_PATIENCE_S):
            listing = msgspec.json.decode(await get(base_url + "/models"), type=_Listing)
    except (TimeoutError, msgspec.DecodeError, UnicodeDecodeError, RecursionError, OSError):
        return None
    if any(bytes(model.canonical_slug) for model in listing.data):
        return None
    names = [model.id for model in listing.data if 0 < len(model.id) <= _MAX_NAME and model.id.isprintable()]
    return Found(slug, base_url, tuple(dict.fromkeys(names))[:_MAX_MODELS]) if names else None
