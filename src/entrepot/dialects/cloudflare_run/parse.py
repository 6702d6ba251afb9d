"""Client bytes to a request that answers in Cloudflare's words.

A body is brought to the form of Chat Completions, member by member where the two differ, and read as such; what follows has no
need to know in which of the two it was said. One with `input` is a Responses request already.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from entrepot.dialects.body import Words, read_body, show
from entrepot.dialects.cloudflare_run.names import slug_of
from entrepot.dialects.cloudflare_run.wire import RunBody, RunCall, RunFormat, RunMessage, Universal
from entrepot.dialects.cloudflare_run.words import NAME, RESPONSES
from entrepot.dialects.openai_chat.parse import parse_request
from entrepot.dialects.openai_responses.parse import parse as parse_response
from entrepot.dialects.voice import Fields, encode
from entrepot.errors import InvalidRequest
from entrepot.values.chat import Request as ChatRequest
from entrepot.values.request import Request

_decode_body = msgspec.json.Decoder(RunBody).decode
_decode_universal = msgspec.json.Decoder(Universal).decode
_decode_list = msgspec.json.Decoder(list[Fields]).decode
_decode_members = msgspec.json.Decoder(Fields).decode
_OWN = ("prompt", "raw", "lora", "functions", "options", "requests")
_WIDER = ("temperature", "top_p")
"""Sampling that goes further here than in Chat Completions. It is sent as it is: how far a model goes, its provider knows."""


def parse(body: bytes, model: str = "") -> Request:
    """model   what the path names; "" leaves it to the body. raises InvalidRequest"""
    told, fields = read_body(body, _decode_body, _WORDS)
    _refuse_what_cannot_be(told)
    name = model or told.model
    if name:
        fields["model"] = Raw(encode(slug_of(name)))
    for member in _OWN:
        fields.pop(member, None)
    if told.input is not None:
        # Kept responses belong to `/v1/responses`, and an answer that says it was kept would not be found there.
        return msgspec.structs.replace(parse_response(encode(fields | {"store": Raw(b"false")})), dialect=RESPONSES)
    request = _chat(told, fields)
    request.dialect, request.size = NAME, len(body)
    return request


def _chat(told: RunBody, fields: Fields) -> ChatRequest:
    fields["messages"] = _messages(told, fields)
    if told.tools:
        fields["tools"] = Raw(encode([_nested(tool) for tool in _decode_list(fields["tools"])]))
    if told.response_format is not None:
        fields["response_format"] = _format(told.response_format, fields["response_format"])
    wider = {member: raw for member in _WIDER if (raw := fields.pop(member, None)) is not None}
    request = parse_request(encode(fields))
    if wider:
        request.chat = msgspec.structs.replace(request.chat, temperature=told.temperature, top_p=told.top_p)
        request.fields |= wider
    if told.stream and (request.chat.n or 1) > 1:
        raise InvalidRequest(
            "`n` cannot be given for a stream, whose pieces do not say which answer they belong to.",
            field="n",
            expected="1, or `stream: false`",
            received=str(request.chat.n),
            remedy="Ask without `stream`, or once for each answer.",
        )
    return request


def parse_universal(body: bytes) -> Request:
    """The body of `ai/run` without a model in its path: `{model, input: {...}}`, or the Responses form. raises InvalidRequest"""
    told, _ = read_body(body, _decode_universal, _WORDS)
    if bytes(memoryview(told.input)[:1]) in (b'"', b"["):
        return parse(body, told.model)
    try:
        return parse(bytes(memoryview(told.input)), told.model)
    except InvalidRequest as error:
        error.field = f"input.{error.field}" if error.field else "input"
        raise


def _refuse_what_cannot_be(told: RunBody) -> None:
    """raises  InvalidRequest, for what would be left out otherwise"""
    for member, (why, remedy) in _NOT_HERE.items():
        if getattr(told, member):
            raise InvalidRequest(f"`{member}` cannot be had here: {why}.", field=member, expected="nothing", remedy=remedy)
    if isinstance(told.text, str | list):
        raise InvalidRequest(
            "Vectors are not made at this path.",
            field="text",
            expected="`messages`, `prompt` or `input`",
            received="text to make vectors of",
            remedy="Send `{model, input}` to `ai/v1/embeddings`.",
        )
    asked = [member for member in _ASKING if getattr(told, member) is not None]
    if len(asked) != 1:
        raise InvalidRequest(
            "`messages` or `prompt` is needed." if not asked else f"{' and '.join(map('`{}`'.format, asked))} are two requests.",
            field="messages",
            expected="one of `messages`, `prompt`, `input`",
            received=", ".join(asked) or "none of them",
            remedy='Send `messages: [{"role": "user", "content": "..."}]` alone.',
        )


_ASKING = ("messages", "prompt", "input")
_NOT_HERE = {
    "raw": ("models behind a chat API apply their own template", "Send `messages`, or use `ai/v1/completions`."),
    "lora": ("no provider here takes one", "Ask for a model that is tuned already."),
    "functions": ("code of the caller is not run here", "Describe them in `tools` and run them in your application."),
    "requests": ("there are no batches here", "Send one request for each."),
}


# Messages


def _messages(told: RunBody, fields: Fields) -> Raw:
    if told.messages is None:
        return Raw(encode([{"role": "user", "content": told.prompt}]))
    raw = fields["messages"]
    if not any(message.tool_calls or message.role == "tool" for message in told.messages):
        return raw
    joined = _Calls()
    members = zip(told.messages, _decode_list(raw), strict=True)
    return Raw(encode([joined.told(place, message, kept) for place, (message, kept) in enumerate(members)]))


class _Calls:
    """Gives calls that came without an id one, and results the id of the call they are for."""

    def __init__(self) -> None:
        self._open: list[tuple[str, str]] = []

    def told(self, place: int, message: RunMessage, kept: Fields) -> dict[str, Any]:
        if message.role == "tool":
            return kept | {"tool_call_id": self._answered(place, message)}
        if not message.tool_calls:
            return dict(kept)
        calls = [_call(call, f"call_{place}_{number}") for number, call in enumerate(message.tool_calls)]
        self._open = [(call["id"], call["function"]["name"]) for call in calls]
        return kept | {"tool_calls": calls}

    def _answered(self, place: int, message: RunMessage) -> str:
        """raises  InvalidRequest, for a result that no call is open for"""
        for waiting in self._open:
            call_id, name = waiting
            if message.tool_call_id == call_id or (not message.tool_call_id and message.name in (None, name)):
                self._open.remove(waiting)
                return call_id
        raise InvalidRequest(
            f"`messages[{place}]` is the result of no call before it.",
            field=f"messages[{place}]",
            expected="an assistant message with `tool_calls` before it, one for each result",
            received=show(message.tool_call_id or message.name),
            remedy="Send the assistant's message with the `tool_calls` that it came with first.",
        )


def _call(call: RunCall, otherwise: str) -> dict[str, Any]:
    called = call.function
    name, arguments = (called.name, called.arguments) if called is not None else (call.name or "", call.arguments)
    return {
        "id": call.id or otherwise,
        "type": "function",
        "function": {"name": name, "arguments": "{}" if arguments is None else arguments},
    }


# Tools and format


def _nested(tool: Fields) -> dict[str, Any]:
    if "name" not in tool or "function" in tool:
        return dict(tool)
    return {"type": "function", "function": {name: raw for name, raw in tool.items() if name != "type"}}


def _format(told: RunFormat, raw: Raw) -> Raw:
    """Chat Completions wants the schema named; Cloudflare takes the schema itself, and that form too."""
    if told.type != "json_schema":
        return Raw(encode({"type": told.type}))
    if not isinstance(told.json_schema, dict):
        raise InvalidRequest(
            "`response_format.json_schema` is not a schema.",
            field="response_format.json_schema",
            expected="a JSON schema, an object",
            received=show(told.json_schema),
            remedy="Send the schema itself, or {name, schema, strict}.",
        )
    schema = _decode_members(raw)["json_schema"]
    given = _decode_members(schema)
    named = given if "schema" in given and "type" not in given and "properties" not in given else {"schema": schema}
    return Raw(encode({"type": "json_schema", "json_schema": {"name": Raw(b'"answer"'), **named}}))


# What is expected, where msgspec's own words would not help


def _expected(told: str, path: str) -> str:
    if path == "response_format.type":
        return "one of text, json_object, json_schema"
    return "letters, digits and `_.:-`, at most 64" if path.endswith(".name") and "regex" in told else ""


def _remedy(path: str) -> str:
    return ""


_WORDS = Words(_expected, _remedy)
