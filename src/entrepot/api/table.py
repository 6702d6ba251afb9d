"""All paths: the routes from which dispatch and the OpenAPI document are made, and the surfaces that generations are asked on."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from entrepot import __version__
from entrepot.api import (
    activity,
    analytics,
    audit,
    benchmarks,
    chat,
    chat_key,
    cloudflare,
    codes,
    completions,
    credits,
    datasets,
    embeddings,
    gemini,
    generation,
    health,
    key,
    keys,
    messages,
    models,
    payments,
    prices,
    responses,
    statements,
    top_ups,
    workspaces,
)
from entrepot.api.answering import Pattern
from entrepot.api.openapi import document
from entrepot.dialects.surface import Surface

_SPOKEN = (*chat.ROUTES, *responses.ROUTES, *messages.ROUTES, *completions.ROUTES, *embeddings.ROUTES)
ROUTES = (
    *_SPOKEN,
    *cloudflare.ROUTES,
    *cloudflare.mirrored(_SPOKEN),
    *gemini.ROUTES,
    *models.ROUTES,
    *key.ROUTES,
    *keys.ROUTES,
    *workspaces.ROUTES,
    *credits.ROUTES,
    *prices.ROUTES,
    *audit.ROUTES,
    *chat_key.ROUTES,
    *payments.ROUTES,
    *codes.ROUTES,
    *statements.ROUTES,
    *top_ups.ROUTES,
    *activity.ROUTES,
    *analytics.ROUTES,
    *datasets.ROUTES,
    *benchmarks.ROUTES,
    *generation.ROUTES,
    *health.ROUTES,
)
SURFACES = {**chat.SURFACES, **messages.SURFACES, **completions.SURFACES, **embeddings.SURFACES}
"""By path. Those of `responses` are made with the store that keeps them."""


def patterns(surfaces: Mapping[str, Surface]) -> tuple[Pattern, ...]:
    """Of paths that name a model or an account, given the surfaces whose paths do not."""
    return (*gemini.PATTERNS, *cloudflare.patterns(surfaces))


@functools.cache
def described() -> dict[str, Any]:
    """The OpenAPI document, which takes a while to make."""
    return document(ROUTES, __version__)
