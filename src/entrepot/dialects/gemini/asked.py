"""The shape of a request: a GenerateContentRequest as clients write it, with types and bounds.

Google reads every name in camelCase and in snake_case, a single object where a list is due, null as absent, and enums by name or
number; clients do all of that, so each member is here in both spellings and `either` takes the one that was given.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Raw

from entrepot.dialects.gemini.told import ABSENT
from entrepot.values.bounded import Count, Int64, Penalty, Share, Slug
from entrepot.values.preferences import Preferences

T = TypeVar("T")
Name = Annotated[str, Meta(max_length=512)]
Words = Annotated[list[Annotated[str, Meta(max_length=512)]], Meta(max_length=1024)]
Stops = Annotated[list[str], Meta(max_length=5)]


def either(camel: T | None, snake: T | None) -> T | None:
    return snake if camel is None else camel


def either_raw(camel: Raw, snake: Raw) -> Raw:
    return snake if camel is ABSENT else camel


def as_list(value: list[T] | T | None) -> list[T]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


class Blob(msgspec.Struct):
    mimeType: Name | None = None
    mime_type: Name | None = None
    data: str | None = None


class Reference(msgspec.Struct):
    mimeType: Name | None = None
    mime_type: Name | None = None
    fileUri: str | None = None
    file_uri: str | None = None


class FunctionCall(msgspec.Struct):
    name: Name | None = None
    args: Raw = ABSENT
    id: Name | None = None


class ResponsePart(msgspec.Struct):
    inlineData: Blob | None = None
    inline_data: Blob | None = None
    fileData: Reference | None = None
    file_data: Reference | None = None


class FunctionResponse(msgspec.Struct):
    name: Name | None = None
    response: Raw = ABSENT
    id: Name | None = None
    parts: list[ResponsePart] | None = None


class Part(msgspec.Struct):
    """What has no meaning here (code, server tools) is looked up in the part's own bytes."""

    text: str | None = None
    thought: bool | None = None
    thoughtSignature: str | None = None
    thought_signature: str | None = None
    functionCall: FunctionCall | None = None
    function_call: FunctionCall | None = None
    functionResponse: FunctionResponse | None = None
    function_response: FunctionResponse | None = None
    inlineData: Blob | None = None
    inline_data: Blob | None = None
    fileData: Reference | None = None
    file_data: Reference | None = None


class Content(msgspec.Struct):
    role: Name | None = None
    parts: list[Part] | Part | None = None


class FunctionDeclaration(msgspec.Struct):
    name: Name
    description: str | None = None
    parameters: Raw = ABSENT
    parametersJsonSchema: Raw = ABSENT
    parameters_json_schema: Raw = ABSENT


Declarations = Annotated[list[FunctionDeclaration], Meta(max_length=1024)]


class Tool(msgspec.Struct):
    functionDeclarations: Declarations | FunctionDeclaration | None = None
    function_declarations: Declarations | FunctionDeclaration | None = None


class CallingConfig(msgspec.Struct):
    mode: str | int | None = None
    allowedFunctionNames: Words | None = None
    allowed_function_names: Words | None = None


class ToolConfig(msgspec.Struct):
    functionCallingConfig: CallingConfig | None = None
    function_calling_config: CallingConfig | None = None


class ThinkingConfig(msgspec.Struct):
    includeThoughts: bool | None = None
    include_thoughts: bool | None = None
    thinkingBudget: Annotated[int, Meta(ge=-1, le=2**31)] | None = None
    thinking_budget: Annotated[int, Meta(ge=-1, le=2**31)] | None = None
    thinkingLevel: str | int | None = None
    thinking_level: str | int | None = None


class GenerationConfig(msgspec.Struct):
    candidateCount: Annotated[int, Meta(ge=1, le=128)] | None = None
    candidate_count: Annotated[int, Meta(ge=1, le=128)] | None = None
    stopSequences: Stops | None = None
    stop_sequences: Stops | None = None
    maxOutputTokens: Count | None = None
    max_output_tokens: Count | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    topP: Share | None = None
    top_p: Share | None = None
    topK: Annotated[float, Meta(ge=0, le=2**31)] | None = None
    top_k: Annotated[float, Meta(ge=0, le=2**31)] | None = None
    seed: Int64 | None = None
    presencePenalty: Penalty | None = None
    presence_penalty: Penalty | None = None
    frequencyPenalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    responseLogprobs: bool | None = None
    response_logprobs: bool | None = None
    logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    responseMimeType: Name | None = None
    response_mime_type: Name | None = None
    responseSchema: Raw = ABSENT
    response_schema: Raw = ABSENT
    responseJsonSchema: Raw = ABSENT
    response_json_schema: Raw = ABSENT
    responseModalities: list[str | int] | None = None
    response_modalities: list[str | int] | None = None
    thinkingConfig: ThinkingConfig | None = None
    thinking_config: ThinkingConfig | None = None


class Asked(msgspec.Struct):
    """`model`, `models` and `provider` are not sent on: the first stands in the path, the others are the gateway's own."""

    contents: Annotated[list[Content], Meta(min_length=1, max_length=100_000)] | Content
    systemInstruction: Content | None = None
    system_instruction: Content | None = None
    tools: Annotated[list[Tool], Meta(max_length=1024)] | Tool | None = None
    toolConfig: ToolConfig | None = None
    tool_config: ToolConfig | None = None
    generationConfig: GenerationConfig | None = None
    generation_config: GenerationConfig | None = None
    serviceTier: Name | None = None
    service_tier: Name | None = None
    model: Name | None = None
    models: Annotated[list[Slug], Meta(max_length=32)] | None = None
    provider: Preferences | None = None

    @property
    def config(self) -> GenerationConfig:
        return either(self.generationConfig, self.generation_config) or NO_CONFIG

    @property
    def thinking(self) -> ThinkingConfig:
        config = self.config
        return either(config.thinkingConfig, config.thinking_config) or NO_THINKING


NO_CONFIG = GenerationConfig()
NO_THINKING = ThinkingConfig()


class Counted(msgspec.Struct):
    """A countTokens request: contents, or a whole request."""

    contents: Annotated[list[Content], Meta(max_length=100_000)] | Content | None = None
    generateContentRequest: Raw = ABSENT
    generate_content_request: Raw = ABSENT
