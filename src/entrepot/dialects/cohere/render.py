"""A conversation to Cohere's v2/chat. Its spelling: `p` and `k`, tool choices in capitals, a schema without a name."""

from __future__ import annotations

from typing import Any

from msgspec import Raw

from entrepot.dialects.cohere.wire import NAME, TOOL_PLAN
from entrepot.dialects.dialect import Rendered, Wishes
from entrepot.dialects.unsaid import (
    arguments_of,
    budget_of,
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
from entrepot.values.conversation import Conversation, Foreign, Image, Message, Part, Reasoning, ToolCall, ToolResult, url_of

Object = dict[str, Any]
_SAYS = frozenset(
    {"temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty", "seed", "stop", "logprobs"}
)  # fmt: skip
_LEAST_P, _MOST_P = 0.01, 0.99
_CHOICES = {"none": "NONE", "required": "REQUIRED"}


def render(conversation: Conversation, wishes: Wishes) -> Rendered:
    """raises  InvalidRequest, for what v2/chat has no form for"""
    notes = unsaid(conversation, _SAYS, "Cohere")
    messages = _Messages(wishes, notes).render(results_in_words(conversation.messages, notes))
    body: Object = {"model": wishes.upstream_model, "messages": messages, "stream": conversation.stream}
    _say_settings(conversation, body, notes)
    _say_tools(conversation, body, notes)
    _say_output(conversation, body)
    _say_thinking(conversation, wishes, body, notes)
    return Rendered(encode(body), tuple(dict.fromkeys(notes)))


def _say_settings(conversation: Conversation, body: Object, notes: list[str]) -> None:
    sampling = conversation.sampling
    settings: Object = {
        "max_tokens": conversation.max_tokens,
        "temperature": sampling.temperature,
        "p": _within("top_p", sampling.top_p, _LEAST_P, _MOST_P, notes),
        "k": sampling.top_k,
        "seed": sampling.seed,
        "frequency_penalty": _within("frequency_penalty", sampling.frequency_penalty, 0.0, 1.0, notes),
        "presence_penalty": _within("presence_penalty", sampling.presence_penalty, 0.0, 1.0, notes),
        "stop_sequences": list(sampling.stop) or None,
        "logprobs": sampling.logprobs or None,
    }
    body |= {name: value for name, value in settings.items() if value is not None}


def _within(name: str, value: float | None, least: float, most: float, notes: list[str]) -> float | None:
    if value is None or least <= value <= most:
        return value
    nearest = min(max(value, least), most)
    notes.append(f"{name}: {nearest} instead of {value}, Cohere takes {least} to {most}")
    return nearest


def _say_tools(conversation: Conversation, body: Object, notes: list[str]) -> None:
    tools = callable_tools(conversation, NAME, notes)
    if not tools:
        return
    body["tools"] = [function_of(tool) for tool in tools]
    strict = [tool.strict for tool in tools]
    if all(strict):
        body["strict_tools"] = True
    elif any(strict):
        notes.append("tools: `strict` left out, Cohere knows it for all tools or none")
    choice = conversation.tool_choice
    if choice is not None and choice.mode in _CHOICES:
        body["tool_choice"] = _CHOICES[choice.mode]


def _say_output(conversation: Conversation, body: Object) -> None:
    output = conversation.output
    if output.kind == "json_object":
        body["response_format"] = {"type": "json_object"}
    elif output.kind == "json_schema":
        body["response_format"] = {"type": "json_object", "json_schema": output.schema}


def _say_thinking(conversation: Conversation, wishes: Wishes, body: Object, notes: list[str]) -> None:
    wish = conversation.reasoning
    if wish.effort == "none":
        body["thinking"] = {"type": "disabled"}
    elif wish.max_tokens is not None:
        body["thinking"] = {"type": "enabled", "token_budget": wish.max_tokens}
    elif wish.effort is not None:
        body["thinking"] = {"type": "enabled"}
        longest = conversation.max_tokens or wishes.longest_answer
        if longest is not None:
            body["thinking"]["token_budget"] = budget_of(wish.effort, longest)
        notes.append(f"reasoning_effort: {wish.effort} sent as {encode(body['thinking']).decode()}")


class _Messages:
    """Messages one by one; `notes` grows with what is left out."""

    def __init__(self, wishes: Wishes, notes: list[str]) -> None:
        self._family = wishes.family
        self._takes_thinking = wishes.reasoning is not None or "reasoning" in wishes.upstream_model
        self._notes = notes

    def render(self, messages: list[Message]) -> list[Object]:
        told: list[Object] = []
        for position, message in enumerate(messages):
            if message.role == "tool":
                told += [_result(part) for part in message.parts if isinstance(part, ToolResult)]
            elif message.role == "assistant":
                told.append(self._assistant(message, position))
            elif message.role == "user":
                told.append({"role": "user", "content": _content([*self._parts(message, position)])})
            else:
                told.append({"role": "system", "content": words_of(message.parts, "\n\n")})
        return told

    def _parts(self, message: Message, position: int) -> list[Object | Raw]:
        """The content of a user message."""
        parts: list[Object | Raw] = []
        for number, part in enumerate(message.parts):
            text = text_in(part)
            if text is not None:
                parts.append({"type": "text", "text": text})
            elif isinstance(part, Image) and url_of(part.source):
                detail = {"detail": part.detail} if part.detail else {}
                parts.append({"type": "image_url", "image_url": {"url": url_of(part.source), **detail}})
            elif isinstance(part, Foreign) and part.dialect == NAME:
                parts.append(part.raw)
            else:
                where, what = f"messages[{position}].content[{number}]", type(part).__name__.lower()
                raise cannot(where, "text or an image, by URL or inline", what, "Give it as text, or choose another model.")
        return parts

    def _assistant(self, message: Message, position: int) -> Object:
        told: Object = {"role": "assistant"}
        parts: list[Object | Raw] = []
        calls: list[Object] = []
        for part in message.parts:
            text = text_in(part)
            if text is not None:
                parts += [{"type": "text", "text": text}] if text else []
            elif isinstance(part, ToolCall):
                arguments = bytes(arguments_of(part, self._notes)).decode()
                calls.append({"id": part.id, "type": "function", "function": {"name": part.name, "arguments": arguments}})
            elif isinstance(part, Reasoning):
                self._thought(part, told, parts)
            elif isinstance(part, Foreign) and part.dialect == NAME:
                parts.append(part.raw)
            else:
                self._notes.append(f"messages[{position}]: {_word(part)} left out, Cohere takes text of the assistant alone")
        if parts or not calls:
            told["content"] = _content(parts)
        if calls:
            told["tool_calls"] = calls
        return told

    def _thought(self, part: Reasoning, told: Object, parts: list[Object | Raw]) -> None:
        text = part.text or "\n\n".join(part.summary)
        note = thinks_foreign(part, self._family)
        if part.id == TOOL_PLAN and not note:
            told["tool_plan"] = text
        elif note or not self._takes_thinking:
            self._notes.append(note or "reasoning: left out, the model does not reason")
        elif text:
            parts.append({"type": "thinking", "thinking": text})


def _result(part: ToolResult) -> Object:
    return {"role": "tool", "tool_call_id": part.call_id, "content": words_of(part.parts)}


def _content(parts: list[Object | Raw]) -> str | list[Object | Raw]:
    """One text stands alone; anything else is a list."""
    if not parts:
        return ""
    only = parts[0]
    return only["text"] if len(parts) == 1 and isinstance(only, dict) and only["type"] == "text" else parts


def _word(part: Part) -> str:
    return type(part).__name__.lower()
