"""How much of a list a query asks for. One word for each, so that every list takes the same."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

Offset = Annotated[int, Meta(ge=0, le=10**9, description="Rows to pass over.")]
Limit = Annotated[int, Meta(ge=1, le=100, description="Rows to give.")]
"""Of lists that are read row by row from the store."""
