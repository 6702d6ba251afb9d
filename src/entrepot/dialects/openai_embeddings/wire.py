"""What clients send to `/embeddings`, with types and bounds."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from entrepot.values.bounded import Name, Object, Slug
from entrepot.values.preferences import Preferences

NAME = "openai_embeddings"
MOST_INPUTS = 2048
MOST_TOKENS = 2**17
"""No model embeds more tokens at once; a list of tokens may be so long."""

Kind = Literal["text", "image_url", "input_audio", "input_video", "video_url", "file", "input_file"]
Token = Annotated[int, Meta(ge=0, lt=2**31)]
Tokens = Annotated[list[Token], Meta(min_length=1, max_length=MOST_TOKENS)]
Words = Annotated[str, Meta(min_length=1)]


class Part(msgspec.Struct, frozen=True):
    """Only text is looked at; the rest passes to a provider that reads such parts."""

    type: Kind
    text: str | None = None


class Content(msgspec.Struct, frozen=True):
    content: Annotated[list[Part], Meta(min_length=1, max_length=MOST_INPUTS)]


Input = Words | Annotated[list[Words | Token | Tokens | Content], Meta(min_length=1, max_length=MOST_TOKENS)]


class EmbeddingRequest(msgspec.Struct, frozen=True):
    input: Annotated[
        Input,
        Meta(
            description="A text, up to 2,048 texts, the tokens of one text, up to 2,048 such lists, or up to 2,048 objects with "
            "`content` parts for models that read more than text."
        ),
    ]
    model: Annotated[Slug | None, Meta(description="A model that makes embeddings, as `author/slug` or any of its aliases.")] = (
        None
    )
    dimensions: Annotated[
        Annotated[int, Meta(ge=1, le=2**20)] | None, Meta(description="Length of each vector, for models that can shorten them.")
    ] = None
    encoding_format: Annotated[
        Literal["float", "base64"] | None,
        Meta(description="`base64`: 32 bit floats, little endian. What is asked for is given, whatever the provider sends."),
    ] = None
    input_type: Annotated[
        Name | None, Meta(description="What the input is for, as `search_query`; sent only to providers that know it.")
    ] = None
    provider: Annotated[Preferences | None, Meta(description="Which providers may answer, and in which order.")] = None
    user: Annotated[str | None, Meta(description="The end user; providers get a digest of it.")] = None
    session_id: Annotated[Name | None, Meta(description="Groups requests in the records.")] = None
    trace: Annotated[Object | None, Meta(description="Accepted; not acted on.")] = None
