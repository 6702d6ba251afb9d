"""A Chat Completions request: what a caller may ask for, with types and bounds.

The shape is that of Chat Completions with OpenRouter's additions (its contract 1.2 to 1.7, read 2026-08-22). What the rooms look
at in a request of any dialect is `values.request.Request`; the `Request` here is its form for this dialect. Every field may be
null, which means absent. Numbers and lengths are bounded here, once; rules that join two fields are in
`dialects/openai_chat/parse.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Raw

from entrepot.values.bounded import Count, Effort, Int64, Name, Object, Penalty, Share, Slug
from entrepot.values.conversation import Conversation
from entrepot.values.media import Media, media_of
from entrepot.values.messages import AudioPart, FilePart, ImagePart, InputVideoPart, Message, TextPart, UserMessage, VideoPart
from entrepot.values.preferences import Preferences


class Function(msgspec.Struct, frozen=True):
    name: Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_.:-]{1,64}$")]
    description: str | None = None
    parameters: Object | None = None
    strict: bool | None = None


class Tool(msgspec.Struct, frozen=True):
    type: Annotated[str, Meta(min_length=1, max_length=64)] = "function"
    function: Function | None = None
    custom: Object | None = None
    cache_control: Object | None = None


class NamedFunction(msgspec.Struct, frozen=True):
    name: Annotated[str, Meta(min_length=1, max_length=64)]


class NamedChoice(msgspec.Struct, frozen=True):
    type: Annotated[str, Meta(min_length=1, max_length=64)] = "function"
    function: NamedFunction | None = None
    custom: NamedFunction | None = None
    allowed_tools: Object | None = None


class _Format(msgspec.Struct, frozen=True, tag_field="type"):
    pass


class TextFormat(_Format, frozen=True, tag="text"):
    pass


class JsonObjectFormat(_Format, frozen=True, tag="json_object"):
    schema: Object | None = None


class JsonSchema(msgspec.Struct, frozen=True):
    name: Annotated[str, Meta(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
    schema: Object | None = None
    description: str | None = None
    strict: bool | None = None


class JsonSchemaFormat(_Format, frozen=True, tag="json_schema"):
    json_schema: JsonSchema


class GrammarFormat(_Format, frozen=True, tag="grammar"):
    grammar: str


class PythonFormat(_Format, frozen=True, tag="python"):
    pass


ResponseFormat = TextFormat | JsonObjectFormat | JsonSchemaFormat | GrammarFormat | PythonFormat


class ReasoningControl(msgspec.Struct, frozen=True):
    effort: Effort | None = None
    max_tokens: Annotated[int, Meta(ge=0, le=2**31)] | None = None
    exclude: bool | None = None
    enabled: bool | None = None
    summary: Literal["auto", "concise", "detailed"] | None = None
    context: Literal["auto", "all_turns", "current_turn"] | None = None
    mode: Literal["standard", "pro"] | None = None


class StreamOptions(msgspec.Struct, frozen=True):
    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class UsageOption(msgspec.Struct, frozen=True):
    include: bool | None = None


class Pdf(msgspec.Struct, frozen=True):
    engine: Literal["native", "pdf-text", "cloudflare-ai", "mistral-ocr"] | None = None


class Plugin(msgspec.Struct, frozen=True):
    id: Slug
    enabled: bool | None = None
    pdf: Pdf | None = None


class Prediction(msgspec.Struct, frozen=True):
    type: Literal["content"]
    content: str | list[TextPart]


class AudioOutput(msgspec.Struct, frozen=True):
    voice: str | Object
    format: Annotated[str, Meta(max_length=16)] = "wav"


class Debug(msgspec.Struct, frozen=True):
    echo_upstream_body: bool | None = None


class Chat(msgspec.Struct, frozen=True):
    """The body of a chat request."""

    messages: Annotated[list[Message], Meta(min_length=1, max_length=100_000)]
    model: Slug | None = None
    models: Annotated[list[Slug], Meta(max_length=32)] | None = None
    stream: bool | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Share | None = None
    top_k: Annotated[int, Meta(ge=0, le=2**31)] | None = None
    min_p: Share | None = None
    top_a: Share | None = None
    frequency_penalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    repetition_penalty: Annotated[float, Meta(ge=0, le=2)] | None = None
    max_tokens: Count | None = None
    max_completion_tokens: Count | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    seed: Int64 | None = None
    stop: str | Annotated[list[str], Meta(max_length=4)] | None = None
    logit_bias: Annotated[dict[str, Annotated[float, Meta(ge=-100, le=100)]], Meta(max_length=1024)] | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    tools: Annotated[list[Tool], Meta(max_length=1024)] | None = None
    tool_choice: Literal["none", "auto", "required", "any"] | NamedChoice | None = None
    parallel_tool_calls: bool | None = None
    functions: Annotated[list[Function], Meta(max_length=1024)] | None = None
    function_call: Literal["none", "auto"] | NamedFunction | None = None
    response_format: ResponseFormat | None = None
    structured_outputs: bool | None = None
    reasoning: ReasoningControl | None = None
    reasoning_effort: Effort | None = None
    include_reasoning: bool | None = None
    verbosity: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    stream_options: StreamOptions | None = None
    usage: UsageOption | None = None
    provider: Preferences | None = None
    plugins: Annotated[list[Plugin], Meta(max_length=32)] | None = None
    route: Literal["fallback", "sort"] | None = None
    preset: Slug | None = None
    prediction: Prediction | None = None
    modalities: Annotated[list[Literal["text", "image", "audio"]], Meta(max_length=3)] | None = None
    audio: AudioOutput | None = None
    image_config: Object | None = None
    web_search_options: Object | None = None
    x_search_filter: Object | None = None
    service_tier: Literal["auto", "default", "flex", "priority", "fast", "scale"] | None = None
    speed: Literal["fast", "standard"] | None = None
    cache_control: Object | None = None
    prompt_cache_key: Annotated[str, Meta(max_length=1024)] | None = None
    prompt_cache_options: Object | None = None
    prompt_cache_retention: Name | None = None
    session_id: Name | None = None
    user: Annotated[str, Meta(max_length=1024)] | None = None
    safety_identifier: Annotated[str, Meta(max_length=1024)] | None = None
    metadata: (
        Annotated[
            dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=512)]],
            Meta(max_length=16),
        ]
        | None
    ) = None
    trace: Object | None = None
    debug: Debug | None = None
    transforms: Annotated[list[Name], Meta(max_length=8)] | None = None
    max_tool_calls: Annotated[int, Meta(ge=1, le=30)] | None = None
    stop_server_tools_when: list[Raw] | None = None
    store: bool | None = None


class Request(msgspec.Struct):
    """A parsed request, and the bytes it came as. Its members are explained at `values.request.Request`.

    fields   top-level members as raw JSON, for a route on which bytes stay bytes
    unknown  names of top-level members that are not in `Chat`; they pass
    """

    chat: Chat
    fields: dict[str, Raw]
    unknown: tuple[str, ...]
    size: int
    media: Media
    dialect: str = "openai_chat"
    heard: Conversation | None = None
    rewritten: bool = False
    parsed: list[Raw] = []
    """annotations for files whose text was read here"""

    @property
    def slugs(self) -> tuple[str, ...]:
        chat = self.chat
        first = (chat.model,) if chat.model else ()
        return tuple(dict.fromkeys((*first, *chat.models))) if chat.models else first

    @property
    def preferences(self) -> Preferences | None:
        return self.chat.provider

    @property
    def parameters(self) -> Collection[str]:
        return self.fields.keys()

    def gives(self, parameter: str) -> bool:
        raw = self.fields.get(parameter)
        return raw is not None and bytes(memoryview(raw)) != b"null"

    @property
    def may_point(self) -> bool:
        for message in self.chat.messages:
            content = message.content
            if content is not None and type(content) is not str:
                return True
        return False

    @property
    def has_files(self) -> bool:
        contents = [message.content for message in self.chat.messages if isinstance(message, UserMessage)]
        return any(isinstance(part, FilePart) for content in contents if not isinstance(content, str) for part in content)

    @property
    def pdf_engine(self) -> str:
        """Which way of reading PDFs the file-parser plugin asks for; "" when it asks for none."""
        for plugin in self.chat.plugins or ():
            if plugin.id == "file-parser" and plugin.enabled is not False:
                return (plugin.pdf and plugin.pdf.engine) or ""
        return ""

    @property
    def heals(self) -> bool:
        """Whether JSON that is nearly right is to be repaired: for whole answers, where JSON was asked for."""
        if (
            not self.chat.plugins
            or self.chat.stream
            or not isinstance(self.chat.response_format, JsonObjectFormat | JsonSchemaFormat)
        ):
            return False
        return any(plugin.id == "response-healing" and plugin.enabled is not False for plugin in self.chat.plugins or ())

    @property
    def user(self) -> str:
        return self.chat.user or ""

    @property
    def session_id(self) -> str:
        return self.chat.session_id or ""

    def countable(self) -> tuple[Any, Any]:
        tools = self.fields.get("tools")
        return msgspec.json.decode(self.fields["messages"]), msgspec.json.decode(tools) if tools else None

    @property
    def stream(self) -> bool:
        return bool(self.chat.stream)

    @property
    def effort(self) -> str | None:
        """The wished effort, from whichever field it was said in; None when nothing was said."""
        chat, control = self.chat, self.chat.reasoning
        if chat.reasoning_effort is not None:
            return chat.reasoning_effort
        if control is None:
            return None
        if control.effort is not None:
            return control.effort
        if control.enabled is False:
            return "none"
        if control.max_tokens is not None:
            return "none" if control.max_tokens == 0 else "medium"
        return "medium" if control.enabled else None

    @property
    def max_tokens(self) -> int | None:
        return self.chat.max_completion_tokens or self.chat.max_tokens

    @property
    def wishes_reasoning_text(self) -> bool:
        control = self.chat.reasoning
        return self.chat.include_reasoning is not False and not (control and control.exclude)


def media_in(messages: Sequence[Message]) -> Media:
    kinds: list[str] = []
    for message in messages:
        content = message.content
        if content is not None and type(content) is not str:
            kinds += [_KINDS[type(part)] for part in content if type(part) in _KINDS]
    return media_of(kinds)


_KINDS: dict[type, str] = {ImagePart: "image", AudioPart: "audio", VideoPart: "video", InputVideoPart: "video"}
