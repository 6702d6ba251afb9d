"""The response object around its output: our names, and the request's own settings, which clients read back.

A setting that was not given is told as what holds without it.
"""

from __future__ import annotations

import msgspec
from msgspec import Raw

from entrepot.dialects.openai_responses.create import Said
from entrepot.dialects.openai_responses.shape import says
from entrepot.dialects.voice import Fields, Voice, decode_fields, encode
from entrepot.values.request import Asked, Request

_NULL = Raw(b"null")
_USUAL: dict[str, Raw] = {
    "instructions": _NULL,
    "max_output_tokens": _NULL,
    "max_tool_calls": _NULL,
    "parallel_tool_calls": Raw(b"true"),
    "previous_response_id": _NULL,
    "prompt_cache_key": _NULL,
    "reasoning": Raw(b'{"effort":null,"summary":null}'),
    "safety_identifier": _NULL,
    "store": Raw(b"true"),
    "temperature": Raw(b"1.0"),
    "text": Raw(b'{"format":{"type":"text"}}'),
    "tool_choice": Raw(b'"auto"'),
    "tools": Raw(b"[]"),
    "top_logprobs": Raw(b"0"),
    "top_p": Raw(b"1.0"),
    "truncation": Raw(b'"disabled"'),
    "metadata": Raw(b"{}"),
}
_AS_GIVEN = ("user", "prompt_cache_retention", "frequency_penalty", "presence_penalty", "top_k")
_PIECES = {name: b'"%b":%b' % (name.encode(), bytes(raw)) for name, raw in _USUAL.items()}
_TOLD = _USUAL.keys() | set(_AS_GIVEN)
_decode_tools = msgspec.json.Decoder(list[Fields]).decode


def response_id(generation_id: str) -> str:
    """The id of the response that a generation makes."""
    return "resp_" + generation_id.removeprefix("gen-")


def echo(request: Request) -> bytes:
    """The settings as the members of a JSON object, without its braces."""
    fields = request.fields
    pieces = dict(_PIECES)
    for name in fields.keys() & _TOLD:
        if says(fields[name]):
            pieces[name] = b'"%b":%b' % (name.encode(), bytes(_whole(name, fields[name])))
    said = request.said if isinstance(request, Asked) else None
    if isinstance(said, Said):
        pieces["store"] = b'"store":%b' % encode(said.create.store is not False)
        if said.create.previous_response_id is not None:
            pieces["previous_response_id"] = b'"previous_response_id":%b' % encode(said.create.previous_response_id)
    return b",".join(pieces.values())


def _whole(name: str, raw: Raw) -> Raw:
    """A setting with the members that an answer must tell of it."""
    if name == "tools":
        return _whole_tools(raw)
    if name in ("text", "reasoning"):
        return Raw(encode(decode_fields(_USUAL[name]) | decode_fields(raw)))
    return raw


def _whole_tools(raw: Raw) -> Raw:
    """Functions are told with all the members that the dialect demands of them in an answer."""
    try:
        tools = _decode_tools(raw)
    except msgspec.DecodeError:
        return raw
    if all("strict" in tool and "parameters" in tool for tool in tools if bytes(tool.get("type", b"")) == b'"function"'):
        return raw
    demanded = {"parameters": _NULL, "strict": _NULL}
    return Raw(encode([demanded | tool if bytes(tool.get("type", b"")) == b'"function"' else tool for tool in tools]))


def frame(
    voice: Voice, settings: bytes, status: str, *, output: bytes, usage: bytes, tier: str, error: bytes, reason: str
) -> bytes:
    """The response object.

    settings  what `echo` gave
    output    the items, a JSON array; `error` is JSON as well, and `usage` where it is known
    reason    why it is incomplete, "" when it is not
    """
    details = b'{"reason":%b}' % encode(reason) if reason else b"null"
    return (
        b'{"id":%b,"object":"response","created_at":%d,"status":"%b","background":false,"completed_at":null,"error":%b,'
        b'"incomplete_details":%b,"model":%b,"output":%b,%b,"service_tier":%b%b}'
    ) % (
        encode(response_id(voice.id)),
        voice.created,
        status.encode(),
        error,
        details,
        encode(voice.model),
        output,
        settings,
        encode(tier or "default"),
        b',"usage":' + usage if usage else b"",
    )
