"""Where the attempts of one call go: a provider over HTTP, or the sandbox for test keys."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from entrepot.dialects.dialect import Hearing, Rendered, Wishes
from entrepot.dialects.translated import body_for, dialect
from entrepot.files.attach import Attachments
from entrepot.providers import Quirk
from entrepot.providers.configured import Configured
from entrepot.providers.sigv4 import Signer
from entrepot.routing.fit import Fit, keeps_to_schemas
from entrepot.routing.plan import Candidate
from entrepot.sandbox.provider import Sandbox
from entrepot.upstream.answer import Answer
from entrepot.upstream.client import Origin, more_headers, parse_origin, render_head
from entrepot.values.model import Endpoint
from entrepot.values.request import Request
from entrepot.values.times import utc

_KEEPS = frozenset({Quirk.KEEPS_OPENROUTER_FIELDS})


class Way(msgspec.Struct, frozen=True):
    """How one endpoint is reached and heard, worked out once. `heads` and `urls` for a plain answer and for a stream."""

    name: str
    origin: Origin
    heads: tuple[bytes, bytes]
    urls: tuple[str, str]
    quirks: frozenset[Quirk]
    hearing: Hearing
    signer: Signer | None


class Transport(Protocol):
    """What carries a request to a provider: the client over HTTP, or a double."""

    async def send(self, origin: Origin, head: bytes, body: bytes) -> Answer:
        """raises  UpstreamError"""
        ...


class Destinations:
    """Providers with their request heads rendered once. `salt` keys the digests that end users' names are sent as."""

    def __init__(
        self,
        client: Transport,
        providers: Mapping[str, Configured],
        attachments: Attachments,
        salt: bytes,
        max_event_bytes: int,
        now_ms: Callable[[], int],
    ) -> None:
        self.client = client
        self.attachments = attachments
        self._now_ms = now_ms
        self.salt = salt
        self._providers = providers
        self._max_event_bytes = max_event_bytes
        self._ways: dict[str, Way] = {}

    def now(self) -> datetime.datetime:
        return utc(self._now_ms())

    def forget(self) -> None:
        """To be called when providers or endpoints have changed."""
        self._ways.clear()

    def way(self, endpoint: Endpoint) -> Way:
        known = self._ways.get(endpoint.id)
        if known is None:
            known = self._ways[endpoint.id] = self._find(endpoint)
        return known

    def _find(self, endpoint: Endpoint) -> Way:
        configured = self._providers[endpoint.provider]
        provider, path = configured.provider, dialect(endpoint.dialect).path
        origin = parse_origin(configured.base_url)
        headers = {"Content-Type": "application/json", "User-Agent": "entrepot", **configured.headers}
        paths = [path(endpoint.upstream_model, streams) if path else provider.chat_path for streams in (False, True)]
        plain, streamed = [render_head("POST", origin, path, headers) for path in paths]
        return Way(
            name=provider.name,
            origin=origin,
            heads=(plain, streamed),
            urls=(configured.base_url + paths[0], configured.base_url + paths[1]),
            signer=configured.signer,
            quirks=provider.quirks,
            hearing=Hearing(self._max_event_bytes, provider.quirks, endpoint.family),
        )


class ProviderSender:
    __slots__ = ("_to",)

    def __init__(self, to: Destinations) -> None:
        self._to = to

    def name_of(self, candidate: Candidate) -> str:
        return self._to.way(candidate.endpoint).name

    def hearing_of(self, candidate: Candidate) -> Hearing:
        return self._to.way(candidate.endpoint).hearing

    async def attach(self, request: Request, candidate: Candidate) -> None:
        await self._to.attachments.attach(request, candidate, self._to.way(candidate.endpoint).quirks)

    def render(self, request: Request, candidate: Candidate, fit: Fit) -> Rendered:
        endpoint = candidate.endpoint
        return body_for(request, endpoint.dialect, _wishes(endpoint, fit, self._to.salt, self._to.way(endpoint).quirks))

    async def send(self, candidate: Candidate, rendered: Rendered, stream: bool) -> Answer:
        way = self._to.way(candidate.endpoint)
        head = way.heads[stream] + more_headers(rendered.headers) if rendered.headers else way.heads[stream]
        if way.signer is not None:
            head += more_headers(way.signer.headers("POST", way.urls[stream], rendered.body, self._to.now()))
        return await self._to.client.send(way.origin, head, rendered.body)


class SandboxSender:
    """The sandbox, which speaks Chat Completions."""

    __slots__ = ("_attachments", "_headers", "_requested", "_sandbox")

    def __init__(self, sandbox: Sandbox, attachments: Attachments, headers: Mapping[str, str], requested: str) -> None:
        self._attachments = attachments
        self._sandbox = sandbox
        self._headers = headers
        self._requested = requested

    def name_of(self, candidate: Candidate) -> str:
        return "Sandbox"

    def hearing_of(self, candidate: Candidate) -> Hearing:
        return _SANDBOX_HEARING

    async def attach(self, request: Request, candidate: Candidate) -> None:
        await self._attachments.attach(request, candidate, _KEEPS)

    def render(self, request: Request, candidate: Candidate, fit: Fit) -> Rendered:
        return body_for(request, candidate.endpoint.dialect, _wishes(candidate.endpoint, fit, b"", _KEEPS))

    async def send(self, candidate: Candidate, rendered: Rendered, stream: bool) -> Answer:
        embeds = dialect(candidate.endpoint.dialect).makes == "embeddings"
        ask = self._sandbox.embed if embeds else self._sandbox.open
        return await ask(rendered.body, candidate.model, self._headers, self._requested)


_SANDBOX_HEARING = Hearing(quirks=_KEEPS)


def _wishes(endpoint: Endpoint, fit: Fit, salt: bytes, quirks: frozenset[Quirk]) -> Wishes:
    return Wishes(
        endpoint.upstream_model,
        endpoint.max_tokens_field,
        fit.max_tokens,
        fit.effort,
        fit.dropped,
        salt,
        quirks,
        endpoint.family,
        endpoint.max_completion_tokens,
        endpoint.reasoning,
        schemas=keeps_to_schemas(endpoint),
    )
