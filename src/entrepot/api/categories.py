"""Categories of applications as queries name them (contract 3.1, 3.2)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from entrepot.api.bodies import instead
from entrepot.errors import InvalidRequest
from entrepot.records.categories import ALSO, LABELS, known_as

_WORDS = (*LABELS, *ALSO)
Category = Annotated[
    str,
    Meta(
        max_length=100,
        description="What applications say they are for in `X-OpenRouter-Categories`, as coding or cli-agent.",
        extra_json_schema={"enum": ["", *_WORDS]},
    ),
]


def category_of(text: str, field: str) -> str:
    """The category that is asked for; "" when none is. raises InvalidRequest"""
    known = known_as(text.strip().lower())
    if text and not known:
        raise InvalidRequest(
            f"There is no category {text[:40]!r}.",
            field=field,
            expected=f"one of: {', '.join(_WORDS)}",
            received=text[:40],
            remedy=instead(text, _WORDS),
        )
    return known
