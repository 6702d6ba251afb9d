"""Contents as clients send them to messages. Calls and results are joined here: by id, else by name and order.

Thoughts that came in pieces of a stream are one thought again. A signature stays with the part it came on.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Raw

from entrepot.dialects.gemini.asked import (
    Blob,
    Content,
    FunctionCall,
    FunctionResponse,
    Part,
    Reference,
    ResponsePart,
    as_list,
    either,
)
from entrepot.dialects.gemini.read import DIALECT, FAMILY, MADE_UP, audio_format, source_at
from entrepot.dialects.gemini.state import is_signature, opened
from entrepot.dialects.gemini.told import some
from entrepot.dialects.turns import split_results
from entrepot.errors import InvalidRequest
from entrepot.values import conversation as canonical
from entrepot.values.conversation import (
    Audio,
    File,
    Foreign,
    Image,
    Message,
    Opaque,
    Reasoning,
    Source,
    Text,
    ToolCall,
    ToolResult,
    Video,
)

_SIDES = {"": "user", "user": "user", "function": "user", "tool": "user", "model": "assistant"}
_FOREIGN = ("executableCode", "codeExecutionResult", "toolCall", "toolResponse")
_SNAKE = {"executable_code": "executableCode", "code_execution_result": "codeExecutionResult", "tool_call": "toolCall",
          "tool_response": "toolResponse"}  # fmt: skip
_DATA = "text, inlineData, fileData, functionCall, functionResponse or one of " + ", ".join(_FOREIGN)


class _Open(msgspec.Struct):
    """A call that has no result yet."""

    id: str
    name: str
    path: str


def hear_contents(contents: Sequence[Content], raw: Raw) -> list[tuple[Message, ...]]:
    """The messages of each content. raises InvalidRequest

    raw  the contents as they came
    """
    hearing = _Contents(raw)
    groups = [hearing.take(content, number) for number, content in enumerate(contents)]
    hearing.close()
    return groups


def hear_system(content: Content, path: str) -> Message:
    """raises  InvalidRequest, for anything but text"""
    parts: list[canonical.Part] = []
    for number, part in enumerate(as_list(content.parts)):
        if part.text is None:
            raise _wrong(f"{path}.parts[{number}]", "is not text", "text", "another kind of part", "Put media into `contents`.")
        parts.append(Text(part.text))
    return Message("system", tuple(parts))


class _Contents:
    """Reads contents in their order, knowing which calls wait for their results."""

    __slots__ = ("_open", "_raw", "_raws")

    def __init__(self, raw: Raw) -> None:
        self._raw = raw
        self._raws: list[list[Raw]] | None = None
        self._open: list[_Open] = []

    def take(self, content: Content, number: int) -> tuple[Message, ...]:
        path = f"contents[{number}]"
        side = _SIDES.get(content.role or "")
        if side is None:
            raise _wrong(
                f"{path}.role", "is not a role", "user or model", content.role, "System texts go into `systemInstruction`."
            )
        if side == "assistant":
            self._refuse_open()
            return (Message("assistant", self._said(as_list(content.parts), number, path)),)
        parts = [self._heard(part, number, place, f"{path}.parts[{place}]") for place, part in enumerate(as_list(content.parts))]
        return tuple(split_results("user", parts))

    def close(self) -> None:
        self._refuse_open()

    def _refuse_open(self) -> None:
        for call in self._open:
            remedy = "Send one functionResponse for each call in the content right after it."
            raise _wrong(call.path, "has no result", f"a functionResponse named {call.name[:80]} after it", "none", remedy)

    def _heard(self, part: Part, number: int, place: int, path: str) -> canonical.Part:
        """A part of the user's side."""
        _one_of(part, path)
        response = either(part.functionResponse, part.function_response)
        if response is not None:
            return self._result(response, f"{path}.functionResponse")
        if either(part.functionCall, part.function_call) is not None:
            remedy = "Calls stand in contents of role model."
            raise _wrong(f"{path}.functionCall", "is a call of the user", "a content of role model", "role user", remedy)
        if part.text is not None:
            return Text(part.text)
        return _media(part, path, None) or self._foreign(number, place, path)

    def _said(self, told: Sequence[Part], number: int, path: str) -> tuple[canonical.Part, ...]:
        """The parts of a turn of the model."""
        parts: list[canonical.Part] = []
        for place, part in enumerate(told):
            where = f"{path}.parts[{place}]"
            _one_of(part, where)
            signature = either(part.thoughtSignature, part.thought_signature)
            if part.thought and part.text is not None:
                _think(parts, part.text, signature, where)
            else:
                parts.append(self._spoken(part, signature, number, place, where))
        return tuple(parts)

    def _spoken(self, part: Part, signature: str | None, number: int, place: int, path: str) -> canonical.Part:
        call = either(part.functionCall, part.function_call)
        if call is not None:
            return self._call(call, _state(signature, path), f"{number}_{place}", f"{path}.functionCall")
        if either(part.functionResponse, part.function_response) is not None:
            remedy = "Results stand in contents of role user."
            raise _wrong(f"{path}.functionResponse", "is a result of the model", "a content of role user", "role model", remedy)
        if part.text is not None:
            return Text(part.text, state=_state(signature, path))
        media = None if part.thought else _media(part, path, signature)
        if (
            media is None
            and signature
            and not part.thought
            and self._names(number, place) <= {"thoughtSignature", "thought_signature"}
        ):
            return Text("", state=_state(signature, path))
        return media or self._foreign(number, place, path)

    def _call(self, call: FunctionCall, state: Opaque | None, made_up: str, path: str) -> ToolCall:
        if not call.name:
            raise _wrong(f"{path}.name", "is required", "the name of a function", "nothing", "Name the function that was called.")
        told = ToolCall(call.id or MADE_UP + made_up, call.name, _object(call.args, f"{path}.args"), state=state)
        self._open.append(_Open(told.id, told.name, path))
        return told

    def _result(self, response: FunctionResponse, path: str) -> ToolResult:
        found = next((call for call in self._open if _answers(response, call)), None)
        if found is None:
            remedy = "Send the model's functionCall first, then one functionResponse for each call, in their order."
            raise _wrong(path, "answers no call of the model before it", "the id or name of a call without a result",
                         response.id or response.name, remedy)  # fmt: skip
        self._open.remove(found)
        text, is_error = result_text(_object(response.response, f"{path}.response"))
        parts: list[canonical.Part] = [Text(text)] if text else []
        parts += [_media_in(part, f"{path}.parts[{number}]") for number, part in enumerate(response.parts or ())]
        return ToolResult(found.id, tuple(parts), found.name, is_error)

    def _foreign(self, number: int, place: int, path: str) -> Foreign:
        names = self._names(number, place)
        known = [_SNAKE.get(name, name) for name in names if _SNAKE.get(name, name) in (*_FOREIGN, "inlineData", "inline_data")]
        if not known:
            raise _wrong(path, "is of no known kind", _DATA, ", ".join(sorted(names)) or "nothing", "Leave the part out.")
        return Foreign(DIALECT, known[0], self._part(number, place))

    def _names(self, number: int, place: int) -> set[str]:
        return set(_decode_fields(self._part(number, place)))

    def _part(self, number: int, place: int) -> Raw:
        if self._raws is None:
            self._raws = [raw_items(content.parts) for content in map(_decode_raw_content, raw_items(self._raw))]
        return self._raws[number][place]


class _RawContent(msgspec.Struct):
    parts: Raw = Raw()


_decode_raw_content = msgspec.json.Decoder(_RawContent).decode
_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_items: Callable[[Raw], list[Raw]] = msgspec.json.Decoder(list[Raw]).decode


def raw_items(raw: Raw) -> list[Raw]:
    """A list, or the single object that stands for one."""
    return _decode_items(raw) if bytes(memoryview(raw)[:1]) == b"[" else [raw]


def _one_of(part: Part, path: str) -> None:
    given = [
        name
        for name, value in (
            ("text", part.text),
            ("functionCall", either(part.functionCall, part.function_call)),
            ("functionResponse", either(part.functionResponse, part.function_response)),
            ("inlineData", either(part.inlineData, part.inline_data)),
            ("fileData", either(part.fileData, part.file_data)),
        )
        if value is not None
    ]
    if len(given) > 1:
        raise _wrong(path, "is of two kinds", f"one of {_DATA}", " and ".join(given), "Make two parts of it.")


def _answers(response: FunctionResponse, call: _Open) -> bool:
    """Results without an id are for the first open call of their name."""
    return response.id == call.id if response.id and not call.id.startswith(MADE_UP) else response.name == call.name


def _think(parts: list[canonical.Part], text: str, signature: str | None, path: str) -> None:
    """A piece of a thought: more of the one before it, unless that has its signature already."""
    before = parts[-1] if parts else None
    if isinstance(before, Reasoning) and before.state is None:
        text = before.text + text
        parts.pop()
    parts.append(_opened(signature, text, path) if signature else Reasoning(text))


def _opened(signature: str, text: str, path: str) -> Reasoning:
    if not is_signature(signature):
        raise _wrong_signature(path)
    try:
        return opened(signature, FAMILY, text)
    except ValueError:
        raise _wrong_signature(path) from None


def _state(signature: str | None, path: str) -> Opaque | None:
    return _opened(signature, "", path).state if signature else None


def _wrong_signature(path: str) -> InvalidRequest:
    remedy = "Give the part back as it came, or leave it out."
    return _wrong(
        f"{path}.thoughtSignature", "is not a signature that was given", "the base64 text of an answer", "another", remedy
    )


def _object(raw: Raw, path: str) -> str:
    """JSON text of an object; "" when there is none."""
    if not some(raw):
        return ""
    text = bytes(memoryview(raw)).decode()
    if not text.startswith("{"):
        raise _wrong(path, "is not an object", "a JSON object", text, 'Wrap the value, as in {"result": ...}.')
    return text


def result_text(text: str) -> tuple[str, bool]:
    """What a result says, and whether it is an error. `{"result": "…"}` and its like say the text inside."""
    told: Any = msgspec.json.decode(text) if len(text) < 1 << 20 and text else None
    if isinstance(told, dict) and len(told) == 1:
        [(name, value)] = told.items()
        if isinstance(value, str) and name in ("result", "output", "content", "error"):
            return value, name == "error"
    return text, False


def _media(part: Part, path: str, signature: str | None) -> canonical.Part | None:
    blob = either(part.inlineData, part.inline_data)
    reference = either(part.fileData, part.file_data)
    if blob is None and reference is None:
        return None
    return media_of(blob, reference, path, _state(signature, path))


def _media_in(part: ResponsePart, path: str) -> canonical.Part:
    blob = either(part.inlineData, part.inline_data)
    reference = either(part.fileData, part.file_data)
    if blob is None and reference is None:
        raise _wrong(path, "is of no known kind", "inlineData or fileData", "neither", "Leave the part out.")
    return media_of(blob, reference, path, None)


def media_of(blob: Blob | None, reference: Reference | None, path: str, state: Opaque | None) -> canonical.Part:
    if blob is not None:
        kind = (either(blob.mimeType, blob.mime_type) or "").lower()
        source = Source(data=_plain_base64(blob.data or "", f"{path}.inlineData.data"), media_type=kind)
    else:
        assert reference is not None
        kind = (either(reference.mimeType, reference.mime_type) or "").lower()
        uri = either(reference.fileUri, reference.file_uri)
        if not uri:
            raise _wrong(f"{path}.fileData.fileUri", "is required", "an address", "nothing", "Name the file, or send its bytes.")
        source = source_at(uri, kind)
    if kind.startswith("image/"):
        return Image(source, state=state)
    if kind.startswith("audio/"):
        return Audio(source, audio_format(kind))
    if kind.startswith("video/") or "youtube.com/" in source.url or "youtu.be/" in source.url:
        return Video(source)
    return File(source, text=_text_in(source))


def _plain_base64(data: str, path: str) -> str:
    """In the usual alphabet: Google's own SDKs write `-_`, which only Google reads."""
    if not data or not is_signature(data):
        raise _wrong(path, "is not base64", "base64 text", "another" if data else "nothing", "Encode the bytes as base64.")
    if "-" in data or "_" in data:
        data = data.replace("-", "+").replace("_", "/")
    return data + "=" * (-len(data) % 4)


def _text_in(source: Source) -> str:
    if not source.data or not source.media_type.startswith("text/"):
        return ""
    try:
        return base64.b64decode(source.data).decode()
    except ValueError:
        return ""


def _wrong(path: str, what: str, expected: str, received: Iterable[Any] | None, remedy: str) -> InvalidRequest:
    shown = str(received or "nothing")[:80]
    return InvalidRequest(f"`{path}` {what}.", field=path, expected=expected, received=shown, remedy=remedy)
