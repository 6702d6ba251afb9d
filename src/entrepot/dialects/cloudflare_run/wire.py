"""What a body of `ai/run` may hold where it differs from Chat Completions, with Cloudflare's own bounds.

From the schemas of its text generation models and its pages on tools and JSON mode, read 2026-11. Bounds differ from model to
model there; these are the widest. Every other member of Chat Completions is taken as it is known there.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Raw

from entrepot.values.bounded import Name, Slug

Object = dict[str, Raw]


class RunCalled(msgspec.Struct, frozen=True):
    name: Annotated[str, Meta(min_length=1, max_length=256)]
    arguments: str | Object = "{}"


class RunCall(msgspec.Struct, frozen=True):
    """A call as Cloudflare gives it, or nested in `function` as Chat Completions does."""

    id: Annotated[Name, Meta(description="Joins it to its result; given by us where the client does not.")] | None = None
    name: Annotated[Name, Meta(description="The tool.")] | None = None
    arguments: Annotated[str | Object | None, Meta(description="What it is called with, as an object or as JSON text.")] = None
    function: RunCalled | None = None


class RunMessage(msgspec.Struct, frozen=True):
    role: Annotated[str, Meta(description="system, developer, user, assistant or tool.")]
    content: Annotated[Any, Meta(description="Text, or a list of content parts.")] = None
    name: Annotated[Name, Meta(description="Of a tool's result: the tool.")] | None = None
    tool_calls: Annotated[list[RunCall], Meta(description="What the assistant called.")] | None = None
    tool_call_id: (
        Annotated[Name, Meta(description="The call a result is for; without it, the first open call of that name.")] | None
    ) = None


class RunFunction(msgspec.Struct, frozen=True):
    name: Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_.:-]{1,64}$")]
    description: str | None = None
    parameters: Object | None = None


class RunTool(msgspec.Struct, frozen=True):
    """A tool as Cloudflare has it, or nested in `function` as Chat Completions has it."""

    name: Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_.:-]{1,64}$", description="What the model calls it by.")] | None = None
    description: Annotated[str, Meta(description="When and how to use it.")] | None = None
    parameters: Annotated[Object, Meta(description="A JSON schema of its arguments.")] | None = None
    type: Annotated[str, Meta(description="function, where it is nested.")] = "function"
    function: RunFunction | None = None


class RunFormat(msgspec.Struct, frozen=True):
    type: Annotated[Literal["text", "json_object", "json_schema"], Meta(description="What the answer must be.")]
    json_schema: Annotated[Any, Meta(description="The schema itself, or {name, schema, strict}.")] = None


class RunOptions(msgspec.Struct, frozen=True):
    rejectIfBusy: Annotated[bool, Meta(description="Nothing waits in a queue here, so it is always so.")] | None = None


class RunBody(msgspec.Struct, frozen=True):
    """`prompt` or `messages`, and how the answer is to be."""

    messages: Annotated[list[RunMessage], Meta(max_length=100_000, description="The conversation, oldest first.")] | None = None
    prompt: Annotated[str, Meta(min_length=1, description="In place of `messages`: what the user says.")] | None = None
    stream: Annotated[bool, Meta(description="Whether the answer comes piece by piece.")] | None = None
    max_tokens: Annotated[int, Meta(ge=1, le=2**31, description="The most tokens to write; no 256 unless it is said.")] | None = (
        None
    )
    max_completion_tokens: Annotated[int, Meta(ge=1, le=2**31, description="The newer spelling of `max_tokens`.")] | None = None
    temperature: Annotated[float, Meta(ge=0, le=5, description="How freely tokens are chosen.")] | None = None
    top_p: Annotated[float, Meta(ge=0, le=2, description="The likeliest tokens with this share are chosen from.")] | None = None
    top_k: Annotated[int, Meta(ge=1, le=50, description="Only so many of the likeliest tokens are chosen from.")] | None = None
    seed: Annotated[int, Meta(ge=1, le=9_999_999_999, description="The same seed asks for the same answer.")] | None = None
    repetition_penalty: (
        Annotated[float, Meta(ge=0, le=2, description="Divides the weight of tokens that have occurred.")] | None
    ) = None
    frequency_penalty: (
        Annotated[float, Meta(ge=-2, le=2, description="Makes a token less likely each time it has occurred.")] | None
    ) = None
    presence_penalty: (
        Annotated[float, Meta(ge=-2, le=2, description="Makes a token less likely once it has occurred.")] | None
    ) = None
    tools: Annotated[list[RunTool], Meta(max_length=1024, description="What the model may call.")] | None = None
    response_format: RunFormat | None = None
    options: RunOptions | None = None
    model: Annotated[Slug, Meta(description="The path says it.")] | None = None
    raw: Annotated[bool, Meta(description="true is refused: models behind a chat API apply their own template.")] | None = None
    lora: Annotated[str, Meta(description="Refused: no provider here takes one.")] | None = None
    functions: Annotated[list[Any], Meta(description="Refused: code of the caller is not run here.")] | None = None
    input: Annotated[
        Any, Meta(description="In place of `messages`: the Responses form, as of `/v1/responses`; `result` is a response then.")
    ] = None
    text: Annotated[
        Any, Meta(description="Of the Responses form; what vectors are to be made of belongs to `ai/v1/embeddings`.")
    ] = None
    requests: Annotated[list[Any], Meta(description="Refused: there are no batches here.")] | None = None


class Universal(msgspec.Struct, frozen=True):
    """The body of `ai/run` without a model in its path."""

    model: Annotated[Slug, Meta(description="The model wished for, as `author/slug` or `@cf/author/slug`.")]
    input: Annotated[Raw, Meta(description="What `ai/run/{model}` takes; text or a list is the Responses form.")]
