"""All recorded answers of models, whatever the provider's dialect, and clients that read ours with their vendors' own SDKs."""

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import anthropic
import httpx
import httpx2
import openai
from gemini_recordings import answers as gemini_answers
from gemini_recordings import requests as gemini_requests
from google import genai
from google.genai import types as genai_types
from messages_recordings import exchanges as messages_exchanges
from messages_recordings import message_of
from native import PLACES, native_recordings
from recordings import ROOT, chat_recordings
from responses_recordings import responses_recordings

FAMILIES = {"bedrock": "anthropic-claude-v1", "azure-openai": "azure-openai-responses-v1", "xai": "xai-responses-v1"}


NOT_YET = re.compile(rb'^.{0,2000}"status": ?"(queued|in_progress)"(?!.*response.completed)', re.DOTALL)
"""A background response that has still to be made."""


@dataclass(frozen=True)
class Heard:
    """An answer as a provider gave it."""

    name: str
    dialect: str
    streamed: bool
    body: bytes
    family: str


@functools.cache
def everything() -> tuple[Heard, ...]:
    return tuple(_all()) if ROOT.is_dir() else ()


def _all() -> Iterator[Heard]:
    for chat in chat_recordings():
        if chat.status == 200:
            yield Heard(chat.name, "openai_chat", chat.streamed, chat.body, "")
    for recording in responses_recordings():
        if recording.status == 200 and not NOT_YET.search(recording.body):
            yield Heard(
                recording.name, "openai_responses", recording.streamed, recording.body, FAMILIES.get(recording.folder, "")
            )
    for message in messages_exchanges():
        if message.status == 200 and not message.counts:
            yield Heard(message.name, "anthropic_messages", message.streamed, message.body, "")
    for answer in gemini_answers():
        yield Heard(answer.name, "gemini", answer.streamed, answer.body, "")
    for name in PLACES:
        for native in native_recordings(name):
            if native.status == 200:
                yield Heard(native.name, name, native.streamed, native.body, FAMILIES.get(native.folder, ""))


@dataclass(frozen=True)
class Sent:
    """A request as a client sent it. `body` is JSON."""

    name: str
    dialect: str
    body: bytes


@functools.cache
def requests_sent() -> tuple[Sent, ...]:
    return tuple(_all_sent()) if ROOT.is_dir() else ()


def _all_sent() -> Iterator[Sent]:
    for chat in chat_recordings():
        if chat.request and chat.status == 200:
            yield Sent(chat.name, "openai_chat", json.dumps(chat.request).encode())
    for recording in responses_recordings():
        if recording.request and recording.status == 200 and not recording.request.get("background"):
            yield Sent(recording.name, "openai_responses", json.dumps(recording.request).encode())
    for message in messages_exchanges():
        if message.request and message.status == 200 and not message.counts:
            yield Sent(message.name, "anthropic_messages", json.dumps(message.request).encode())
    for asked_gemini in gemini_requests():
        if asked_gemini.sent and asked_gemini.status == 200:
            yield Sent(asked_gemini.name, "gemini", asked_gemini.sent)


# Clients


def asked(dialect: str, stream: bool) -> bytes:
    """A request of each client dialect, as its parser takes it."""
    turn = {"role": "user", "content": "Go on."}
    bodies: dict[str, dict[str, Any]] = {
        "openai_chat": {"model": "a/b", "messages": [turn], "stream": stream},
        "openai_responses": {"model": "a/b", "input": [turn], "stream": stream, "include": ["reasoning.encrypted_content"]},
        "anthropic_messages": {"model": "a/b", "messages": [turn], "max_tokens": 100, "stream": stream},
        "gemini": {"contents": [{"role": "user", "parts": [{"text": "Go on."}]}]},
    }
    return json.dumps(bodies[dialect]).encode()


@dataclass(frozen=True)
class Seen:
    """What a vendor's SDK made of an answer of ours: its text, and its calls by name with their arguments."""

    text: str
    calls: list[tuple[str, Any]]
    tokens: tuple[int, int]


class _Answer:
    """What the next request of any client here is answered with."""

    body = b""
    headers: ClassVar[dict[str, str]] = {}


def _given(_: Any) -> httpx.Response:
    return httpx.Response(200, content=_Answer.body, headers=_Answer.headers)


def _given2(_: Any) -> httpx2.Response:
    return httpx2.Response(200, content=_Answer.body, headers=_Answer.headers)


def read_by_sdk(dialect: str, body: bytes, stream: bool) -> Seen:
    _Answer.body, _Answer.headers = body, {"content-type": "text/event-stream" if stream else "application/json"}
    return _SDKS[dialect](stream)


@functools.cache
def _openai() -> openai.OpenAI:
    http = httpx.Client(transport=httpx.MockTransport(_given))
    return openai.OpenAI(api_key="k", base_url="http://a.test/v1", http_client=http, max_retries=0)


@functools.cache
def _anthropic() -> anthropic.Anthropic:
    http = httpx2.Client(transport=httpx2.MockTransport(_given2))
    return anthropic.Anthropic(api_key="k", base_url="http://a.test", http_client=http, max_retries=0)


@functools.cache
def _genai() -> genai.Client:
    http = httpx.Client(transport=httpx.MockTransport(_given))
    return genai.Client(api_key="k", http_options=genai_types.HttpOptions(base_url="http://a.test", httpx_client=http))


def _chat(stream: bool) -> Seen:
    client = _openai()
    asking: Any = {"model": "a/b", "messages": [{"role": "user", "content": "Go on."}]}
    told = _streamed_chat(client, asking) if stream else client.chat.completions.create(**asking)
    message = told.choices[0].message if told.choices else None
    calls: list[tuple[str, Any]] = []
    for call in (message and message.tool_calls) or ():
        if call.type == "custom":
            calls.append((call.custom.name, {"input": call.custom.input}))
        else:
            calls.append((call.function.name, json.loads(call.function.arguments or "{}")))
    return Seen((message and message.content) or "", calls, (told.usage.prompt_tokens, told.usage.completion_tokens))


def _streamed_chat(client: openai.OpenAI, asking: Any) -> Any:
    """Put together by the SDK's helper, from its own state where it would refuse what ended by length or filter."""
    with client.chat.completions.stream(**asking) as events:
        try:
            for _ in events:
                pass
            return events.get_final_completion()
        except (openai.LengthFinishReasonError, openai.ContentFilterFinishReasonError):
            for _ in events._raw_stream:
                pass
            return events.current_completion_snapshot


def _responses(stream: bool) -> Seen:
    client = _openai()
    told: Any = None
    if stream:
        with client.responses.stream(model="a/b", input="Go on.") as events:
            for event in events:
                if event.type in ("response.completed", "response.incomplete"):
                    told = event.response
    else:
        told = client.responses.create(model="a/b", input="Go on.")
    calls: list[tuple[str, Any]] = []
    for item in told.output:
        if item.type == "function_call":
            calls.append((item.name, json.loads(item.arguments or "{}")))
        elif item.type == "custom_tool_call":
            calls.append((item.name, {"input": item.input}))
    return Seen(told.output_text, calls, (told.usage.input_tokens, told.usage.output_tokens))


def _messages(stream: bool) -> Seen:
    client = _anthropic()
    asking: Any = {"model": "a/b", "max_tokens": 100, "messages": [{"role": "user", "content": "Go on."}]}
    if stream:
        with client.messages.stream(**asking) as events:
            told: Any = events.get_final_message()
    else:
        told = client.messages.create(**asking)
    text = "".join([block.text for block in told.content if block.type == "text"])
    calls = [(block.name, block.input) for block in told.content if block.type == "tool_use"]
    used = told.usage
    prompt = used.input_tokens + (used.cache_read_input_tokens or 0) + (used.cache_creation_input_tokens or 0)
    return Seen(text, calls, (prompt, used.output_tokens))


def _gemini(stream: bool) -> Seen:
    client = _genai()
    if stream:
        pieces = list(client.models.generate_content_stream(model="a/b", contents="Go on."))
    else:
        pieces = [client.models.generate_content(model="a/b", contents="Go on.")]
    parts = [
        part
        for piece in pieces
        for candidate in (piece.candidates or [])[:1]
        for part in (candidate.content and candidate.content.parts) or ()
    ]
    text = "".join([part.text for part in parts if part.text and not part.thought])
    calls = [(part.function_call.name or "", part.function_call.args or {}) for part in parts if part.function_call]
    used = next(piece.usage_metadata for piece in reversed(pieces) if piece.usage_metadata)
    completion = (used.candidates_token_count or 0) + (used.thoughts_token_count or 0)
    return Seen(text, calls, ((used.prompt_token_count or 0) + (used.tool_use_prompt_token_count or 0), completion))


_SDKS = {"openai_chat": _chat, "openai_responses": _responses, "anthropic_messages": _messages, "gemini": _gemini}


# The next turn of a client that sends back what it was given


def next_turn(dialect: str, body: bytes, stream: bool) -> bytes:
    """The request that follows an answer: what was said comes back as it came, each call with a result."""
    first = user(dialect, "Go on.")
    said = said_again(dialect, body, stream)
    return json.dumps(asking(dialect, [first, *said, first])).encode()


def user(dialect: str, text: str) -> dict[str, Any]:
    return {"role": "user", "parts": [{"text": text}]} if dialect == "gemini" else {"role": "user", "content": text}


def asking(dialect: str, turns: list[dict[str, Any]], **members: Any) -> dict[str, Any]:
    """A request with these turns."""
    if dialect == "gemini":
        return {"contents": turns, **members}
    name = "input" if dialect == "openai_responses" else "messages"
    bound = {"max_tokens": 1000} if dialect == "anthropic_messages" else {}
    return {"model": "a/b", name: turns, **bound, **members}


def said_again(dialect: str, body: bytes, stream: bool) -> list[dict[str, Any]]:
    """The turns that stand for an answer in the next request: what was said, and a result for each call."""
    return _AGAIN[dialect](body, stream)


def _again_chat(body: bytes, stream: bool) -> list[dict[str, Any]]:
    message = _accumulated(body) if stream else json.loads(body)["choices"][0]["message"]
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "ok"} for call in message.get("tool_calls") or ()]
    empty = not (message.get("content") or message.get("tool_calls") or message.get("reasoning_details"))
    return [*([] if empty else [message]), *results]


def _accumulated(body: bytes) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": "", "reasoning_details": [], "tool_calls": {}}
    for chunk in _events(body):
        for choice in chunk["choices"]:
            delta = choice["delta"]
            message["content"] += delta.get("content") or ""
            message["reasoning_details"] += delta.get("reasoning_details", [])
            for call in delta.get("tool_calls", []):
                kept = message["tool_calls"].setdefault(call["index"], {})
                for name, value in call.items():
                    if isinstance(value, dict):
                        inner = kept.setdefault(name, {})
                        inner |= {key: inner.get(key, "") + text for key, text in value.items()}
                    else:
                        kept.setdefault(name, value)
    return message | {"tool_calls": list(message["tool_calls"].values()) or None, "content": message["content"] or None}


def _events(body: bytes) -> list[dict[str, Any]]:
    lines = [line[5:].strip() for line in body.decode().splitlines() if line.startswith("data:")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def _again_responses(body: bytes, stream: bool) -> list[dict[str, Any]]:
    output = (_events(body)[-1]["response"] if stream else json.loads(body))["output"]
    kinds = {"function_call": "function_call_output", "custom_tool_call": "custom_tool_call_output"}
    calls = [item for item in output if item["type"] in kinds]
    return [*output, *[{"type": kinds[item["type"]], "call_id": item["call_id"], "output": "ok"} for item in calls]]


def _again_messages(body: bytes, stream: bool) -> list[dict[str, Any]]:
    content = (message_of(body) if stream else json.loads(body))["content"]
    calls = [block for block in content if block["type"] == "tool_use"]
    results = [{"type": "tool_result", "tool_use_id": block["id"], "content": "ok"} for block in calls]
    said = [{"role": "assistant", "content": content}] if content else []
    return [*said, *([{"role": "user", "content": results}] if results else [])]


def _again_gemini(body: bytes, stream: bool) -> list[dict[str, Any]]:
    pieces = _events(body) if stream else [json.loads(body)]
    candidates = [piece["candidates"][0] for piece in pieces if piece.get("candidates")]
    parts = [part for candidate in candidates for part in candidate.get("content", {}).get("parts", [])]
    calls = [part["functionCall"] for part in parts if "functionCall" in part]
    results = [
        {"functionResponse": {"name": call["name"], **({"id": call["id"]} if "id" in call else {}), "response": {"result": "ok"}}}
        for call in calls
    ]
    said = [{"role": "model", "parts": parts}] if parts else []
    return [*said, *([{"role": "user", "parts": results}] if results else [])]


_AGAIN = {
    "openai_chat": _again_chat,
    "openai_responses": _again_responses,
    "anthropic_messages": _again_messages,
    "gemini": _again_gemini,
}
