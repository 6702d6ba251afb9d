"""The `provider` object of a request (contract 1.5): which endpoints may serve it, and in which order they are tried."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from entrepot.values.bounded import Name, Object, Slug

Decimalish = float | str


class MaxPrice(msgspec.Struct, frozen=True):
    """USD per million tokens; per request and per image for those two."""

    prompt: Decimalish | None = None
    completion: Decimalish | None = None
    request: Decimalish | None = None
    image: Decimalish | None = None
    audio: Decimalish | None = None


class Sort(msgspec.Struct, frozen=True):
    by: Literal["price", "throughput", "latency", "exacto"] | None = None
    partition: Literal["model", "none"] | None = None


class Preferences(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    order: Annotated[list[Slug], Meta(max_length=64)] | None = None
    only: Annotated[list[Slug], Meta(max_length=256)] | None = None
    ignore: Annotated[list[Slug], Meta(max_length=256)] | None = None
    allow_fallbacks: bool | None = None
    require_parameters: bool | None = None
    data_collection: Literal["allow", "deny"] | None = None
    zdr: bool | None = None
    enforce_distillable_text: bool | None = None
    quantizations: Annotated[list[Name], Meta(max_length=16)] | None = None
    sort: Literal["price", "throughput", "latency", "exacto"] | Sort | None = None
    max_price: MaxPrice | None = None
    preferred_min_throughput: float | dict[str, float | None] | None = None
    preferred_max_latency: float | dict[str, float | None] | None = None
    options: Object | None = None
