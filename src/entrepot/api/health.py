"""Whether the process lives, whether it may be sent traffic, its metrics, and the description of all paths."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from entrepot.api.http import Request, Response, answer
from entrepot.api.routes import Check, Desk, Route

METRICS_MEDIA = "text/plain; version=0.0.4; charset=utf-8"


class Live(msgspec.Struct, frozen=True):
    status: Literal["live"] = "live"


class Ready(msgspec.Struct, frozen=True):
    """`checks` says what was looked at; those that are not ok say why in `detail`, and so does what waits for the database.

    `degraded`: something is away that traffic goes on without, within the limits of what is known and leased here.
    """

    status: Literal["ready", "degraded", "not ready"]
    checks: list[Check]


def live(desk: Desk, request: Request) -> Response:
    return answer(Live())


def ready(desk: Desk, request: Request) -> Response:
    """503 takes this process out of a balancer's rotation, so only what makes every request fail may cause it.

    Nothing is asked here that could be slow to answer.
    """
    checks = desk.checks()
    if any(check.needed and not check.ok for check in checks):
        return answer(Ready("not ready", checks), 503)
    return answer(Ready("ready" if all(check.ok for check in checks) else "degraded", checks))


def metrics(desk: Desk, request: Request) -> Response:
    return Response(desk.exposition(), media=METRICS_MEDIA)


def openapi(desk: Desk, request: Request) -> Response:
    return Response(desk.document())


_ROOT = ("",)
ROUTES = (
    Route("GET", "/health/live", "Is the process alive?", "Operation", live, returns=Live, bases=_ROOT),
    Route(
        "GET",
        "/health/ready",
        "May it be sent traffic?",
        "Operation",
        ready,
        returns=Ready,
        same_shape=(503,),
        bases=_ROOT,
    ),
    Route("GET", "/metrics", "Metrics for Prometheus", "Operation", metrics, media=METRICS_MEDIA, bases=_ROOT),
    Route("GET", "/openapi.json", "This description", "Operation", openapi, returns=dict[str, Any], bases=("", "/api/v1")),
)
