"""A request for embeddings to the bytes one provider accepts; what need not change stays as it came."""

from __future__ import annotations

from typing import cast

from msgspec import Raw

from entrepot.dialects.dialect import Rendered, Wishes
from entrepot.dialects.openai_embeddings.parse import Embedding
from entrepot.dialects.openai_embeddings.wire import Content
from entrepot.dialects.pseudonym import pseudonym
from entrepot.dialects.voice import encode
from entrepot.errors import InvalidRequest
from entrepot.providers import Quirk
from entrepot.values.request import Request

_NULL = b"null"
_OURS = ("provider", "session_id", "trace")


def respeak(request: Request, wishes: Wishes) -> Rendered:
    """The end user's id is sent as a keyed digest. raises InvalidRequest, for parts that this provider does not read"""
    asked = cast(Embedding, request)
    fields = {
        name: raw
        for name, raw in request.fields.items()
        if name not in _OURS and name not in wishes.dropped and bytes(memoryview(raw)) != _NULL
    }
    fields["model"] = Raw(encode(wishes.upstream_model))
    if "user" in fields:
        fields["user"] = Raw(encode(pseudonym(asked.user, wishes.user_salt)))
    notes: tuple[str, ...] = ()
    if Quirk.KEEPS_OPENROUTER_FIELDS not in wishes.quirks:
        if fields.pop("input_type", None) is not None:
            notes = ("input_type: left out, the provider does not know it",)
        if isinstance(asked.items[0], Content):
            fields["input"] = Raw(encode(_texts(asked.items)))
    if "dimensions" in fields and Quirk.OUTPUT_DIMENSION in wishes.quirks:
        fields["output_dimension"] = fields.pop("dimensions")
    return Rendered(encode(fields), notes)


def _texts(items: list[Content]) -> list[str]:
    """Content parts as plain texts, for providers that take no parts."""
    texts = []
    for place, item in enumerate(items):
        for number, part in enumerate(item.content):
            if part.type != "text":
                path = f"input[{place}].content[{number}]"
                raise InvalidRequest(
                    f"`{path}` is {part.type}, and this provider embeds only text.",
                    field=path,
                    expected="text",
                    received=part.type,
                    remedy="Ask for a model or a provider that embeds more than text.",
                )
        texts.append("\n".join(part.text or "" for part in item.content))
    return texts
