"""Types of what a request may say, in whatever dialect, each with its bounds."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Raw

Effort = Literal["max", "xhigh", "high", "medium", "low", "minimal", "none"]
Count = Annotated[int, Meta(ge=1, le=2**31)]
Int64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Penalty = Annotated[float, Meta(ge=-2, le=2)]
Share = Annotated[float, Meta(ge=0, le=1)]
Slug = Annotated[str, Meta(min_length=1, max_length=256)]
Name = Annotated[str, Meta(max_length=256)]
Object = dict[str, Raw]
