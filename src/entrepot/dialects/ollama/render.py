"""A conversation to Ollama's /api/chat: texts are strings, pictures base64 beside them, settings stand in `options`."""

from __future__ import annotations

from typing import Any

from entrepot.dialects.dialect import Rendered, Wishes
from entrepot.dialects.turns import names_of_calls
from entrepot.dialects.unsaid import (
    arguments_of,
    callable_tools,
    cannot,
    function_of,
    results_in_words,
    text_in,
    thinks_foreign,
    unsaid,
    words_of,
)
from entrepot.dialects.voice import encode
from entrepot.values.conversation import Conversation, Image, Message, Part, Reasoning, ToolCall, ToolResult

NAME = "ollama"
Object = dict[str, Any]
_OPTIONS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "min_p": "min_p",
    "seed": "seed",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "repetition_penalty": "repeat_penalty",
}
_SAYS = frozenset({*_OPTIONS, "stop", "logprobs", "top_logprobs"})
_EFFORTS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "max"}


def render(conversation: Conversation, wishes: Wishes) -> Rendered:
    """raises  InvalidRequest, for what /api/chat has no form for"""
    notes = unsaid(conversation, _SAYS, "Ollama")
    messages = _Messages(conversation, wishes, notes).render(results_in_words(conversation.messages, notes))
    body: Object = {"model": wishes.upstream_model, "messages": messages, "stream": conversation.stream}
    _say_tools(conversation, body, notes)
    _say_settings(conversation, body)
    _say_thinking(conversation, wishes, body, notes)
    return Rendered(encode(body), tuple(dict.fromkeys(notes)))


def _say_tools(conversation: Conversation, body: Object, notes: list[str]) -> None:
    tools, choice = callable_tools(conversation, NAME, notes), conversation.tool_choice
    if choice is not None and choice.mode == "required":
        raise cannot("tool_choice", "auto or none", "required", "Ask for the call in words, or choose another model.")
    if not tools or (choice is not None and choice.mode == "none"):
        return
    body["tools"] = [function_of(tool) for tool in tools]


def _say_settings(conversation: Conversation, body: Object) -> None:
    sampling, output = conversation.sampling, conversation.output
    options: Object = {word: getattr(sampling, name) for name, word in _OPTIONS.items()}
    options |= {"stop": list(sampling.stop) or None, "num_predict": conversation.max_tokens}
    options = {name: value for name, value in options.items() if value is not None}
    if options:
        body["options"] = options
    if sampling.logprobs:
        body["logprobs"] = True
        if sampling.top_logprobs is not None:
            body["top_logprobs"] = sampling.top_logprobs
    if output.kind == "json_object":
        body["format"] = "json"
    elif output.kind == "json_schema":
        body["format"] = output.schema


def _say_thinking(conversation: Conversation, wishes: Wishes, body: Object, notes: list[str]) -> None:
    """Words are for gpt-oss alone; the thinking of other models is on or off."""
    wish = conversation.reasoning
    if wish.effort is None and wish.max_tokens is None:
        return
    if wish.effort == "none":
        body["think"] = False
    elif wish.effort is not None and "gpt-oss" in wishes.upstream_model:
        body["think"] = _EFFORTS.get(wish.effort, "high")
    else:
        body["think"] = True
    asked = wish.effort or f"{wish.max_tokens} tokens"
    if body["think"] not in (False, asked):
        notes.append(f"reasoning_effort: {asked} sent as think={encode(body['think']).decode()}")


class _Messages:
    """Messages one by one; `notes` grows with what is left out."""

    def __init__(self, conversation: Conversation, wishes: Wishes, notes: list[str]) -> None:
        self._names = names_of_calls(conversation.messages)
        self._family = wishes.family
        self._notes = notes

    def render(self, messages: list[Message]) -> list[Object]:
        told: list[Object] = []
        for position, message in enumerate(messages):
            if message.role == "tool":
                told += [self._result(part) for part in message.parts if isinstance(part, ToolResult)]
            elif message.role == "assistant":
                told.append(self._assistant(message, position))
            elif message.role == "user":
                told.append(self._user(message, position))
            else:
                told.append({"role": "system", "content": words_of(message.parts, "\n\n")})
        return told

    def _user(self, message: Message, position: int) -> Object:
        told: Object = {"role": "user", "content": words_of(message.parts, "\n\n")}
        images = []
        for number, part in enumerate(message.parts):
            if isinstance(part, Image) and part.source.data:
                images.append(part.source.data)
            elif text_in(part) is None:
                where, remedy = f"messages[{position}].content[{number}]", "Send pictures inline, as a data URL; others as text."
                raise cannot(where, "text, or an image as base64", _word(part), remedy)
        if images:
            told["images"] = images
        return told

    def _assistant(self, message: Message, position: int) -> Object:
        told: Object = {"role": "assistant", "content": words_of(message.parts)}
        thoughts: list[str] = []
        calls: list[Object] = []
        for part in message.parts:
            if isinstance(part, ToolCall):
                calls.append({"function": {"name": part.name, "arguments": arguments_of(part, self._notes)}})
            elif isinstance(part, Reasoning):
                note = thinks_foreign(part, self._family)
                self._notes += [note] if note else []
                thoughts += [part.text or "\n\n".join(part.summary)] if not note else []
            elif text_in(part) is None:
                self._notes.append(f"messages[{position}]: {_word(part)} left out, Ollama takes text of the assistant alone")
        if any(thoughts):
            told["thinking"] = "\n\n".join(thoughts)
        if calls:
            told["tool_calls"] = calls
        return told

    def _result(self, part: ToolResult) -> Object:
        name = part.name or self._names.get(part.call_id, "")
        return {"role": "tool", "content": words_of(part.parts), **({"tool_name": name} if name else {})}


def _word(part: Part) -> str:
    return type(part).__name__.lower()
