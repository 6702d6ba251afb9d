"""What clients send to `/completions`, with types and bounds."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from entrepot.values.bounded import Count, Int64, Name, Penalty, Share, Slug
from entrepot.values.chat import ReasoningControl, StreamOptions
from entrepot.values.preferences import Preferences

NAME = "openai_completions"

Most5 = Annotated[int, Meta(ge=0, le=5)]
Most20 = Annotated[int, Meta(ge=0, le=20)]


class CompletionRequest(msgspec.Struct, frozen=True):
    prompt: Annotated[str | list[Any], Meta(description="The text to go on from: one, bare or in a list.")]
    model: Annotated[Slug | None, Meta(description="The model wished for, as `author/slug` or any of its aliases.")] = None
    models: Annotated[
        Annotated[list[Slug], Meta(max_length=32)] | None, Meta(description="Fall-backs, tried in this order after `model`.")
    ] = None
    echo: Annotated[bool | None, Meta(description="Whether the answer begins with the prompt.")] = None
    suffix: Annotated[str | None, Meta(description="Text after the completion. Not offered: only an empty one is taken.")] = None
    best_of: Annotated[Most20 | None, Meta(description="Not offered: only as many as `n` are taken, which changes nothing.")] = (
        None
    )
    logprobs: Annotated[Most5 | None, Meta(description="How many of the likeliest tokens are told at each place.")] = None
    max_tokens: Annotated[Count | None, Meta(description="The most tokens to write; no limit of ours when left out.")] = None
    n: Annotated[Annotated[int, Meta(ge=1, le=128)] | None, Meta(description="How many completions to give.")] = None
    stop: Annotated[
        str | Annotated[list[str], Meta(max_length=4)] | None, Meta(description="Texts before which the completion ends.")
    ] = None
    stream: Annotated[bool | None, Meta(description="Whether the completion comes piece by piece.")] = None
    stream_options: Annotated[StreamOptions | None, Meta(description="Needed no more: every stream ends with its usage.")] = None
    temperature: Annotated[Annotated[float, Meta(ge=0, le=2)] | None, Meta(description="How freely tokens are chosen.")] = None
    top_p: Annotated[Share | None, Meta(description="Only the likeliest tokens of this probability are chosen from.")] = None
    frequency_penalty: Annotated[Penalty | None, Meta(description="Makes a token less likely each time it has occurred.")] = None
    presence_penalty: Annotated[Penalty | None, Meta(description="Makes a token less likely once it has occurred.")] = None
    logit_bias: Annotated[dict[str, float] | None, Meta(description="By token id, what is added to a token's weight.")] = None
    seed: Annotated[Int64 | None, Meta(description="The same seed asks for the same completion.")] = None
    provider: Annotated[Preferences | None, Meta(description="Which providers may answer, and in which order.")] = None
    reasoning: Annotated[ReasoningControl | None, Meta(description="How the model reasons, as in Chat Completions.")] = None
    user: Annotated[str | None, Meta(description="The end user; providers get a digest of it.")] = None
    session_id: Annotated[Name | None, Meta(description="Groups requests in the records.")] = None
