"""How a request was routed, told to a client that asks for it: `openrouter_metadata` (contract 1.12, read 2026-08-22)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from entrepot.routing.plan import Candidate, Plan
from entrepot.values.generation import Attempt

Strategy = Literal["direct", "alias", "latest", "fallback"]
_encode = msgspec.json.Encoder().encode


class Available(msgspec.Struct, frozen=True):
    provider: str
    model: str
    selected: bool


class Endpoints(msgspec.Struct, frozen=True):
    """`total` were considered; `available` are those the plan kept, in the order to be tried."""

    total: int
    available: list[Available]


class Tried(msgspec.Struct, frozen=True):
    """`status` is the provider's, 0 when it gave none."""

    provider: str
    model: str
    status: int


class Metadata(msgspec.Struct, frozen=True):
    """`attempt` counts the endpoints that were asked; the last one is the one that answered, when one did."""

    requested: str
    strategy: Strategy
    region: None
    summary: str
    attempt: int
    is_byok: bool
    endpoints: Endpoints
    attempts: list[Tried]


def wished(header: Callable[[bytes], str]) -> bool:
    """Whether the client asks for it; any other word than `enabled` is a no."""
    said = header(b"x-openrouter-metadata") or header(b"x-openrouter-experimental-metadata")
    return said.strip().lower() == "enabled"


class Routing:
    """One request's routing while it goes on. `slugs` are those it asks for, `attempts` are read when it is told,
    `name_of` gives a provider's shown name."""

    def __init__(
        self, slugs: Sequence[str], plan: Plan, attempts: Sequence[Attempt], name_of: Callable[[Candidate], str]
    ) -> None:
        self._slugs = slugs
        self._plan = plan
        self._attempts = attempts
        self._name_of = name_of

    def told(self, selected: Candidate | None) -> Metadata:
        """selected  who answered, None when nobody did"""
        candidates = self._plan.candidates
        names = {one.endpoint.provider: self._name_of(one) for one in candidates}
        available = [Available(names[one.endpoint.provider], one.model.id, one is selected) for one in candidates]
        chosen = names[selected.endpoint.provider] if selected else "none"
        return Metadata(
            requested=self._slugs[0],
            strategy=self._strategy(selected or candidates[0]),
            region=None,
            summary=f"available={len(available)}, selected={chosen}",
            attempt=len(self._attempts),
            is_byok=False,
            endpoints=Endpoints(max(len(self._plan.reasons), len(available)), available),
            attempts=[
                Tried(names.get(one.provider, one.provider), one.endpoint.partition("@")[0], one.status) for one in self._attempts
            ],
        )

    def _strategy(self, served: Candidate) -> Strategy:
        asked, model = self._slugs[0], served.model
        if asked.startswith("~"):
            return "latest"
        if asked.partition(":")[0] == model.id:
            return "direct"
        if len(self._slugs) > 1 and asked not in (model.canonical_slug, *model.aliases):
            return "fallback"
        return "alias"

    def in_body(self, body: bytes, selected: Candidate | None) -> bytes:
        """A JSON object with the member at its end."""
        end = body.rfind(b"}")
        return body[:end] + b',"openrouter_metadata":%b' % _encode(self.told(selected)) + body[end:]

    def in_stream(self, data: bytes, selected: Candidate | None) -> bytes:
        """The end of a stream with the member in its last event."""
        start = data.rfind(b"data: {")
        if start < 0:
            return data
        stop = data.find(b"\n", start)
        stop = len(data) if stop < 0 else stop
        return data[:start] + self.in_body(data[start:stop], selected) + data[stop:]
