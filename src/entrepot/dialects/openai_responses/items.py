"""The messages of a conversation to input items.

A thought goes back only to its maker, and only together with what followed it: a provider refuses a reasoning item that stands
alone. Where a thought stays behind, the ids of the items beside it do too, for a provider that knows them misses the thought.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from entrepot.dialects.openai_responses.shape import FAMILY, NAME
from entrepot.dialects.turns import left_out, safe_id, takes_back
from entrepot.dialects.unsaid import cannot
from entrepot.values.conversation import (
    Audio,
    Cache,
    File,
    Foreign,
    Image,
    Message,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Video,
    given,
    url_of,
)

Object = dict[str, Any]
_BREAKPOINT = {"mode": "explicit"}


class Items:
    """family  whose opaque state the endpoint takes back
    own     the conversation came in this dialect, so its item ids may be said
    notes   grows with what was left out
    """

    def __init__(self, family: str, *, own: bool, system_only: bool, notes: list[str]) -> None:
        self._family = family
        self._own = own
        self._system_only = system_only
        self._notes = notes
        self._custom: set[str] = set()

    def all(self, messages: Sequence[Message], first: int = 0) -> list[Object]:
        """first  the place of the first of them in the whole conversation, for paths in refusals"""
        items: list[Object] = []
        for place, message in enumerate(messages, first):
            path = f"messages[{place}]"
            if message.role == "assistant":
                items += self._assistant(message, path)
            elif message.role == "tool":
                items += [self._result(part, path) for part in message.parts if isinstance(part, ToolResult)]
            else:
                items += self._plain(message, path)
        return items

    # What is put before the model

    def _plain(self, message: Message, path: str) -> list[Object]:
        foreign = [part for part in message.parts if isinstance(part, Foreign)]
        if foreign:
            return self._foreign(foreign)
        role = "system" if message.role == "developer" and self._system_only else message.role
        return [{"type": "message", "role": role, "content": self._text_or_parts(message.parts, path)}]

    def _foreign(self, parts: Sequence[Foreign]) -> list[Object]:
        for part in parts:
            if part.dialect != NAME:
                self._notes.append(f"{part.name}: left out, Responses does not know it")
        return [part.raw for part in parts if part.dialect == NAME]  # type: ignore[misc]

    def _contents(self, parts: Sequence[Part], path: str) -> list[Object]:
        return [self._marked(self._content(part, f"{path}.content[{place}]"), part) for place, part in enumerate(parts)]

    def _marked(self, told: Object, part: Part) -> Object:
        cache: Cache | None = getattr(part, "cache", None)
        return told | {"prompt_cache_breakpoint": _BREAKPOINT} if cache is not None and self._family == FAMILY else told

    def _content(self, part: Part, path: str) -> Object:
        if isinstance(part, Text | Refusal):
            return {"type": "input_text", "text": part.text}
        if isinstance(part, Image):
            if part.source.file_id:
                return {"type": "input_image", "file_id": part.source.file_id, "detail": part.detail or "auto"}
            return {"type": "input_image", "image_url": url_of(part.source), "detail": part.detail or "auto"}
        if isinstance(part, File):
            return _file(part)
        if isinstance(part, Audio) and part.source.data:
            form = part.format or part.source.media_type.rpartition("/")[2].replace("mpeg", "mp3")
            return {"type": "input_audio", "input_audio": {"data": part.source.data, "format": form}}
        if isinstance(part, Video):
            raise cannot(path, "text, pictures and files", "a video", "Choose a model that watches videos.")
        raise cannot(path, "text, pictures and files", type(part).__name__.lower(), "Leave it out.")

    def _result(self, result: ToolResult, path: str) -> Object:
        kind = "custom_tool_call_output" if result.custom or result.call_id in self._custom else "function_call_output"
        if result.is_error:
            self._notes.append("tool_result.is_error: told by its text only, Responses has no word for it")
        return {"type": kind, "call_id": safe_id(result.call_id), "output": self._text_or_parts(result.parts, path)}

    def _text_or_parts(self, parts: Sequence[Part], path: str) -> str | list[Object]:
        if not parts:
            return ""
        [first, *more] = parts
        return first.text if isinstance(first, Text) and first.cache is None and not more else self._contents(parts, path)

    # What the assistant said

    def _assistant(self, message: Message, path: str) -> list[Object]:
        parts = message.parts
        kept = [self._takes(part) for part in parts if isinstance(part, Reasoning)]
        names = self._own and all(kept)
        items: list[Object] = []
        spoken: list[Text | Refusal] = []
        for place, part in enumerate(parts):
            if isinstance(part, Text | Refusal):
                spoken.append(part)
                self._note_state(part)
                continue
            self._say(spoken, message, items, names)
            if isinstance(part, Reasoning):
                if self._takes(part) and self._is_followed(parts[place + 1 :]):
                    items.append(_thought(part))
            elif isinstance(part, ToolCall):
                self._note_state(part)
                items.append(self._call(part, names))
            elif isinstance(part, Foreign):
                items += self._foreign([part])
            else:
                self._notes.append(f"{path}.content[{place}]: left out, Responses does not take it back")
        self._say(spoken, message, items, names)
        return items

    def _takes(self, thought: Reasoning) -> bool:
        """Its state goes back to its maker; readable thoughts without one go back to makers that show them whole."""
        if thought.state is not None:
            if takes_back(thought.state, self._family) and thought.state.kind == "encrypted":
                return True
            self._note(left_out(thought.state, self._family))
            return False
        if thought.text and self._family != FAMILY and thought.family == self._family:
            return True
        self._note(f"reasoning: text of {thought.family or 'another model'} left out for {self._family}")
        return False

    def _is_followed(self, rest: Sequence[Part]) -> bool:
        if any(not isinstance(part, Reasoning) for part in rest):
            return True
        self._note("reasoning: left out where nothing follows it")
        return False

    def _note_state(self, part: Text | Refusal | ToolCall) -> None:
        state = getattr(part, "state", None)
        if state is not None:
            self._note(left_out(state, self._family))

    def _note(self, note: str) -> None:
        if note not in self._notes:
            self._notes.append(note)

    def _say(self, spoken: list[Text | Refusal], message: Message, items: list[Object], names: bool) -> None:
        """The texts gathered so far as one message. Without an id it takes its short form, which demands none."""
        if not spoken:
            return
        told: Object = {"type": "message", "role": "assistant"}
        if names and message.id:
            told |= {"id": message.id, "status": "completed", "content": [_output(part) for part in spoken]}
        else:
            told["content"] = "".join([part.text for part in spoken])
        if message.phase:
            told["phase"] = message.phase
        spoken.clear()
        if told["content"]:
            items.append(told)

    def _call(self, call: ToolCall, names: bool) -> Object:
        told: Object = {"type": "custom_tool_call" if call.custom else "function_call", "call_id": safe_id(call.id)}
        if names and call.item:
            told["id"] = call.item
        if call.custom:
            self._custom.add(call.id)
            return told | {"name": call.name, "input": call.arguments}
        return told | {"name": call.name, "arguments": call.arguments or "{}"}


def _thought(thought: Reasoning) -> Object:
    told: Object = {"type": "reasoning"}
    if thought.id:
        told["id"] = thought.id
    told["summary"] = [{"type": "summary_text", "text": text} for text in thought.summary]
    if thought.text:
        told["content"] = [{"type": "reasoning_text", "text": thought.text}]
    if thought.state is not None:
        told["encrypted_content"] = thought.state.data
    return told


def _output(part: Text | Refusal) -> Object:
    if isinstance(part, Refusal):
        return {"type": "refusal", "refusal": part.text}
    annotations = [cited.raw for cited in part.citations if cited.dialect == NAME and given(cited.raw)]
    return {"type": "output_text", "text": part.text, "annotations": annotations, "logprobs": []}


def _file(file: File) -> Object:
    source = file.source
    if file.text:
        return {"type": "input_text", "text": f"{file.name}\n\n{file.text}" if file.name else file.text}
    if source.file_id:
        return {"type": "input_file", "file_id": source.file_id}
    if source.data:
        return {"type": "input_file", "filename": file.name or "file.pdf", "file_data": url_of(source)}
    return {"type": "input_file", "file_url": source.url}
