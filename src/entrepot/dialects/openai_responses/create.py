"""The body of a request: what a caller may ask for, with types and bounds.

The shape is OpenAI's with OpenRouter's additions (its contract 2.1; both read 2026-11). Every field may be null, which means
absent. Items are of one loose shape, for there are thirty kinds of them: what a kind must say is checked when it is given a
meaning (`converse.py`), and kinds that have none here pass to a provider of this dialect as they are.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Raw

from entrepot.values.bounded import Count, Effort, Name, Object, Penalty, Share, Slug
from entrepot.values.chat import Plugin
from entrepot.values.preferences import Preferences

Detail = Literal["auto", "low", "high", "original"]


class Sound(msgspec.Struct, frozen=True):
    data: str
    format: str = ""


class Content(msgspec.Struct, frozen=True):
    """A part of a message, of a tool's output, of reasoning or of a summary."""

    type: str
    text: str | None = None
    refusal: str | None = None
    image_url: str | None = None
    detail: str | None = None
    file_id: str | None = None
    file_data: str | None = None
    file_url: str | None = None
    filename: str | None = None
    input_audio: Sound | None = None
    annotations: list[Raw] | None = None
    cache_control: Object | None = None
    prompt_cache_breakpoint: Object | None = None


class Item(msgspec.Struct, frozen=True):
    """`type` may be left out of messages. `arguments` and `output` have other shapes in other kinds."""

    type: str | None = None
    id: str | None = None
    role: str | None = None
    content: str | list[Content] | None = None
    phase: str | None = None
    call_id: Annotated[str, Meta(max_length=512)] | None = None
    name: str | None = None
    namespace: str | None = None
    arguments: Raw = msgspec.field(default_factory=Raw)
    input: str | None = None
    output: Raw = msgspec.field(default_factory=Raw)
    summary: list[Content] | None = None
    encrypted_content: str | None = None
    format: str | None = None
    signature: str | None = None

    @property
    def kind(self) -> str:
        if self.type:
            return self.type
        return "item_reference" if self.role is None and self.id else "message"


class Tool(msgspec.Struct, frozen=True):
    """`tools` are those of a namespace."""

    type: Annotated[str, Meta(min_length=1, max_length=64)]
    name: Annotated[str, Meta(max_length=128)] | None = None
    description: str | None = None
    parameters: Raw = msgspec.field(default_factory=Raw)
    strict: bool | None = None
    format: Raw = msgspec.field(default_factory=Raw)
    tools: list[Tool] | None = None
    cache_control: Object | None = None


class Format(msgspec.Struct, frozen=True):
    type: Literal["text", "json_object", "json_schema"] = "text"
    name: Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,64}$")] | None = None
    schema: Raw = msgspec.field(default_factory=Raw)
    strict: bool | None = None
    description: str | None = None


class TextWish(msgspec.Struct, frozen=True):
    format: Format | None = None
    verbosity: Literal["low", "medium", "high", "xhigh", "max"] | None = None


class ReasoningWish(msgspec.Struct, frozen=True):
    """`generate_summary` is the old name of `summary`; `enabled` and `max_tokens` are OpenRouter's."""

    effort: Effort | None = None
    summary: Literal["auto", "concise", "detailed"] | None = None
    generate_summary: Literal["auto", "concise", "detailed"] | None = None
    context: str | None = None
    mode: str | None = None
    enabled: bool | None = None
    max_tokens: Annotated[int, Meta(ge=0, le=2**31)] | None = None


class Create(msgspec.Struct, frozen=True):
    input: str | Annotated[list[Item], Meta(max_length=100_000)] | None = None
    model: Slug | None = None
    models: Annotated[list[Slug], Meta(max_length=32)] | None = None
    instructions: str | None = None
    stream: bool | None = None
    stream_options: Object | None = None
    max_output_tokens: Count | None = None
    max_tool_calls: Annotated[int, Meta(ge=1, le=2**31)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Share | None = None
    top_k: Annotated[int, Meta(ge=0, le=2**31)] | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    tools: Annotated[list[Tool], Meta(max_length=1024)] | None = None
    tool_choice: Literal["none", "auto", "required"] | Object | None = None
    parallel_tool_calls: bool | None = None
    text: TextWish | None = None
    reasoning: ReasoningWish | None = None
    include: Annotated[list[Name], Meta(max_length=32)] | None = None
    store: bool | None = None
    previous_response_id: Annotated[str, Meta(min_length=1, max_length=256)] | None = None
    conversation: Any = None
    background: bool | None = None
    truncation: Literal["auto", "disabled"] | None = None
    prompt: Object | None = None
    context_management: list[Raw] | None = None
    moderation: Any = None
    metadata: (
        Annotated[
            dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=512)]],
            Meta(max_length=16),
        ]
        | None
    ) = None
    client_metadata: Object | None = None
    service_tier: Literal["auto", "default", "flex", "scale", "priority", "fast", "ultrafast"] | None = None
    safety_identifier: Annotated[str, Meta(max_length=1024)] | None = None
    prompt_cache_key: Annotated[str, Meta(max_length=1024)] | None = None
    prompt_cache_options: Object | None = None
    prompt_cache_retention: Name | None = None
    user: Annotated[str, Meta(max_length=1024)] | None = None
    modalities: Annotated[list[Literal["text", "image"]], Meta(max_length=2)] | None = None
    provider: Preferences | None = None
    plugins: Annotated[list[Plugin], Meta(max_length=32)] | None = None
    route: Literal["fallback", "sort"] | None = None
    preset: Slug | None = None
    session_id: Name | None = None
    cache_control: Object | None = None
    image_config: Object | None = None
    stop_server_tools_when: list[Raw] | None = None
    trace: Object | None = None
    debug: Object | None = None


class Said(msgspec.Struct):
    """A parsed body, for the rooms of this dialect.

    items   the input, a text as the message it stands for; `raws` the same as they came
    joined  the items of the responses before this one stand before its own
    before  how many of the items are those of the responses before it
    stateless  the provider is asked to keep nothing, whatever the client said
    """

    create: Create
    items: list[Item]
    raws: list[Raw]
    joined: bool = False
    stateless: bool = False
    before: int = 0


GATEWAY_ONLY = frozenset(
    {
        "models", "provider", "plugins", "route", "preset", "session_id", "cache_control", "image_config", "trace", "debug",
        "stop_server_tools_when", "previous_response_id", "conversation", "background",
    }
)  # fmt: skip
"""Members that are for us and not for a provider."""

SERVER_TOOLS = "openrouter:"
"""How the types of tools begin that OpenRouter's gateway runs."""
