"""What a dialect is: a value whose members are its codec's functions. Every package looks the same.

    parse.py    client bytes to Request, and Request to Conversation      read.py   provider's answer to events
    render.py   Conversation to provider bytes, losses named              write.py  events to the client's answer, and its errors

A dialect that only providers speak has no `parse` and no `write`. Where client and provider speak the same one, bytes stay bytes:
`respeak`, `plain` and `streamed`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

import msgspec

from entrepot.dialects.voice import Voice
from entrepot.errors import GatewayError
from entrepot.providers import Quirk
from entrepot.values.conversation import Conversation
from entrepot.values.event import Event
from entrepot.values.model import Reasoning
from entrepot.values.request import Request
from entrepot.values.usage import Usage


class Wishes(msgspec.Struct, frozen=True):
    """What the plan decided for this endpoint; see `routing/fit.py`.

    family          the reasoning format the endpoint makes and takes back; "" is the dialect's own
    longest_answer  the most tokens the endpoint writes, for dialects in which a length must be said
    reasoning       how its model reasons: efforts, whether a budget may be given; None is not known
    shows           the client wants to see reasoning text
    schemas         the model keeps to a JSON schema by itself; where not, a dialect may have another way
    """

    upstream_model: str
    max_tokens_field: str = "max_tokens"
    max_tokens: int | None = None
    effort: str | None = None
    dropped: tuple[str, ...] = ()
    user_salt: bytes = b""
    quirks: frozenset[Quirk] = frozenset()
    family: str = ""
    longest_answer: int | None = None
    reasoning: Reasoning | None = None
    shows: bool = True
    schemas: bool = True


class Rendered(msgspec.Struct, frozen=True):
    """notes    what was left out or changed, one "name: what" each; they go into the record and `X-Entrepot-Adjusted`
    headers  more request headers, by lower-case name
    """

    body: bytes
    notes: tuple[str, ...] = ()
    headers: dict[str, str] = {}


class Hearing(msgspec.Struct, frozen=True):
    """How a provider's answer is to be heard. `family` names the maker of the opaque state in it."""

    max_event_bytes: int = 1 << 20
    quirks: frozenset[Quirk] = frozenset()
    family: str = ""


class StreamReader(Protocol):
    """A provider's stream to events. `done` once its end sign was seen."""

    done: bool

    def feed(self, data: bytes) -> list[Event]:
        """raises  Malformed; BrokenStream for an event past the limit. A failure the provider tells is a `Failed` event"""
        ...

    def close(self) -> list[Event]:
        """What an unfinished last event gives."""
        ...


class StreamWriter(Protocol):
    """Events to a client's stream. What it must know of the whole (Responses, Messages) it gathers itself."""

    def feed(self, events: Sequence[Event]) -> bytes: ...

    def end(self, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
        """Usage, cost and the end sign."""
        ...

    def error(self, error: GatewayError) -> bytes:
        """The failure as this dialect tells it in mid-stream, and the end."""
        ...


class Plain(Protocol):
    """A whole answer as the pipeline sees it, spliced or translated.

    reported_model  what the provider calls the model that answered; "" where it does not say
    foreign         counts what of it had no meaning here
    """

    usage: Usage | None
    finish_reason: str | None
    native_finish_reason: str | None
    service_tier: str | None
    upstream_id: str
    reported_model: str
    tool_calls: int
    foreign: int

    def render_with(self, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes: ...


class Streamed(Protocol):
    """A streamed answer as the pipeline sees it, spliced or translated: bytes of the provider in, bytes for the client out."""

    finish_reason: str | None
    native_finish_reason: str | None
    service_tier: str | None
    upstream_id: str
    reported_model: str
    foreign: int

    @property
    def done(self) -> bool: ...

    @property
    def usage(self) -> Usage | None: ...

    @property
    def tool_calls(self) -> int: ...

    @property
    def complete(self) -> bool: ...

    def feed(self, data: bytes) -> bytes:
        """raises  ErrorEvent, Malformed; BrokenStream for an event past the limit"""
        ...

    def feed_whole(self, body: bytes) -> bytes:
        """A plain answer that came where a stream was asked for. raises as `feed`"""
        ...

    def close(self) -> bytes: ...

    def end_with(self, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes: ...

    def break_off(self, error: GatewayError) -> bytes: ...


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """A wire format. Members that are None are not spoken in that direction.

    shown          its name as people say it
    family         whose opaque state it carries, unless the provider says otherwise
    makes          what it asks for; a request goes only to endpoints whose dialect makes the same
    parse          client bytes to a request. raises InvalidRequest
    converse       the conversation of a request of this dialect (call `conversation_of`, which keeps it). raises InvalidRequest
    write          a whole answer for the client: events, voice, request, usage, prompt_nano, completion_nano
    writer         the same for a stream
    render_error   status and body of a refusal, with the generation's id ("" when there is none)
    abroad         notes on what of a conversation no other dialect can say. raises InvalidRequest for what cannot be left out
    render         a conversation, already `fitted`, to a provider's body. raises InvalidRequest for what it cannot express
    read           a provider's whole body to events. raises Malformed
    reader         the same for a stream
    path           the provider's path for a model, by whether it streams; None is the provider's `chat_path`
    respeak        the request for a provider of the same dialect
    plain, streamed  an answer whose bytes are kept
    fetches        what its providers get from a URL themselves: image, audio, video, file
    forces_schemas a model that keeps to no JSON schema by itself is made to, by a tool it must call
    """

    name: str
    shown: str = ""
    family: str = "unknown"
    makes: Literal["text", "embeddings"] = "text"
    parse: Callable[[bytes], Request] | None = None
    converse: Callable[[Request], Conversation] | None = None
    write: Callable[[Sequence[Event], Voice, Request, Usage, int, int], bytes] | None = None
    writer: Callable[[Voice, Request], StreamWriter] | None = None
    render_error: Callable[[GatewayError, str], tuple[int, bytes]] | None = None
    abroad: Callable[[Conversation], tuple[str, ...]] | None = None
    render: Callable[[Conversation, Wishes], Rendered] | None = None
    read: Callable[[bytes, Hearing], list[Event]] | None = None
    reader: Callable[[Hearing], StreamReader] | None = None
    path: Callable[[str, bool], str] | None = None
    respeak: Callable[[Request, Wishes], Rendered] | None = None
    plain: Callable[[bytes, Voice, Request, Hearing], Plain] | None = None
    streamed: Callable[[Voice, Request, Hearing], Streamed] | None = None
    fetches: frozenset[str] = frozenset()
    forces_schemas: bool = False
