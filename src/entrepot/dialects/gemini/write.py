"""Canonical events to a Gemini client's answer, plain and streamed, and its errors.

The finish and the counts stand in the last piece, where this dialect's clients look for them; a call is told whole, once its
arguments are. Thoughts are told to clients that asked for them; their state is told to all, for it must come back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from entrepot.dialects.gather import Answered, Gatherer, gather
from entrepot.dialects.gemini.finish import google_finish
from entrepot.dialects.gemini.frames import Sheet
from entrepot.dialects.gemini.grounding import google_logprobs, grounding_of
from entrepot.dialects.gemini.parse import said_in
from entrepot.dialects.gemini.read import DIALECT, FAMILY
from entrepot.dialects.gemini.state import shown_text, signature_of, thought_signature
from entrepot.dialects.gemini.usage import render_usage
from entrepot.dialects.unsaid import arguments_of
from entrepot.dialects.voice import Voice, decode_fields, encode
from entrepot.errors import GatewayError, Unauthenticated
from entrepot.values.conversation import (
    Audio,
    File,
    Foreign,
    Image,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    Video,
    given,
)
from entrepot.values.event import (
    Event,
    Finished,
    PartBegan,
    PartEnded,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
)
from entrepot.values.request import Request
from entrepot.values.usage import Usage

Json = dict[str, Any]
_WORDS = (TextDelta, RefusalDelta)
_MEDIA = (Image, Audio, Video, File)
_GAP = "\n\n"


def shows_thoughts(request: Request) -> bool:
    said = said_in(request)
    return said is None or said.shows


def write(events: Sequence[Event], voice: Voice, request: Request, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
    shows = shows_thoughts(request)
    choices = gather(events).choices
    body = _ends(choices)
    for number, (answered, candidate) in enumerate(zip(choices, body.get("candidates", ()), strict=False)):
        parts = [said for said in (_part(part, shows) for part in answered.parts) if said is not None]
        candidate["content"] = {"parts": parts, "role": "model"} if parts else {"role": "model"}
        candidate["index"] = number
    body["usageMetadata"] = render_usage(usage, prompt_nano, completion_nano)
    return encode(body | names(voice))


def names(voice: Voice) -> Json:
    return {"modelVersion": voice.model, "responseId": voice.id}


def _ends(choices: Iterable[Answered]) -> Json:
    """How each candidate ended and what it rests on; a blocked prompt has no candidate."""
    candidates: list[Json] = []
    body: Json = {"candidates": candidates}
    for number, answered in enumerate(choices):
        candidate: Json = {"content": {}, **_end(answered), "index": number}
        if "promptFeedback" in candidate:
            return {"promptFeedback": candidate["promptFeedback"]}
        candidates.append(candidate)
    return body


def _end(answered: Answered) -> Json:
    told: Json = {}
    finish = answered.finish
    if finish is not None:
        own = finish.dialect == DIALECT
        told["finishReason"] = (finish.native if own else "") or google_finish(finish.reason)
        if own and given(finish.raw):
            told |= decode_fields(finish.raw)
    cited = [(part.text, citation) for part in answered.parts if isinstance(part, Text) for citation in part.citations]
    if cited and "groundingMetadata" not in told:
        told["groundingMetadata"] = grounding_of(cited)
    probabilities = next((raw for raw in answered.logprobs if given(raw)), None)
    if probabilities is not None:
        told["logprobsResult"] = google_logprobs(probabilities)
    return told


def _part(part: Part, shows: bool) -> Json | None:
    if isinstance(part, Reasoning):
        return _thought(part, shows)
    if isinstance(part, ToolCall):
        return _signed({"functionCall": _call(part)}, signature_of(part.state, FAMILY))
    if isinstance(part, Text):
        return _signed({"text": part.text}, signature_of(part.state, FAMILY)) if part.text or part.state else None
    if isinstance(part, Refusal):
        return {"text": part.text}
    if isinstance(part, Foreign):
        return dict(decode_fields(part.raw)) if part.dialect == DIALECT else None
    return _media(part) if isinstance(part, _MEDIA) else None


def _thought(part: Reasoning, shows: bool) -> Json | None:
    signature = thought_signature(part, FAMILY, shown=shows)
    text = shown_text(part) if shows else ""
    return _signed({"text": text, "thought": True}, signature) if text or signature else None


def _signed(part: Json, signature: str) -> Json:
    if signature:
        part["thoughtSignature"] = signature
    return part


def _call(part: ToolCall) -> Json:
    told: Json = {"id": part.id} if part.id else {}
    if part.custom:
        return told | {"name": part.name, "args": {"input": part.arguments}}
    return told | {"name": part.name, "args": arguments_of(part, [])}


def _media(part: Image | Audio | Video | File) -> Json | None:
    source, kind = part.source, part.source.media_type
    state = signature_of(part.state, FAMILY) if isinstance(part, Image) else ""
    if source.data:
        usual = "image/png" if isinstance(part, Image) else f"audio/{part.format}" if isinstance(part, Audio) else ""
        return _signed({"inlineData": {"mimeType": kind or usual or "application/octet-stream", "data": source.data}}, state)
    uri = source.url or source.file_id
    return _signed({"fileData": {"mimeType": kind, "fileUri": uri} if kind else {"fileUri": uri}}, state) if uri else None


# Streams


class Writer:
    """A `StreamWriter`."""

    __slots__ = ("_gathered", "_names", "_open", "_section", "_sheet", "_shows", "_voice")

    def __init__(self, voice: Voice, request: Request) -> None:
        said = said_in(request)
        self._voice = voice
        self._shows = shows_thoughts(request)
        self._sheet = Sheet(said is not None and said.array)
        self._names = encode(names(voice))[1:]
        self._gathered = Gatherer()
        self._open: dict[tuple[int, int], str] = {}
        self._section: dict[tuple[int, int], int] = {}

    def feed(self, events: Sequence[Event]) -> bytes:
        self._gathered.feed(events)
        said: dict[int, list[Json]] = {}
        for event in events:
            if isinstance(event, _WORDS):
                _add(said.setdefault(event.choice, []), event.text, False)
            elif isinstance(event, ReasoningDelta):
                if self._shows:
                    _add(said.setdefault(event.choice, []), self._gap(event) + event.text, True)
            elif isinstance(event, PartBegan):
                self._begin(event, said)
            elif isinstance(event, PartEnded):
                self._end(event.choice, event.index, said)
            elif isinstance(event, Finished):
                for choice, index in [key for key in self._open if key[0] == event.choice]:
                    self._end(choice, index, said)
        return b"".join([self._piece(choice, parts) for choice, parts in said.items() if parts])

    def end(self, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
        body = _ends(self._gathered.whole().choices)
        for candidate in body.get("candidates", ()):
            candidate["content"] = {"parts": [{"text": ""}], "role": "model"}
        body["usageMetadata"] = render_usage(usage, prompt_nano, completion_nano)
        return self._sheet.piece(encode(body | names(self._voice))) + self._sheet.end()

    def error(self, error: GatewayError) -> bytes:
        return self._sheet.piece(error_body(error, self._voice.id)) + self._sheet.end()

    def _piece(self, choice: int, parts: list[Json]) -> bytes:
        told = b'{"candidates":[{"content":{"parts":%b,"role":"model"},"index":%d}],%b' % (encode(parts), choice, self._names)
        return self._sheet.piece(told)

    def _begin(self, event: PartBegan, said: dict[int, list[Json]]) -> None:
        if event.part is None:
            self._open[(event.choice, event.index)] = event.kind
            return
        part = _part(event.part, self._shows)
        if part is not None:
            said.setdefault(event.choice, []).append(part)

    def _gap(self, event: ReasoningDelta) -> str:
        """Sections of a summary stand apart."""
        key = (event.choice, event.index)
        before = self._section.get(key, event.section)
        self._section[key] = event.section
        return _GAP if event.section != before else ""

    def _end(self, choice: int, index: int, said: dict[int, list[Json]]) -> None:
        """What is told of a part only once it is whole: a call, and any state."""
        kind = self._open.pop((choice, index), "")
        if kind == "":
            return
        part = self._gathered.part(index, choice)
        told: Json | None = None
        if isinstance(part, ToolCall):
            told = _part(part, self._shows)
        elif isinstance(part, Reasoning) and part.state is not None:
            told = _signed({"text": "", "thought": True}, thought_signature(part, FAMILY, shown=self._shows))
        elif isinstance(part, Text) and part.state is not None:
            told = _signed({"text": ""}, signature_of(part.state, FAMILY))
        if told is not None:
            said.setdefault(choice, []).append(told)


def _add(parts: list[Json], text: str, thought: bool) -> None:
    """More text: on the piece before it where that is of the same kind."""
    last = parts[-1] if parts else None
    if last is not None and "thoughtSignature" not in last and "text" in last and ("thought" in last) is thought:
        last["text"] += text
    else:
        parts.append({"text": text, "thought": True} if thought else {"text": text})


# Errors

_STATUS = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 402: "RESOURCE_EXHAUSTED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
    405: "UNIMPLEMENTED", 408: "DEADLINE_EXCEEDED", 409: "ABORTED", 413: "INVALID_ARGUMENT", 414: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED", 431: "INVALID_ARGUMENT", 499: "CANCELLED", 500: "INTERNAL", 502: "UNAVAILABLE",
    503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
}  # fmt: skip
_CODES = {529: 503}
"""Statuses that Google does not have: a model that is overloaded is one that is not available."""
_TYPE = "type.googleapis.com/google.rpc."


def render_error(error: GatewayError, generation_id: str) -> tuple[int, bytes]:
    return status_of(error), error_body(error, generation_id)


def status_of(error: GatewayError) -> int:
    """A model stands in the path: one that is not there is a thing not found."""
    unknown = error.extra.get("availability", {}).get("code") == "model_not_found"
    return 404 if unknown and error.status == 400 else _CODES.get(error.status, error.status)


def error_body(error: GatewayError, generation_id: str) -> bytes:
    """Google's envelope. What else is known of the error stands in `details`, in the forms that its clients read."""
    code = status_of(error)
    status = _STATUS.get(code) or ("INVALID_ARGUMENT" if code < 500 else "INTERNAL")
    told = {"code": code, "message": error.message, "status": status, "details": _details(error, generation_id)}
    return json.dumps({"error": told}, separators=(",", ":"), ensure_ascii=False).encode(errors="replace")


def _details(error: GatewayError, generation_id: str) -> list[Json]:
    known = error.metadata | ({"generation_id": generation_id} if generation_id else {})
    words = {name: value if isinstance(value, str) else json.dumps(value, default=str) for name, value in known.items()}
    reason = "API_KEY_INVALID" if isinstance(error, Unauthenticated) else str(known.get("error_type", "")).upper()
    details: list[Json] = [{"@type": f"{_TYPE}ErrorInfo", "reason": reason, "domain": "entrepot", "metadata": words}]
    if error.field is not None:
        described = f"expected {error.expected}, got {error.received}" if error.expected else error.message
        violation = {"field": error.field, "description": described}
        details.append({"@type": f"{_TYPE}BadRequest", "fieldViolations": [violation]})
    if error.retry_after_s is not None:
        details.append({"@type": f"{_TYPE}RetryInfo", "retryDelay": f"{error.retry_after_s:g}s"})
    return details
