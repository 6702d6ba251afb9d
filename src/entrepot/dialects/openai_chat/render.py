"""The canonical conversation to a chat provider's body, for clients that speak another dialect.

What Chat Completions cannot say is left out with a note; what would change the question, as a file nobody could read, is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Raw

from entrepot.dialects.dialect import Rendered, Wishes
from entrepot.dialects.openai_chat.respeak import nine
from entrepot.dialects.openai_chat.write import entries_of
from entrepot.dialects.pseudonym import pseudonym
from entrepot.dialects.turns import left_out
from entrepot.dialects.voice import dumps, loads
from entrepot.errors import InvalidRequest
from entrepot.providers import Quirk
from entrepot.values.conversation import (
    Audio,
    Conversation,
    File,
    Foreign,
    Image,
    Message,
    Part,
    Reasoning,
    Refusal,
    Sampling,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Video,
    given,
    plain_text,
    url_of,
)

Object = dict[str, Any]
_STREAM_OPTIONS = {"include_usage": True}


def render(conversation: Conversation, wishes: Wishes) -> Rendered:
    """raises  InvalidRequest"""
    notes: list[str] = []
    body: Object = {"model": wishes.upstream_model}
    body["messages"] = _Messages(wishes, notes).render(conversation.messages)
    _say_tools(conversation, wishes, body, notes)
    _say_sampling(conversation.sampling, wishes.quirks, body)
    if conversation.max_tokens is not None:
        body[wishes.max_tokens_field] = conversation.max_tokens
    _say_reasoning(conversation, wishes, body)
    _say_output(conversation, body)
    _say_rest(conversation, wishes, body)
    return Rendered(dumps(body), tuple(dict.fromkeys(notes)))


class _Messages:
    """Messages one by one. `notes` grows with what was left out."""

    def __init__(self, wishes: Wishes, notes: list[str]) -> None:
        self._quirks = wishes.quirks
        self._keeps = Quirk.KEEPS_OPENROUTER_FIELDS in wishes.quirks
        self._family = wishes.family
        self._notes = notes
        self._shown: list[Object] = []
        """pictures and files of tool results: a tool message holds text only, so they follow it in a user message"""

    def render(self, messages: Iterable[Message]) -> list[Object]:
        out: list[Object] = []
        for position, message in enumerate(messages):
            if message.role != "tool" and self._shown:
                out.append({"role": "user", "content": self._shown})
                self._shown = []
            if message.role == "assistant":
                out.append(self._assistant(message, position))
            elif message.role == "tool":
                out += [self._result(part, position) for part in message.parts if isinstance(part, ToolResult)]
            else:
                out.append(self._plain(message, position))
        if self._shown:
            out.append({"role": "user", "content": self._shown})
        return out

    def _plain(self, message: Message, position: int) -> Object:
        role = message.role
        if role == "developer" and Quirk.DEVELOPER_AS_SYSTEM in self._quirks:
            role = "system"
        told: Object = {"role": role, "content": self._content(message.parts, position)}
        if message.name:
            told["name"] = message.name
        return told

    def _content(self, parts: Sequence[Part], position: int) -> str | list[Object]:
        marked = self._keeps and any(getattr(part, "cache", None) for part in parts)
        if len(parts) == 1 and not marked and isinstance(parts[0], Text):
            return parts[0].text
        if not parts:
            return ""
        return [
            told for number, part in enumerate(parts) if (told := self._part(part, f"messages[{position}].content[{number}]"))
        ]

    def _part(self, part: Part, path: str) -> Object | None:
        told = self._bare_part(part, path)
        cache = getattr(part, "cache", None)
        if told is not None and cache is not None and self._keeps:
            told["cache_control"] = {"type": "ephemeral", **({"ttl": cache.ttl} if cache.ttl else {})}
        return told

    def _bare_part(self, part: Part, path: str) -> Object | None:
        if isinstance(part, Text):
            return {"type": "text", "text": part.text}
        if isinstance(part, Image):
            if not url_of(part.source):
                raise _elsewhere(path, "a picture")
            return {"type": "image_url", "image_url": {"url": url_of(part.source), **_detail(part.detail)}}
        if isinstance(part, Audio):
            if not part.source.data:
                raise _elsewhere(path, "sound")
            kind = part.format or part.source.media_type.partition("/")[2].replace("mpeg", "mp3")
            return {"type": "input_audio", "input_audio": {"data": part.source.data, "format": kind}}
        if isinstance(part, Video):
            return {"type": "video_url", "video_url": {"url": url_of(part.source)}}
        if isinstance(part, File):
            return self._file(part, path)
        if isinstance(part, Foreign) and part.dialect == "openai_chat":
            return {"type": part.name}
        self._notes.append(f"{path}: {_word(part)} left out, Chat Completions has no word for it")
        return None

    def _file(self, file: File, path: str) -> Object:
        if file.text:
            head = f"{file.name}\n\n" if file.name else ""
            return {"type": "text", "text": head + file.text}
        if file.source.file_id:
            return {"type": "file", "file": {"file_id": file.source.file_id}}
        if not file.source.data and not self._keeps:
            raise _elsewhere(path, "a file")
        return {"type": "file", "file": {"filename": file.name or "file.pdf", "file_data": url_of(file.source)}}

    def _result(self, result: ToolResult, position: int) -> Object:
        path = f"messages[{position}]"
        texts = [part.text for part in result.parts if isinstance(part, Text | File) and part.text]
        for part in result.parts:
            if not isinstance(part, Text) and not (isinstance(part, File) and part.text):
                told = self._part(part, path)
                if told is not None:
                    self._shown.append(told)
        if self._shown and not texts:
            texts = ["(see the next message)"]
        return {"role": "tool", "tool_call_id": self._id(result.call_id), "content": "\n\n".join(texts)}

    def _assistant(self, message: Message, position: int) -> Object:
        parts = message.parts
        told: Object = {"role": "assistant", "content": plain_text(parts) or None}
        refusals = [part.text for part in parts if isinstance(part, Refusal)]
        if refusals:
            told["refusal"] = "".join(refusals)
        if message.name:
            told["name"] = message.name
        self._say_thoughts(parts, told)
        calls = [self._call(part) for part in parts if isinstance(part, ToolCall)]
        if calls:
            told["tool_calls"] = calls
        for number, part in enumerate(parts):
            if isinstance(part, Image) and self._keeps:
                told.setdefault("images", []).append({"type": "image_url", "image_url": {"url": url_of(part.source)}})
            elif not isinstance(part, Text | Refusal | Reasoning | ToolCall):
                path = f"messages[{position}].content[{number}]"
                self._notes.append(f"{path}: {_word(part)} left out, a chat provider does not take it back")
        if told["content"] is None and not calls and not refusals:
            told["content"] = ""
        return told

    def _say_thoughts(self, parts: Sequence[Part], told: Object) -> None:
        thoughts = [part for part in parts if isinstance(part, Reasoning)]
        if self._keeps:
            details = [entry for thought in thoughts for entry in entries_of(thought, 0)]
            if details:
                told["reasoning_details"] = [{**entry, "index": number} for number, entry in enumerate(details)]
            return
        for part in parts:
            state = getattr(part, "state", None)
            if state is not None:
                self._notes.append(left_out(state, self._family))
        if Quirk.REASONING_CONTENT_BACK in self._quirks:
            text = "".join([part.text for part in thoughts if part.family in ("", "unknown", self._family) and not part.state])
            if text:
                told["reasoning_content"] = text

    def _call(self, call: ToolCall) -> Object:
        name = self._id(call.id)
        if call.custom:
            return {"id": name, "type": "custom", "custom": {"name": call.name, "input": call.arguments}}
        return {"id": name, "type": "function", "function": {"name": call.name, "arguments": call.arguments or "{}"}}

    def _id(self, call_id: str) -> str:
        return nine(call_id) if Quirk.TOOL_IDS_NINE in self._quirks else call_id


def _word(part: Part) -> str:
    return part.name or "a block" if isinstance(part, Foreign) else type(part).__name__.lower()


def _detail(detail: str) -> Object:
    return {"detail": detail} if detail else {}


def _elsewhere(path: str, what: str) -> InvalidRequest:
    return InvalidRequest(
        f"`{path}` is {what} that is kept where this endpoint cannot reach it.",
        field=path,
        expected="the bytes in base64, or for a picture its address",
        received="an address or the id of a file",
        remedy="Send the bytes, or ask a model at the provider that keeps the file.",
    )


# Tools


def _say_tools(conversation: Conversation, wishes: Wishes, body: Object, notes: list[str]) -> None:
    choice = conversation.tool_choice
    offered = [tool for tool in conversation.tools if tool.kind != "hosted" or tool.dialect == "openai_chat"]
    for tool in conversation.tools:
        if tool.kind == "hosted" and tool.dialect != "openai_chat":
            if choice is not None and (tool.name in choice.names or given(choice.hosted)):
                raise InvalidRequest(
                    f"`tool_choice` asks for {tool.name}, which only its maker can run.",
                    field="tool_choice",
                    expected="a function tool",
                    received=tool.name,
                    remedy="Choose another tool, or a model of the maker that runs it.",
                )
            notes.append(f"tools: {tool.name} left out, only its maker runs it")
    if choice is not None and len(choice.names) > 1:
        offered = [tool for tool in offered if tool.name in choice.names]
    if not offered:
        return
    body["tools"] = [_tool(tool, Quirk.KEEPS_OPENROUTER_FIELDS in wishes.quirks) for tool in offered]
    if choice is not None:
        body["tool_choice"] = _choice(choice, conversation.tools)
    if conversation.parallel_tool_calls is not None:
        body["parallel_tool_calls"] = conversation.parallel_tool_calls


def _tool(tool: Tool, keeps: bool) -> Object | Raw:
    if tool.kind == "hosted":
        return tool.raw
    told: Object = {"name": tool.name}
    if tool.description is not None:
        told["description"] = tool.description
    if tool.kind == "custom":
        if given(tool.format):
            told["format"] = _nested_grammar(tool.format)
        return {"type": "custom", "custom": told}
    if given(tool.parameters):
        told["parameters"] = tool.parameters
    if tool.strict is not None:
        told["strict"] = tool.strict
    whole: Object = {"type": "function", "function": told}
    if tool.cache is not None and keeps:
        whole["cache_control"] = {"type": "ephemeral", **({"ttl": tool.cache.ttl} if tool.cache.ttl else {})}
    return whole


def _nested_grammar(raw: Raw) -> Object | Raw:
    """A grammar as Chat nests it; Responses has it flat."""
    told = loads(raw)
    if not isinstance(told, dict) or told.get("type") != "grammar" or "grammar" in told:
        return raw
    return {"type": "grammar", "grammar": {name: value for name, value in told.items() if name != "type"}}


def _choice(choice: ToolChoice, tools: Iterable[Tool]) -> str | Object:
    if choice.mode != "required" or len(choice.names) != 1:
        return choice.mode
    name = choice.names[0]
    kind = next((tool.kind for tool in tools if tool.name == name), "function")
    return {"type": kind, kind: {"name": name}}


# Settings

_PLAIN = (
    "temperature", "top_p", "top_k", "min_p", "top_a", "frequency_penalty", "presence_penalty", "repetition_penalty", "logprobs",
    "top_logprobs", "n",
)  # fmt: skip


def _say_sampling(sampling: Sampling, quirks: frozenset[Quirk], body: Object) -> None:
    for name in _PLAIN:
        value = getattr(sampling, name)
        if value is not None:
            body[name] = value
    if sampling.seed is not None:
        body["random_seed" if Quirk.RANDOM_SEED in quirks else "seed"] = sampling.seed
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if given(sampling.logit_bias):
        body["logit_bias"] = sampling.logit_bias


def _say_reasoning(conversation: Conversation, wishes: Wishes, body: Object) -> None:
    wish = conversation.reasoning
    if Quirk.KEEPS_OPENROUTER_FIELDS in wishes.quirks:
        told: Object = {"effort": wish.effort} if wish.effort else {}
        if wish.max_tokens is not None:
            told = {"max_tokens": wish.max_tokens}
        if wish.exclude:
            told["exclude"] = True
        if told:
            body["reasoning"] = told
        return
    if wish.effort is None:
        return
    if Quirk.THINKING_SWITCH in wishes.quirks:
        body["thinking"] = {"type": "disabled" if wish.effort == "none" else "enabled"}
        if wish.effort == "none":
            return
    body["reasoning_effort"] = wish.effort


def _say_output(conversation: Conversation, body: Object) -> None:
    output = conversation.output
    if output.kind == "json_object":
        body["response_format"] = {"type": "json_object"}
    elif output.kind == "json_schema":
        told: Object = {"name": output.name or "answer"}
        if output.description is not None:
            told["description"] = output.description
        if given(output.schema):
            told["schema"] = output.schema
        if output.strict is not None:
            told["strict"] = output.strict
        body["response_format"] = {"type": "json_schema", "json_schema": told}
    elif output.kind == "grammar":
        body["response_format"] = {"type": "grammar", "grammar": output.grammar}
    elif output.kind == "python":
        body["response_format"] = {"type": "python"}


def _say_rest(conversation: Conversation, wishes: Wishes, body: Object) -> None:
    if conversation.verbosity:
        body["verbosity"] = conversation.verbosity
    if conversation.modalities:
        body["modalities"] = list(conversation.modalities)
    for name, raw in (
        ("audio", conversation.audio),
        ("prediction", conversation.prediction),
        ("web_search_options", conversation.web_search),
    ):
        if given(raw):
            body[name] = raw
    if conversation.service_tier:
        body["service_tier"] = conversation.service_tier
    if conversation.cache_key:
        body["prompt_cache_key"] = conversation.cache_key
    if conversation.user:
        body["user"] = pseudonym(conversation.user, wishes.user_salt)
    if conversation.stream:
        body["stream"] = True
        if Quirk.NO_STREAM_OPTIONS not in wishes.quirks:
            body["stream_options"] = _STREAM_OPTIONS
