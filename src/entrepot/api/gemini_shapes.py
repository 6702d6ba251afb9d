"""What Google's paths take and give, as the API reference describes it. Bounds stand in `dialects/gemini/asked.py`. Answers of
Google keep its bytes, so members of its own may stand beside these."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from entrepot.values.bounded import Slug
from entrepot.values.preferences import Preferences

Parts = Annotated[
    list[dict[str, Any]],
    Meta(description="text, inlineData, fileData, functionCall, functionResponse; with `thoughtSignature` where one came."),
]


class GoogleContent(msgspec.Struct, omit_defaults=True):
    parts: Parts
    role: Literal["user", "model"] | None = None


class GenerateContent(msgspec.Struct, omit_defaults=True):
    """Names in camelCase or in snake_case."""

    contents: Annotated[list[GoogleContent], Meta(min_length=1)]
    systemInstruction: GoogleContent | None = None
    tools: Annotated[
        list[dict[str, Any]] | None, Meta(description="Lists of `functionDeclarations`, and Google's own tools.")
    ] = None
    toolConfig: dict[str, Any] | None = None
    generationConfig: Annotated[
        dict[str, Any] | None,
        Meta(description="maxOutputTokens, temperature, stopSequences, responseMimeType, responseJsonSchema, thinkingConfig ..."),
    ] = None
    safetySettings: list[dict[str, Any]] | None = None
    models: Annotated[list[Slug] | None, Meta(description="Models to fall back on.")] = None
    provider: Annotated[Preferences | None, Meta(description="Which providers may serve it, as in a chat request.")] = None


class CountContent(msgspec.Struct, omit_defaults=True):
    """One of the two."""

    contents: list[GoogleContent] | None = None
    generateContentRequest: GenerateContent | None = None


class GoogleCost(msgspec.Struct):
    promptCost: float
    completionCost: float


class GoogleUsage(msgspec.Struct, omit_defaults=True):
    """`candidatesTokenCount` leaves out thoughts; counts that are zero may be left out."""

    promptTokenCount: int
    totalTokenCount: int
    cost: Annotated[float, Meta(description="What the caller is charged, US dollars, exact to a nano-dollar.")]
    costDetails: GoogleCost
    candidatesTokenCount: int = 0
    thoughtsTokenCount: int = 0
    cachedContentTokenCount: int = 0


class GoogleCandidate(msgspec.Struct, omit_defaults=True):
    content: dict[str, Any]
    index: int = 0
    finishReason: Annotated[str | None, Meta(description="STOP, also when functions are called; MAX_TOKENS, SAFETY ...")] = None


class GoogleAnswer(msgspec.Struct, omit_defaults=True):
    usageMetadata: GoogleUsage
    modelVersion: Annotated[str, Meta(description="The model that served.")]
    responseId: Annotated[str, Meta(description="gen- and a ULID; GET /api/v1/generation shows the record by it.")]
    candidates: list[GoogleCandidate] | None = None
    promptFeedback: Annotated[dict[str, Any] | None, Meta(description="Why a prompt was blocked; then without candidates.")] = (
        None
    )


class GoogleModel(msgspec.Struct, omit_defaults=True):
    name: Annotated[str, Meta(description="`models/` and the slug, as it stands in paths.")]
    baseModelId: str
    version: str
    displayName: str
    description: str
    supportedGenerationMethods: list[str]
    inputTokenLimit: int | None = None
    outputTokenLimit: int | None = None
    temperature: float | None = None
    topP: float | None = None
    topK: int | None = None
    thinking: bool = False


class GoogleModels(msgspec.Struct, omit_defaults=True):
    models: list[GoogleModel]
    nextPageToken: str | None = None


class GoogleShare(msgspec.Struct):
    modality: str
    tokenCount: int


class CountedContent(msgspec.Struct):
    totalTokens: int
    promptTokensDetails: list[GoogleShare]


class GoogleStatus(msgspec.Struct):
    code: Annotated[int, Meta(description="The HTTP status.")]
    message: str
    status: Annotated[str, Meta(description="Google's word for it, as INVALID_ARGUMENT.")]
    details: Annotated[
        list[dict[str, Any]],
        Meta(description="ErrorInfo, and where it is known BadRequest with the field, RetryInfo with the wait."),
    ]


class GoogleError(msgspec.Struct):
    """What every refusal on Google's paths looks like."""

    error: GoogleStatus
