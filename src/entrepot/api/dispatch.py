"""From a path and a method to a route of the table, and from its handler's answer, a page or a refusal to what is sent."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from entrepot.api.bodies import nearest
from entrepot.api.exchange import credential_in, read_body
from entrepot.api.http import Message, Receive, Request, Response, Send, headers_of, only_known, parse_query, refusal, send
from entrepot.api.kept import Kept, had_already, tag_of, unless_had
from entrepot.api.routes import API_BASES, Desk, Handler, Route
from entrepot.api.squeeze import Squeezer
from entrepot.api.visitor import visitor_of
from entrepot.dialects.dialect import Dialect
from entrepot.errors import Forbidden, GatewayError, Internal, MethodNotAllowed, NotFound, Unauthenticated
from entrepot.values.caller import Caller
from entrepot.values.ids import ulid

_LONGEST_PATH = 100
"""Of those for which the path that was meant is looked for."""


class Page(Protocol):
    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> list[tuple[bytes, bytes]]: ...

    @property
    def body(self) -> bytes: ...


class Site(Protocol):
    """The pages, asked for every path that is not in the table."""

    def respond(self, method: str, target: str, headers: Mapping[str, str]) -> Page | None: ...

    def missing(self) -> Page: ...


class Api:
    """The ASGI app of all cold paths. Unknown paths are 404 and wrong methods 405, in the contract's envelope."""

    def __init__(self, routes: Iterable[Route], desk: Desk, site: Site | None = None) -> None:
        self._desk = desk
        self._site = site
        self._kept = Kept()
        self._squeezer = Squeezer()
        self._spoken: dict[str, list[Dialect | None]] = {}
        self._exact: dict[str, dict[str, Route]] = {}
        self._templates: dict[str, tuple[re.Pattern[str], dict[str, Route]]] = {}
        self._paths: dict[str, tuple[str, ...]] = {}
        for route in routes:
            self._paths.setdefault(route.path, route.bases)
            for base in route.bases:
                self._spoken.setdefault(base, []).append(route.envelope)
                self._add(base + route.path, route)

    def _add(self, path: str, route: Route) -> None:
        if "{" not in path:
            self._exact.setdefault(path, {})[route.method] = route
        else:
            self._templates.setdefault(path, (_pattern(path), {}))[1][route.method] = route

    def knows(self, path: str) -> bool:
        return bool(self._match(path)[0])

    async def __call__(self, scope: Message, receive: Receive, send_message: Send) -> None:
        method, path = scope["method"], scope["path"]
        request_id = "req-" + ulid(self._desk.now_ms())
        methods, params = self._match(path)
        page = None
        if not methods and self._site is not None:
            page = await asyncio.to_thread(self._page, method, _target(scope), scope["headers"])
        if page is not None:
            await self._send_page(page, scope["headers"], send_message)
            return
        route = methods.get("GET" if method == "HEAD" else method)
        envelope = route.envelope if route is not None else self._envelope(path, methods)
        try:
            if method == "OPTIONS" and methods:
                response = _preflight(methods)
            else:
                response = await self._run(route, methods, params, scope, receive)
        except GatewayError as error:
            response = refusal(error, envelope)
            if isinstance(error, MethodNotAllowed):
                response = msgspec.structs.replace(response, headers=((b"allow", _allowed(methods).encode()),))
        except Exception as bug:
            self._desk.log_failure(bug)
            response = refusal(Internal("Something broke inside the gateway; the operator's log says what."), envelope)
        self._desk.answered(route.path if route else "", method, response.status)
        headers, body = headers_of(response, request_id), response.body
        if method in ("GET", "HEAD"):
            headers, body = await self._squeezer.squeeze(scope["headers"], headers, body)
        await send(response.status, headers, body, send_message)

    async def _run(
        self, route: Route | None, methods: Mapping[str, Route], params: dict[str, str], scope: Message, receive: Receive
    ) -> Response:
        path = scope["path"]
        if not methods:
            raise self._nothing_at(path)
        if route is None or route.handler is None:
            raise _wrong_method(path, methods, scope["method"])
        caller = self._admit(route, scope)
        request = await self._request(route, caller, params, scope, receive)
        if route.lasting is not None and route.lasting(request.query):
            return self._answer_that_lasts(route.handler, request, _header(scope["headers"], b"if-none-match"))
        if route.asks:
            return await asyncio.to_thread(route.handler, self._desk, request)
        return route.handler(self._desk, request)

    async def _request(
        self, route: Route, caller: Caller | None, params: dict[str, str], scope: Message, receive: Receive
    ) -> Request:
        asked = scope["query_string"]
        if route.auth == "management":
            only_known(asked, route.query)
        query = parse_query(asked, route.query) if route.query is not None else None
        body = await read_body(receive, self._desk.max_body_bytes) if route.reads else b""
        signature = _header(scope["headers"], b"stripe-signature") or ""
        return Request(scope["path"], params, query, caller, _target(scope), body, signature, visitor_of(scope))

    def _answer_that_lasts(self, handler: Handler, request: Request, had: str | None) -> Response:
        """Made once for all who see the same prices as a visitor."""
        listed = self._desk.catalog()
        shown = self._desk.window(listed, request.caller)
        if shown is not self._desk.window(listed, None):
            return handler(self._desk, request)
        return unless_had(self._kept.response(shown, request.target, lambda: handler(self._desk, request)), had)

    def _page(self, method: str, target: str, headers: Iterable[tuple[bytes, bytes]]) -> Page | None:
        """A page of the site; for a browser that goes astray the one that says so, for a program None."""
        assert self._site is not None
        told = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
        try:
            page = self._site.respond(method, target, told)
        except Exception as bug:
            self._desk.log_failure(bug)
            return None
        if page is None and method == "GET" and "text/html" in told.get("accept", "") and not target.startswith(API_BASES):
            return self._site.missing()
        return page

    async def _send_page(self, page: Page, asked: list[tuple[bytes, bytes]], send_message: Send) -> None:
        """A browser that has it is told so."""
        status, headers, body = page.status, page.headers, page.body
        if status == 200 and not any(name == b"etag" for name, _ in headers):
            tag = tag_of(body)
            headers = [*headers, (b"etag", tag.encode())]
            if had_already(tag, _header(asked, b"if-none-match")):
                status, body = 304, b""
        headers, body = await self._squeezer.squeeze(asked, headers, body)
        await send(status, headers, body, send_message)

    def _envelope(self, path: str, methods: Mapping[str, Route]) -> Dialect | None:
        """The form of refusals for who asks wrongly: that of the path's other methods, or of all paths of the same base."""
        base = max((base for base in self._spoken if path.startswith(base + "/")), key=len, default="")
        spoken = [route.envelope for route in methods.values()] or self._spoken.get(base, [])
        return spoken[0] if spoken and all(envelope is spoken[0] for envelope in spoken) else None

    def _admit(self, route: Route, scope: Message) -> Caller | None:
        shown = None if route.auth == "none" else credential_in(scope)
        if route.auth == "none" or (route.auth == "optional" and shown is None):
            return None
        try:
            caller = self._desk.authenticate(shown)
        except Unauthenticated:
            if route.auth == "optional":
                return None
            raise
        if route.auth == "management" and caller.kind != "management":
            raise Forbidden(
                "This needs a management key.",
                field="Authorization",
                expected="Bearer sk-ep-mgmt-...",
                received=f"a {caller.kind} key",
                remedy="`entrepot keys create --name NAME --management` makes one.",
            )
        return caller

    def _nothing_at(self, path: str) -> NotFound:
        """With the path that it was probably meant to be."""
        base = next((base for base in API_BASES if path.startswith(base + "/")), "")
        near = nearest(path.removeprefix(base), self._paths, cutoff=0.8) if len(path) <= _LONGEST_PATH else None
        meant = "" if near is None else (base if base in self._paths[near] else self._paths[near][0]) + near
        return NotFound(
            f"There is nothing at {path[:200]}.",
            field="path",
            expected=meant or "a path of /openapi.json",
            received=path[:200],
            remedy=f"Did you mean {meant}?" if meant else "GET /openapi.json describes every path; /reference shows them.",
        )

    def _match(self, path: str) -> tuple[Mapping[str, Route], dict[str, str]]:
        exact = self._exact.get(path)
        if exact is not None:
            return exact, {}
        for pattern, methods in self._templates.values():
            found = pattern.fullmatch(path)
            if found is not None:
                return methods, found.groupdict()
        return {}, {}


def _header(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> str | None:
    return next((value.decode("latin-1") for name, value in headers if name == wanted), None)


def _pattern(path: str) -> re.Pattern[str]:
    """`{author}` and `{id}` are one segment; any other name may hold slashes, as names of models on this machine do."""
    pieces = re.split(r"\{(\w+)\}", path)
    words = [re.escape(piece) if number % 2 == 0 else _group(piece) for number, piece in enumerate(pieces)]
    return re.compile("".join(words), re.DOTALL)


def _group(name: str) -> str:
    return f"(?P<{name}>[^/]+)" if name in ("author", "id") else f"(?P<{name}>.+)"


def _allowed(methods: Mapping[str, Route]) -> str:
    return ", ".join([*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"])


def _preflight(methods: Mapping[str, Route]) -> Response:
    """Browsers ask before they send a key: any origin may, because a key and not a cookie is what grants access."""
    allowed = _allowed(methods).encode()
    headers = (
        (b"allow", allowed),
        (b"access-control-allow-methods", allowed),
        (b"access-control-allow-headers", b"*, Authorization"),
        (b"access-control-max-age", b"86400"),
    )
    return Response(b"", 204, "text/plain", headers)


def _wrong_method(path: str, methods: Mapping[str, Route], sent: str) -> MethodNotAllowed:
    allowed = _allowed(methods)
    return MethodNotAllowed(
        f"{path[:200]} does not answer {sent}.",
        field="method",
        expected=allowed,
        received=sent,
        remedy=f"Send {' or '.join(methods)} there.",
    )


def _target(scope: Message) -> str:
    query = scope["query_string"].decode("latin-1")
    return f"{scope['path']}?{query}" if query else str(scope["path"])
