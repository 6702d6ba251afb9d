"""A Messages request as it stands on the wire: types and bounds. Rules that join two members are in `check.py`.

Facts from the published schema and the API reference, read 2026-11. `Block` is every block at once, so that blocks of the
provider's own tools pass without each being known. OpenRouter's members stand beside Anthropic's (its contract 2.2).
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Raw

from entrepot.values.bounded import Name, Object, Share, Slug
from entrepot.values.chat import Plugin
from entrepot.values.preferences import Preferences

Effort = Literal["low", "medium", "high", "xhigh", "max"]


class CacheControl(msgspec.Struct, frozen=True):
    type: Literal["ephemeral"]
    ttl: Literal["5m", "1h"] | None = None


class Source(msgspec.Struct, frozen=True):
    type: str
    media_type: str = ""
    data: str = ""
    url: str = ""
    file_id: str = ""
    content: str | list[Block] | None = None


class Block(msgspec.Struct, frozen=True):
    type: str
    text: str | None = None
    source: Source | str | None = None
    title: str | None = None
    context: str | None = None
    citations: Raw = msgspec.field(default_factory=Raw)
    id: str | None = None
    name: str | None = None
    input: Raw = msgspec.field(default_factory=Raw)
    tool_use_id: str | None = None
    content: str | list[Block] | Object | None = None
    is_error: bool | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    cache_control: CacheControl | None = None


class Message(msgspec.Struct, frozen=True):
    role: Literal["user", "assistant", "system"]
    content: str | list[Block]


class SystemBlock(msgspec.Struct, frozen=True):
    type: Literal["text"]
    text: str
    cache_control: CacheControl | None = None


class Tool(msgspec.Struct, frozen=True):
    """`type` is absent or `custom` for the client's own tools."""

    name: Annotated[str, Meta(min_length=1, max_length=128)] = ""
    type: Annotated[str, Meta(max_length=128)] | None = None
    description: str | None = None
    input_schema: Object | None = None
    strict: bool | None = None
    cache_control: CacheControl | None = None

    @property
    def is_function(self) -> bool:
        return self.type in (None, "custom")


class Choice(msgspec.Struct, frozen=True):
    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class Thinking(msgspec.Struct, frozen=True):
    type: Literal["enabled", "adaptive", "disabled", "between_tools"]
    budget_tokens: Annotated[int, Meta(ge=1024, le=2**31)] | None = None
    display: Literal["summarized", "omitted"] | None = None


class Format(msgspec.Struct, frozen=True):
    type: Literal["json_schema"]
    schema: Raw = msgspec.field(default_factory=Raw)


class OutputConfig(msgspec.Struct, frozen=True):
    effort: Effort | None = None
    format: Format | None = None


class Metadata(msgspec.Struct, frozen=True):
    user_id: Annotated[str, Meta(max_length=4096)] | None = None


class Fallback(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another model that the gateway asks. The text `default` leaves it to Anthropic, which has a list of its own."""

    model: Slug


class Counted(msgspec.Struct, frozen=True):
    """What `count_tokens` takes: the same without what an answer needs."""

    messages: Annotated[list[Message], Meta(min_length=1, max_length=100_000)]
    model: Slug | None = None
    system: str | list[SystemBlock] | None = None
    tools: Annotated[list[Tool], Meta(max_length=1024)] | None = None
    tool_choice: Choice | None = None
    thinking: Thinking | None = None
    output_config: OutputConfig | None = None
    output_format: Format | None = None
    cache_control: CacheControl | None = None
    context_management: Object | None = None
    mcp_servers: list[Raw] | None = None
    speed: Literal["standard", "fast"] | None = None
    models: Annotated[list[Slug], Meta(max_length=32)] | None = None
    fallbacks: Annotated[list[Fallback], Meta(max_length=3)] | Literal["default"] | None = None
    provider: Preferences | None = None
    plugins: Annotated[list[Plugin], Meta(max_length=32)] | None = None
    route: Literal["fallback", "sort"] | None = None
    preset: Slug | None = None
    session_id: Name | None = None
    user: Annotated[str, Meta(max_length=1024)] | None = None
    trace: Object | None = None
    transforms: Annotated[list[Name], Meta(max_length=8)] | None = None
    stop_server_tools_when: list[Raw] | None = None
    thread: Object | None = None


class Body(Counted, frozen=True):
    """`max_tokens` is asked for by Anthropic, not by us: without it the longest answer of the endpoint is."""

    max_tokens: Annotated[int, Meta(ge=0, le=2**31)] | None = None
    stream: bool | None = None
    temperature: Share | None = None
    top_p: Share | None = None
    top_k: Annotated[int, Meta(ge=0, le=2**31)] | None = None
    stop_sequences: Annotated[list[str], Meta(max_length=8192)] | None = None
    metadata: Metadata | None = None
    service_tier: Literal["auto", "standard_only"] | None = None
    container: Raw = msgspec.field(default_factory=Raw)
    inference_geo: str | None = None


FOR_US = frozenset(
    {
        "models", "fallbacks", "provider", "plugins", "route", "preset", "session_id", "user", "trace", "transforms", "usage",
        "debug", "stop_server_tools_when",
    }
)  # fmt: skip
"""Members that the gateway understands and no provider gets."""
