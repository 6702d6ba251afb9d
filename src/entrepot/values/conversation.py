"""The canonical conversation: all that any dialect can ask, with the order of everything kept.

A conversation is an ordered list of messages, a message an ordered list of parts, so that thinking, text and calls that came
interleaved go out interleaved. Each thing is one frozen struct. Strings are empty, tuples empty and numbers None when a thing was
not said; `Raw` holds JSON exactly as it came (`Raw()` when there is none), so schemas and arguments are never re-spelled.

Where things stand:
- system and developer texts are messages of those roles, in their place; what stands before the first other message is the prompt
  that other dialects keep apart (`leading_system`)
- a `ToolResult` stands in a message of role `tool`, which holds nothing else; dialects that put results into user turns split on
  the way in and join on the way out (`dialects/turns.py`)
- state that only its maker can read is an `Opaque`: kept to the byte, and given back only to an endpoint of the same family
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

import msgspec
from msgspec import Raw

Role = Literal["system", "developer", "user", "assistant", "tool"]
Fields = dict[str, Raw]
NOTHING = Raw()
"""For `Raw` members that were not given. Test with `given`."""


def given(raw: Raw) -> bool:
    """Whether a raw member was given at all; JSON's null is given."""
    return len(memoryview(raw)) > 0


class Opaque(msgspec.Struct, frozen=True, gc=False):
    """State of the model that only its maker can read.

    family  who made it and takes it back: OpenRouter's names of reasoning formats (`anthropic-claude-v1`,
            `openai-responses-v1`, `azure-openai-responses-v1`, `google-gemini-v1`, `xai-responses-v1` …, `unknown`)
    kind    `signature` vouches for the readable text beside it; `encrypted` stands for text that is not shown
    data    exactly what came
    """

    family: str
    data: str
    kind: Literal["signature", "encrypted"] = "signature"


class Cache(msgspec.Struct, frozen=True, gc=False):
    """A marker: the prefix up to here is worth caching. `ttl` as 5m, 1h, 30m; "" is the provider's usual."""

    ttl: str = ""


class Source(msgspec.Struct, frozen=True, gc=False):
    """Where the bytes of a picture, a sound or a file are: an address, base64 text with its media type, or a provider's file."""

    url: str = ""
    data: str = ""
    media_type: str = ""
    file_id: str = ""


def source_of(url: str) -> Source:
    """What an http(s) or data URL says."""
    if url[:5].lower() != "data:":
        return Source(url=url)
    head, _, data = url[5:].partition(",")
    kind, *flags = head.split(";")
    return Source(data=data, media_type=kind.lower()) if "base64" in flags else Source(url=url, media_type=kind.lower())


def url_of(source: Source) -> str:
    """The source as one URL; "" for a provider's file."""
    if source.data:
        return f"data:{source.media_type or 'application/octet-stream'};base64,{source.data}"
    return source.url


class Citation(msgspec.Struct, frozen=True, gc=False):
    """What a piece of text rests on. `start` and `end` count characters of the text part; -1 when not told.

    raw, dialect  the citation as its maker wrote it, for a client of that dialect
    """

    url: str = ""
    title: str = ""
    text: str = ""
    start: int = -1
    end: int = -1
    raw: Raw = NOTHING
    dialect: str = ""


# Parts


class Text(msgspec.Struct, frozen=True, gc=False, tag=True):
    text: str
    citations: tuple[Citation, ...] = ()
    cache: Cache | None = None
    state: Opaque | None = None


class Image(msgspec.Struct, frozen=True, gc=False, tag=True):
    source: Source
    detail: str = ""
    cache: Cache | None = None
    state: Opaque | None = None


class Audio(msgspec.Struct, frozen=True, gc=False, tag=True):
    """`format` is Chat's word (wav, mp3, flac, pcm16 …); `id` names sound the provider keeps."""

    source: Source
    format: str = ""
    transcript: str = ""
    id: str = ""
    cache: Cache | None = None


class Video(msgspec.Struct, frozen=True, gc=False, tag=True):
    source: Source
    cache: Cache | None = None


class File(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A document. `text` holds it where it came as plain text; `citable` asks the model to cite it."""

    source: Source
    name: str = ""
    text: str = ""
    context: str = ""
    citable: bool = False
    cache: Cache | None = None


class ToolCall(msgspec.Struct, frozen=True, gc=False, tag=True):
    """`arguments` is the JSON text as it came ("" when there was none), or free text for a `custom` tool.

    item  the maker's own id of the item, where that is not the id that joins call and result
    """

    id: str
    name: str
    arguments: str = ""
    custom: bool = False
    state: Opaque | None = None
    item: str = ""
    cache: Cache | None = None


class ToolResult(msgspec.Struct, frozen=True, gc=False, tag=True):
    call_id: str
    parts: tuple[Part, ...] = ()
    name: str = ""
    is_error: bool = False
    custom: bool = False
    cache: Cache | None = None


class Reasoning(msgspec.Struct, frozen=True, gc=False, tag=True):
    """What the model thought: its text, the maker's summary of it in sections, and the state that proves or hides it.

    id      the maker's name of the item (`rs_…`)
    family  who made it, where that is known without a state
    """

    text: str = ""
    summary: tuple[str, ...] = ()
    state: Opaque | None = None
    id: str = ""
    family: str = ""


class Refusal(msgspec.Struct, frozen=True, gc=False, tag=True):
    text: str


class Foreign(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A block that only its dialect knows. It is rendered there and left out, with a note, elsewhere."""

    dialect: str
    name: str
    raw: Raw


Part = Text | Image | Audio | Video | File | ToolCall | ToolResult | Reasoning | Refusal | Foreign


class Message(msgspec.Struct, frozen=True, gc=False):
    """`id`, `phase` and `name` are what some dialects say beside the parts; `cache` is a mark on the message as a whole."""

    role: Role
    parts: tuple[Part, ...]
    name: str = ""
    id: str = ""
    phase: str = ""


# What may be called, and how the answer is to be


class Tool(msgspec.Struct, frozen=True, gc=False):
    """kind  `function` with a JSON schema; `custom` with free text, `format` saying which; `hosted` by the provider, where
    `raw` is the whole definition in the words of `dialect`
    """

    name: str
    description: str | None = None
    parameters: Raw = NOTHING
    strict: bool | None = None
    kind: Literal["function", "custom", "hosted"] = "function"
    format: Raw = NOTHING
    raw: Raw = NOTHING
    dialect: str = ""
    cache: Cache | None = None


class ToolChoice(msgspec.Struct, frozen=True, gc=False):
    """mode    whether calls are made
    names   the tools it may choose from, all when empty. `required` with one name forces that tool
    hosted  a choice in the words of `dialect` that has no other spelling
    """

    mode: Literal["none", "auto", "required"]
    names: tuple[str, ...] = ()
    hosted: Raw = NOTHING
    dialect: str = ""


class Sampling(msgspec.Struct, frozen=True, gc=False):
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    top_a: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    repetition_penalty: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    logit_bias: Raw = NOTHING
    logprobs: bool | None = None
    top_logprobs: int | None = None
    n: int | None = None


class ReasoningWish(msgspec.Struct, frozen=True, gc=False):
    """How much is to be thought, and what of it shown.

    effort      none, minimal, low, medium, high, xhigh, max; after `fitted` the one the endpoint takes
    max_tokens  a budget instead of an effort
    exclude     the client wants no reasoning text; None: it did not say
    summary     auto, concise, detailed: the maker's summary is wanted
    adaptive    the model is to decide how much (Messages); an effort may stand beside it
    """

    effort: str | None = None
    max_tokens: int | None = None
    exclude: bool | None = None
    summary: str | None = None
    adaptive: bool = False
    context: str | None = None
    mode: str | None = None


class OutputFormat(msgspec.Struct, frozen=True, gc=False):
    kind: Literal["text", "json_object", "json_schema", "grammar", "python"] = "text"
    name: str = ""
    schema: Raw = NOTHING
    strict: bool | None = None
    description: str | None = None
    grammar: str = ""


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one call asks, in no dialect's words.

    cache    a mark on the request as a whole: the last block that can be cached is to be
    extra    members of the client's dialect that stand for nothing here, as they came; only a provider of the same `dialect`
             gets them
    source   every member of the request as it came, where its dialect keeps them: what was not changed since goes to a provider
             of the same `dialect` to the byte
    """

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    sampling: Sampling = Sampling()
    max_tokens: int | None = None
    reasoning: ReasoningWish = ReasoningWish()
    output: OutputFormat = OutputFormat()
    verbosity: str | None = None
    modalities: tuple[str, ...] = ()
    audio: Raw = NOTHING
    prediction: Raw = NOTHING
    web_search: Raw = NOTHING
    user: str = ""
    metadata: dict[str, str] = {}
    cache: Cache | None = None
    cache_key: str = ""
    cache_retention: str = ""
    service_tier: str = ""
    stream: bool = False
    dialect: str = "openai_chat"
    extra: Fields = {}
    source: Fields = {}


def leading_system(messages: Sequence[Message]) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    """The system and developer messages that stand before all others, and the rest."""
    for position, message in enumerate(messages):
        if message.role not in ("system", "developer"):
            return tuple(messages[:position]), tuple(messages[position:])
    return tuple(messages), ()


def plain_text(parts: Sequence[Part]) -> str:
    """The text of the text parts, joined as they stand."""
    return "".join([part.text for part in parts if isinstance(part, Text)])


# What an endpoint does not take

_SAMPLING = frozenset(Sampling.__struct_fields__)


def fitted(conversation: Conversation, dropped: Collection[str], effort: str | None, max_tokens: int | None) -> Conversation:
    """The conversation as the plan wants it for one endpoint.

    dropped  parameters by their names in Chat Completions
    """
    wish = conversation.reasoning
    changes: dict[str, object] = {"max_tokens": max_tokens}
    if effort is None:
        changes["reasoning"] = ReasoningWish(exclude=wish.exclude)
    elif effort != wish.effort:
        changes["reasoning"] = msgspec.structs.replace(wish, effort=effort)
    if dropped:
        sampled = {name: _DEFAULTS[name] for name in dropped if name in _SAMPLING}
        if sampled:
            changes["sampling"] = msgspec.structs.replace(conversation.sampling, **sampled)
        for name in dropped:
            changes |= _WITHOUT.get(name, {})
    return msgspec.structs.replace(conversation, **changes)


_DEFAULTS = {name: getattr(Sampling(), name) for name in _SAMPLING}
_WITHOUT: dict[str, dict[str, object]] = {
    "tools": {"tools": ()},
    "functions": {"tools": ()},
    "tool_choice": {"tool_choice": None},
    "function_call": {"tool_choice": None},
    "parallel_tool_calls": {"parallel_tool_calls": None},
    "response_format": {"output": OutputFormat()},
    "verbosity": {"verbosity": None},
    "prediction": {"prediction": NOTHING},
    "web_search_options": {"web_search": NOTHING},
    "service_tier": {"service_tier": ""},
    "modalities": {"modalities": ()},
}
