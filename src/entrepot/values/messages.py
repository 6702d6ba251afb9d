"""The messages of a Chat Completions request, and the parts of their content."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Raw

from entrepot.values.bounded import Name, Object


class _Part(msgspec.Struct, frozen=True, tag_field="type"):
    pass


class TextPart(_Part, frozen=True, tag="text"):
    text: str
    cache_control: Object | None = None
    prompt_cache_breakpoint: Object | None = None


class ImageUrl(msgspec.Struct, frozen=True):
    url: Annotated[str, Meta(pattern=r"^([hH][tT][tT][pP][sS]?://[^\s/]|data:image/[\w.+-]+[;,])")]
    detail: Literal["auto", "low", "high", "original"] | None = None


class ImagePart(_Part, frozen=True, tag="image_url"):
    image_url: ImageUrl
    cache_control: Object | None = None


class Audio(msgspec.Struct, frozen=True):
    data: Annotated[str, Meta(min_length=1)]
    format: Annotated[str, Meta(min_length=1, max_length=16)]


class AudioPart(_Part, frozen=True, tag="input_audio"):
    input_audio: Audio
    cache_control: Object | None = None


class VideoUrl(msgspec.Struct, frozen=True):
    url: Annotated[str, Meta(pattern=r"^([hH][tT][tT][pP][sS]?://[^\s/]|data:video/[\w.+-]+[;,])")]


class VideoPart(_Part, frozen=True, tag="video_url"):
    video_url: VideoUrl


class InputVideoPart(_Part, frozen=True, tag="input_video"):
    video_url: VideoUrl


class File(msgspec.Struct, frozen=True):
    filename: Annotated[str, Meta(max_length=1024)] | None = None
    file_data: str | None = None
    file_id: Name | None = None


class FilePart(_Part, frozen=True, tag="file"):
    file: File
    cache_control: Object | None = None


class RefusalPart(_Part, frozen=True, tag="refusal"):
    refusal: str


class ThinkingPart(_Part, frozen=True, tag="thinking"):
    """Mistral's way of carrying reasoning in the content; accepted back as it came."""

    thinking: Any = None


Part = TextPart | ImagePart | AudioPart | VideoPart | InputVideoPart | FilePart | RefusalPart | ThinkingPart
Content = str | list[Part]


class _Message(msgspec.Struct, frozen=True, tag_field="role"):
    pass


class SystemMessage(_Message, frozen=True, tag="system"):
    content: Content
    name: Name | None = None


class DeveloperMessage(_Message, frozen=True, tag="developer"):
    content: Content
    name: Name | None = None


class UserMessage(_Message, frozen=True, tag="user"):
    content: Content
    name: Name | None = None


class CalledFunction(msgspec.Struct, frozen=True):
    name: Annotated[str, Meta(min_length=1, max_length=256)]
    arguments: str | Object = "{}"


class ToolCall(msgspec.Struct, frozen=True):
    id: Name = ""
    type: str = "function"
    function: CalledFunction | None = None
    custom: Object | None = None
    index: int | None = None


class ReasoningDetail(msgspec.Struct, frozen=True):
    type: str = ""
    text: str | None = None
    summary: str | None = None
    data: str | None = None
    signature: str | None = None
    format: str | None = None
    id: str | None = None
    index: int | None = None


class AssistantMessage(_Message, frozen=True, tag="assistant"):
    content: Content | None = None
    tool_calls: list[ToolCall] | None = None
    function_call: Object | None = None
    refusal: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    reasoning_details: list[ReasoningDetail] | None = None
    images: list[Raw] | None = None
    audio: Object | None = None
    annotations: list[Raw] | None = None
    name: Name | None = None
    prefix: bool | None = None


class ToolMessage(_Message, frozen=True, tag="tool"):
    content: Content
    tool_call_id: Annotated[str, Meta(min_length=1, max_length=256)]
    name: Name | None = None


class FunctionMessage(_Message, frozen=True, tag="function"):
    """The result of a legacy function call."""

    name: Name
    content: str | None = None


Message = SystemMessage | DeveloperMessage | UserMessage | AssistantMessage | ToolMessage | FunctionMessage
