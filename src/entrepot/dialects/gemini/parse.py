"""Client bytes to a request. The model and the form of the answer stand in the path: `with_model` adds them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Raw

from entrepot.dialects.body import Words, read_body
from entrepot.dialects.gemini import asked
from entrepot.dialects.gemini.asked import Asked, Content, Counted, as_list, either, either_raw
from entrepot.dialects.gemini.read import DIALECT
from entrepot.dialects.gemini.thinking import effort_of
from entrepot.dialects.gemini.told import ABSENT, some
from entrepot.errors import InvalidRequest
from entrepot.values.media import media_of
from entrepot.values.request import Asked as Understood
from entrepot.values.request import Request

_KNOWN = frozenset(Asked.__struct_fields__) | {
    "safetySettings", "safety_settings", "cachedContent", "cached_content", "labels", "modelArmorConfig", "model_armor_config",
}  # fmt: skip
_decode_asked = msgspec.json.Decoder(Asked).decode
_decode_counted = msgspec.json.Decoder(Counted).decode


class Said(msgspec.Struct, frozen=True):
    """What the parser understood. `array`: the client did not ask for server-sent events, its stream is one JSON array."""

    asked: Asked
    body: bytes
    array: bool = False

    @property
    def shows(self) -> bool:
        """Google tells no thoughts unless asked."""
        thinking = self.asked.thinking
        return bool(either(thinking.includeThoughts, thinking.include_thoughts))


def _expected(told: str, path: str) -> str:
    last = path.rpartition(".")[2]
    if last.startswith("contents"):
        return 'a list of contents, as [{"role": "user", "parts": [{"text": "…"}]}]'
    return "a list of parts, or one" if last.startswith("parts") and "array" in told else ""


def _remedy(path: str) -> str:
    if path == "contents":
        return 'Send `contents: [{"role": "user", "parts": [{"text": "..."}]}]`; `messages` belong to /chat/completions.'
    return ""


_WORDS = Words(_expected, _remedy)


def parse(body: bytes) -> Understood:
    """raises  InvalidRequest"""
    told, fields = read_body(body, _decode_asked, _WORDS)
    _refuse_twice(fields)
    effort = _effort(told)
    given = frozenset(_parameters(told))
    return Understood(
        dialect=DIALECT,
        fields=fields,
        size=len(body),
        slugs=tuple(told.models or ()),
        unknown=tuple([name for name in fields if name not in _KNOWN]) if not fields.keys() <= _KNOWN else (),
        effort=effort,
        max_tokens=either(told.config.maxOutputTokens, told.config.max_output_tokens),
        preferences=told.provider,
        parameters=given,
        media=media_of([kind for kind in _kinds(told) if kind in ("image", "audio", "video")]),
        said=Said(told, body),
    )


def with_model(request: Understood, slug: str, stream: bool, array: bool = False) -> Understood:
    """The request with what its path says. `array`: the stream was asked for without `alt=sse`."""
    slugs = tuple(dict.fromkeys((slug, *request.slugs)))
    said = msgspec.structs.replace(request.said, array=array)
    return msgspec.structs.replace(request, slugs=slugs, stream=stream, said=said)


def said_in(request: Request) -> Said | None:
    """What this dialect's parser understood; None for a request of another dialect."""
    said = getattr(request, "said", None)
    return said if isinstance(said, Said) else None


def parse_counted(body: bytes) -> Understood:
    """A countTokens request, as the request whose prompt is to be counted (`countable`). raises InvalidRequest"""
    told, _ = read_body(body, _decode_counted, _WORDS)
    whole = either_raw(told.generateContentRequest, told.generate_content_request)
    if some(whole):
        return parse(bytes(memoryview(whole)))
    if told.contents is None:
        _need_contents()
    return parse(body)


def _need_contents() -> None:
    raise InvalidRequest(
        "`contents` is required.",
        field="contents",
        expected="contents, or a generateContentRequest",
        received="neither",
        remedy=_remedy("contents"),
    )


def _refuse_twice(fields: Iterable[str]) -> None:
    """One member in both spellings is two requests."""
    for name in fields:
        camel = _camel(name)
        if camel != name and camel in fields:
            raise InvalidRequest(
                f"`{camel}` is given twice, also as `{name}`.",
                field=camel,
                expected="each field once",
                received="both spellings",
                remedy="Leave one of them out.",
            )


def _camel(name: str) -> str:
    if "_" not in name:
        return name
    first, *more = name.split("_")
    return first + "".join([word[:1].upper() + word[1:] for word in more])


def _effort(told: Asked) -> str | None:
    thinking = told.thinking
    budget = either(thinking.thinkingBudget, thinking.thinking_budget)
    level = level_of(thinking)
    if budget is not None and level is not None:
        raise InvalidRequest(
            "`thinkingConfig` takes a budget or a level, not both.",
            field="generationConfig.thinkingConfig",
            expected="`thinkingBudget` or `thinkingLevel`",
            received="both",
            remedy="Leave one of them out.",
        )
    return level if budget is None else effort_of(budget)


_LEVELS = ("thinking_level_unspecified", "low", "high", "medium", "minimal", "xhigh")


def level_of(thinking: asked.ThinkingConfig) -> str | None:
    """The thinking level as an effort. raises InvalidRequest, for a word that is none"""
    told = thinking.thinking_level if thinking.thinkingLevel is None else thinking.thinkingLevel
    if told is None:
        return None
    word = told.lower() if isinstance(told, str) else _LEVELS[told] if 0 <= told < len(_LEVELS) else ""
    if word not in _LEVELS:
        raise InvalidRequest(
            "`generationConfig.thinkingConfig.thinkingLevel` is not a level.",
            field="generationConfig.thinkingConfig.thinkingLevel",
            expected="MINIMAL, LOW, MEDIUM, HIGH or XHIGH",
            received=str(told)[:80],
            remedy="Choose one of them, or leave it out.",
        )
    return None if word == _LEVELS[0] else word


def _parameters(told: Asked) -> Iterable[str]:
    """The parameters given, under their names in Chat Completions."""
    config = told.config
    for name, camel, snake in _NAMES:
        if either(getattr(config, camel), getattr(config, snake)) is not None:
            yield name
    if told.tools:
        yield "tools"
    if either(told.toolConfig, told.tool_config) is not None:
        yield "tool_choice"
    if either(told.serviceTier, told.service_tier) is not None:
        yield "service_tier"
    mime = either(config.responseMimeType, config.response_mime_type)
    if (mime is not None and mime != "text/plain") or schema_given(config):
        yield "response_format"
    thinking = told.thinking
    if thinking is not asked.NO_THINKING:
        yield "reasoning"


_NAMES = (
    ("temperature", "temperature", "temperature"),
    ("max_tokens", "maxOutputTokens", "max_output_tokens"),
    ("stop", "stopSequences", "stop_sequences"),
    ("top_p", "topP", "top_p"),
    ("top_k", "topK", "top_k"),
    ("seed", "seed", "seed"),
    ("n", "candidateCount", "candidate_count"),
    ("presence_penalty", "presencePenalty", "presence_penalty"),
    ("frequency_penalty", "frequencyPenalty", "frequency_penalty"),
    ("logprobs", "responseLogprobs", "response_logprobs"),
    ("top_logprobs", "logprobs", "logprobs"),
)


def schema_given(config: asked.GenerationConfig) -> bool:
    raws = (config.responseSchema, config.response_schema, config.responseJsonSchema, config.response_json_schema)
    return any(some(raw) for raw in raws)


def _kinds(told: Asked) -> list[str]:
    """The kinds of media in the contents, by the first half of their types."""
    contents: list[Content] = as_list(told.contents)
    found = []
    for content in contents:
        for part in as_list(content.parts):
            blob = either(part.inlineData, part.inline_data)
            reference = either(part.fileData, part.file_data)
            if blob is not None:
                found.append((either(blob.mimeType, blob.mime_type) or "").partition("/")[0].lower())
            elif reference is not None:
                found.append((either(reference.mimeType, reference.mime_type) or "").partition("/")[0].lower())
    return found


def member(fields: dict[str, Raw], camel: str, snake: str) -> Raw:
    """A top-level member in whichever spelling it came."""
    return fields.get(camel) or fields.get(snake) or ABSENT
