"""Canonical events to a chat client's answer, plain and streamed, and its errors.

`reasoning_details` carry what must come back on the next turn. `index` is the place of an entry among everything said, text and
calls included, so that `converse.py` can put thinking, text and calls back in their order. State of a call or of the text is an
encrypted entry under the call's id, or under `TEXT_STATE`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw

from entrepot.dialects.gather import Answered, gather
from entrepot.dialects.heal import healed
from entrepot.dialects.openai_chat.said import TEXT_STATE
from entrepot.dialects.openai_chat.stream import DONE, error_chunk
from entrepot.dialects.openai_chat.usage import render_usage
from entrepot.dialects.voice import Voice, decode_fields, dumps, encode
from entrepot.errors import GatewayError
from entrepot.values.chat import Request as ChatRequest
from entrepot.values.conversation import (
    Audio,
    Citation,
    Image,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    given,
    url_of,
)
from entrepot.values.event import (
    ArgumentsDelta,
    Began,
    CitationAdded,
    Event,
    Finished,
    LogprobsDelta,
    PartBegan,
    PartEnded,
    ReasoningDelta,
    RefusalDelta,
    StateDelta,
    TextDelta,
    UsageSeen,
)
from entrepot.values.request import Request
from entrepot.values.usage import Usage

Object = dict[str, Any]


def write(events: Sequence[Event], voice: Voice, request: Request, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
    told = gather(events)
    choices = dumps([_choice(number, answered, request) for number, answered in enumerate(told.choices)])
    tier = told.began.service_tier or (told.seen.service_tier if told.seen else "")
    return b'%b,"choices":%b,%b"system_fingerprint":%b,"usage":%b}' % (
        voice.opening(b"chat.completion"),
        choices,
        b'"service_tier":%b,' % encode(tier) if tier else b"",
        encode(told.began.fingerprint),
        render_usage(usage, prompt_nano, completion_nano),
    )


def _choice(number: int, answered: Answered, request: Request) -> Object:
    finish = answered.finish
    text = [raw for part, raw in zip(answered.parts, answered.logprobs, strict=True) if isinstance(part, Text) and given(raw)]
    refused = [
        raw for part, raw in zip(answered.parts, answered.logprobs, strict=True) if isinstance(part, Refusal) and given(raw)
    ]
    probabilities = {"content": text[0] if text else None, "refusal": refused[0] if refused else None}
    return {
        "index": number,
        "message": _message(answered.parts, request),
        "logprobs": probabilities,
        "finish_reason": finish.reason if finish else None,
        "native_finish_reason": (finish.native or finish.reason) if finish else None,
    }


def _probabilities(answered: Answered) -> Object | None:
    told = [(part, raw) for part, raw in zip(answered.parts, answered.logprobs, strict=True) if given(raw)]
    text = [raw for part, raw in told if isinstance(part, Text)]
    refused = [raw for part, raw in told if isinstance(part, Refusal)]
    return {"content": text[0] if text else None, "refusal": refused[0] if refused else None} if text or refused else None


def _message(parts: Sequence[Part], request: Request) -> Object:
    asked = request if isinstance(request, ChatRequest) else None
    texts = [part.text for part in parts if isinstance(part, Text)]
    if texts and asked is not None and asked.heals:
        texts = [healed("".join(texts))]
    message: Object = {"role": "assistant", "content": "".join(texts) if texts else None, "refusal": None}
    parsed = asked.parsed if asked is not None else []
    if parsed or any(type(part) is not Text or part.citations or part.state is not None for part in parts):
        _say_beside(parts, parsed, message)
    return message


def _say_beside(parts: Sequence[Part], parsed: list[Raw], message: Object) -> None:
    """What stands beside the text."""
    refusals = [part.text for part in parts if isinstance(part, Refusal)]
    message["refusal"] = "".join(refusals) if refusals else None
    details = _details(parts)
    if details:
        message["reasoning"] = "".join([_readable(part) for part in parts if isinstance(part, Reasoning)]) or None
        message["reasoning_details"] = details
    citations = [_annotation(citation) for part in parts if isinstance(part, Text) for citation in part.citations]
    lists: dict[str, list[Any]] = {
        "tool_calls": [_call(part) for part in parts if isinstance(part, ToolCall)],
        "annotations": [*parsed, *citations],
        "images": [_image(part) for part in parts if isinstance(part, Image)],
    }
    message.update({name: told for name, told in lists.items() if told})
    for part in parts:
        if isinstance(part, Audio):
            message["audio"] = _audio(part)


def _readable(thought: Reasoning) -> str:
    return thought.text or "\n\n".join(thought.summary)


def _details(parts: Sequence[Part]) -> list[Object]:
    entries: list[Object] = []
    place = 0
    for part in parts:
        if isinstance(part, Reasoning):
            told = entries_of(part, place)
            entries += told
            place += len(told)
        else:
            if isinstance(part, Text | ToolCall) and part.state is not None:
                entries.append(_state_of(part.id if isinstance(part, ToolCall) else TEXT_STATE, part.state, place))
            place += 1
    return entries


def entries_of(thought: Reasoning, place: int) -> list[Object]:
    family = thought.state.family if thought.state else thought.family or "unknown"
    common = {"id": thought.id or None, "format": family}
    signature = thought.state.data if thought.state and thought.state.kind == "signature" else None
    entries: list[Object] = []
    if thought.text or signature is not None:
        entries.append({"type": "reasoning.text", "text": thought.text, "signature": signature, **common})
    entries += [{"type": "reasoning.summary", "summary": section, **common} for section in thought.summary]
    if thought.state is not None and thought.state.kind == "encrypted":
        entries.append({"type": "reasoning.encrypted", "data": thought.state.data, **common})
    return [{**entry, "index": place + number} for number, entry in enumerate(entries)]


def _state_of(owner: str, state: Opaque, place: int) -> Object:
    return {"type": "reasoning.encrypted", "data": state.data, "id": owner, "format": state.family, "index": place}


def _call(call: ToolCall) -> Object:
    if call.custom:
        return {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": call.arguments}}
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments or "{}"}}


def _annotation(citation: Citation) -> Object | Raw:
    if citation.dialect == "openai_chat" and given(citation.raw):
        return citation.raw
    told = {"url": citation.url, "title": citation.title, "start_index": citation.start, "end_index": citation.end}
    if citation.start < 0 or citation.end < 0:
        told |= {"start_index": 0, "end_index": 0}
    if citation.text:
        told["content"] = citation.text
    return {"type": "url_citation", "url_citation": told}


def _image(image: Image) -> Object:
    return {"type": "image_url", "image_url": {"url": url_of(image.source)}}


def _audio(audio: Audio) -> Object:
    return {"id": audio.id, "data": audio.source.data, "transcript": audio.transcript, "expires_at": 0}


# Streams


class ChatStreamWriter:
    """`_places` gives parts their place among everything said; `_calls` numbers calls, which is all that clients count."""

    __slots__ = (
        "_annotations",
        "_argued",
        "_began",
        "_calls",
        "_families",
        "_next",
        "_opening",
        "_parsed",
        "_places",
        "_spoken",
        "_voice",
    )

    def __init__(self, voice: Voice, request: Request) -> None:
        self._voice = voice
        self._opening = b"data: " + voice.opening(b"chat.completion.chunk")
        self._parsed = list(request.parsed) if isinstance(request, ChatRequest) else []
        self._began = Began()
        self._spoken: set[int] = set()
        self._annotations = 0
        self._next: dict[int, int] = {}
        self._places: dict[tuple[int, int, str], int] = {}
        self._calls: dict[tuple[int, int], tuple[int, str, bool]] = {}
        self._argued: set[tuple[int, int]] = set()
        self._families: dict[tuple[int, int], tuple[str, str]] = {}

    def feed(self, events: Sequence[Event]) -> bytes:
        pieces = []
        if self._parsed and events:
            pieces += [self._annotate(0, raw) for raw in self._parsed]
            self._parsed = []
        for event in events:
            if isinstance(event, TextDelta):
                pieces.append(self._chunk(event.choice, b'"content":%b' % _json(event.text)))
            else:
                piece = self._other(event)
                if piece:
                    pieces.append(piece)
        return b"".join(pieces)

    def end(self, usage: Usage, prompt_nano: int, completion_nano: int) -> bytes:
        told = render_usage(usage, prompt_nano, completion_nano)
        return b'%b,"choices":[],%b"usage":%b}\n\n%b' % (self._opening, self._more(), told, DONE)

    def error(self, error: GatewayError) -> bytes:
        return error_chunk(self._voice, error)

    def _more(self) -> bytes:
        tier = b'"service_tier":%b,' % encode(self._began.service_tier) if self._began.service_tier else b""
        return b'%b"system_fingerprint":%b,' % (tier, encode(self._began.fingerprint))

    def _chunk(self, choice: int, delta: bytes, finish: bytes = b"null", native: bytes = b"null", logs: bytes = b"null") -> bytes:
        if choice not in self._spoken:
            self._spoken.add(choice)
            delta = b'"role":"assistant",' + (delta or b'"content":""')
            delta = delta if b'"content":' in delta else b'"content":null,' + delta
        return (
            b'%b,"choices":[{"index":%d,"delta":{%b},"logprobs":%b,"finish_reason":%b,"native_finish_reason":%b}],'
            b'"system_fingerprint":%b}\n\n'
        ) % (self._opening, choice, delta, logs, finish, native, encode(self._began.fingerprint))

    def _other(self, event: Event) -> bytes:
        if isinstance(event, ArgumentsDelta):
            self._argued.add((event.choice, event.index))
            return self._arguments(event.choice, event.index, event.text)
        if isinstance(event, ReasoningDelta):
            return self._thought(event)
        if isinstance(event, PartBegan):
            return self._begin(event)
        if isinstance(event, StateDelta):
            return self._state(event)
        if isinstance(event, RefusalDelta):
            return self._chunk(event.choice, b'"refusal":%b' % _json(event.text))
        if isinstance(event, LogprobsDelta):
            raw = bytes(memoryview(event.tokens))
            return self._chunk(event.choice, b"", logs=b'{"content":%b,"refusal":null}' % raw)
        if isinstance(event, CitationAdded):
            return self._annotate(event.choice, _annotation(event.citation))
        if isinstance(event, Finished):
            return self._chunk(event.choice, b"", encode(event.reason), encode(event.native or event.reason))
        if isinstance(event, PartEnded):
            return self._end(event)
        self._note(event)
        return b""

    def _end(self, event: PartEnded) -> bytes:
        """Arguments of a call that was given none; a tool of free text may stay without."""
        key = (event.choice, event.index)
        if key in self._calls and key not in self._argued and not self._calls[key][2]:
            return self._arguments(event.choice, event.index, "{}")
        return b""

    def _note(self, event: Event) -> None:
        if isinstance(event, Began):
            self._began = event
        elif isinstance(event, UsageSeen) and event.service_tier:
            self._began = msgspec.structs.replace(self._began, service_tier=event.service_tier)

    def _annotate(self, choice: int, annotation: Object | Raw) -> bytes:
        """`index` is what SDKs that put streams together want in every entry of a list."""
        told = decode_fields(encode(annotation)) | {"index": Raw(b"%d" % self._annotations)}
        self._annotations += 1
        return self._chunk(choice, b'"annotations":[%b]' % encode(told))

    def _begin(self, event: PartBegan) -> bytes:
        key = (event.choice, event.index)
        if event.kind == "reasoning":
            self._families[key] = (event.id, event.family or "unknown")
            return b""
        self._place(event.choice, event.index, "")
        if event.kind == "tool_call":
            return self._begin_call(event)
        if isinstance(event.part, Image):
            return self._chunk(event.choice, b'"images":[%b]' % encode(_image(event.part)))
        if isinstance(event.part, Audio):
            return self._chunk(event.choice, b'"audio":%b' % encode(_audio(event.part)))
        return b""

    def _begin_call(self, event: PartBegan) -> bytes:
        number = sum(1 for choice, _ in self._calls if choice == event.choice)
        self._calls[event.choice, event.index] = (number, event.id, event.custom)
        call: Object = {"index": number, "id": event.id}
        if event.custom:
            call |= {"type": "custom", "custom": {"name": event.name, "input": ""}}
        else:
            call |= {"type": "function", "function": {"name": event.name, "arguments": ""}}
        return self._chunk(event.choice, b'"tool_calls":[%b]' % encode(call))

    def _arguments(self, choice: int, index: int, text: str) -> bytes:
        number, _, custom = self._calls[choice, index]
        inner = b'"custom":{"input":%b}' if custom else b'"function":{"arguments":%b}'
        return self._chunk(choice, b'"tool_calls":[{"index":%d,%b}]' % (number, inner % _json(text)))

    def _place(self, choice: int, index: int, entry: str) -> int:
        """The place of a part, or of one entry of a thought, among everything said: given when it is first asked for."""
        key = (choice, index, entry)
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = self._next.get(choice, 0)
            self._next[choice] = place + 1
        return place

    def _thought(self, event: ReasoningDelta) -> bytes:
        name, family = self._families.get((event.choice, event.index), ("", "unknown"))
        place = self._place(event.choice, event.index, f"text{event.section}")
        kind, member = (b"text", b"text") if event.section < 0 else (b"summary", b"summary")
        text = _json(event.text)
        return self._chunk(
            event.choice,
            b'"reasoning":%b,"reasoning_details":[{"type":"reasoning.%b","%b":%b,"id":%b,"format":%b,"index":%d}]'
            % (text, kind, member, text, encode(name or None), encode(family), place),
        )

    def _state(self, event: StateDelta) -> bytes:
        key = (event.choice, event.index)
        state = event.state
        if key in self._calls:
            entry = _state_of(self._calls[key][1], state, self._place(*key, ""))
        elif key not in self._families:
            entry = _state_of(TEXT_STATE, state, self._place(*key, ""))
        elif state.kind == "encrypted":
            entry = _state_of(self._families[key][0], state, self._place(*key, "encrypted"))
            entry["id"] = entry["id"] or None
        else:
            place = self._place(*key, "text-1")
            name = self._families[key][0] or None
            entry = {"type": "reasoning.text", "signature": state.data, "id": name, "format": state.family, "index": place}
        return self._chunk(event.choice, b'"reasoning_details":[%b]' % dumps(entry))


def _json(text: str) -> bytes:
    try:
        return encode(text)
    except UnicodeEncodeError:
        return json.dumps(text).encode()


def render_error(status: int, message: str, metadata: dict[str, Any], generation_id: str = "") -> bytes:
    """The contract's envelope (5.1). `id` is added when a generation was begun, so that its record can be found."""
    body: Object = {"error": {"code": status, "message": message, "metadata": metadata}}
    if generation_id:
        body["id"] = generation_id
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode(errors="replace")
