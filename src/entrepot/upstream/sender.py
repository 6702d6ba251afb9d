"""Where the attempts of one call go: a provider over HTTP, or the sandbox for test keys."""

from __future__ import annotations

from collections.abc import Mapping

from entrepot.dialects.dialect import Wishes
from entrepot.dialects.openai_chat.render import render_request
from entrepot.providers import Quirk
from entrepot.providers.configured import Configured
from entrepot.routing.fit import Fit
from entrepot.routing.plan import Candidate
from entrepot.sandbox.provider import Sandbox
from entrepot.upstream.answer import Answer
from entrepot.upstream.client import Client, Origin, parse_origin, render_head
from entrepot.values.chat import Request

SANDBOX = "sandbox"
_KEEPS = frozenset({Quirk.KEEPS_OPENROUTER_FIELDS})


class Destinations:
    """Providers with their request heads rendered once. `salt` keys the digests that end users' names are sent as."""

    def __init__(self, client: Client, providers: Mapping[str, Configured], salt: bytes) -> None:
        self.client = client
        self.providers = providers
        self.salt = salt
        self._heads: dict[str, tuple[Origin, bytes]] = {}

    def head(self, slug: str) -> tuple[Origin, bytes]:
        known = self._heads.get(slug)
        if known is None:
            configured = self.providers[slug]
            origin = parse_origin(configured.base_url)
            headers = {"Content-Type": "application/json", "User-Agent": "entrepot", **configured.headers}
            known = self._heads[slug] = (origin, render_head("POST", origin, configured.provider.chat_path, headers))
        return known


class ProviderSender:
    __slots__ = ("_to",)

    def __init__(self, to: Destinations) -> None:
        self._to = to

    def name_of(self, candidate: Candidate) -> str:
        return self._to.providers[candidate.endpoint.provider].provider.name

    def quirks_of(self, candidate: Candidate) -> frozenset[Quirk]:
        return self._to.providers[candidate.endpoint.provider].provider.quirks

    async def send(self, request: Request, candidate: Candidate, fit: Fit) -> Answer:
        origin, head = self._to.head(candidate.endpoint.provider)
        body = render_request(request, _wishes(candidate, fit, self._to.salt), self.quirks_of(candidate))
        return await self._to.client.send(origin, head, body)


class SandboxSender:
    __slots__ = ("_headers", "_requested", "_sandbox")

    def __init__(self, sandbox: Sandbox, headers: Mapping[str, str], requested: str) -> None:
        self._sandbox = sandbox
        self._headers = headers
        self._requested = requested

    def name_of(self, candidate: Candidate) -> str:
        return "Sandbox"

    def quirks_of(self, candidate: Candidate) -> frozenset[Quirk]:
        return _KEEPS

    async def send(self, request: Request, candidate: Candidate, fit: Fit) -> Answer:
        body = render_request(request, _wishes(candidate, fit, b""), _KEEPS)
        return await self._sandbox.open(body, candidate.model, self._headers, self._requested)


def _wishes(candidate: Candidate, fit: Fit, salt: bytes) -> Wishes:
    endpoint = candidate.endpoint
    return Wishes(endpoint.upstream_model, endpoint.max_tokens_field, fit.max_tokens, fit.effort, fit.dropped, salt)
