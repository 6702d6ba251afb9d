"""A conversation to the body of generateContent.

A conversation that came in this dialect has its members beside it (`source`): they stay as they came, to the byte, and only what
was changed since is written anew, so that one way serves both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Raw

from entrepot.dialects.dialect import Rendered, Wishes
from entrepot.dialects.gemini.asked import Asked
from entrepot.dialects.gemini.contents import raw_items
from entrepot.dialects.gemini.converse import conversation_of_fields, message_groups
from entrepot.dialects.gemini.parse import member, said_in
from entrepot.dialects.gemini.read import DIALECT, FAMILY
from entrepot.dialects.gemini.schema import google_schema
from entrepot.dialects.gemini.state import PACKED
from entrepot.dialects.gemini.thinking import Kind, kind_of, thinking_config
from entrepot.dialects.gemini.told import some
from entrepot.dialects.gemini.turns import Speaker
from entrepot.dialects.translated import conversation_of
from entrepot.dialects.unsaid import callable_tools, cannot, unsaid
from entrepot.dialects.voice import Fields, encode
from entrepot.values.conversation import (
    Conversation,
    Message,
    Tool,
    ToolChoice,
    fitted,
    given,
    leading_system,
)
from entrepot.values.request import Request

Json = dict[str, Any]
_SAYS = frozenset({
    "temperature", "top_p", "top_k", "presence_penalty", "frequency_penalty", "seed", "stop", "logprobs", "top_logprobs", "n",
    "modalities", "service_tier", "web_search_options", "cache_control",
})  # fmt: skip
"""Cache markers count as said: Google caches what prompts have in common by itself."""
_SPELLINGS = {"systemInstruction": "system_instruction", "toolConfig": "tool_config", "generationConfig": "generation_config",
              "serviceTier": "service_tier"}  # fmt: skip
_OWN = ("model", "models", "provider")
_MOST_STOPS = 5
_decode_asked = msgspec.json.Decoder(Asked).decode
_decode_fields = msgspec.json.Decoder(Fields).decode


def render(conversation: Conversation, wishes: Wishes) -> Rendered:
    """raises  InvalidRequest, for what the dialect cannot express"""
    notes: list[str] = []
    if conversation.dialect == DIALECT and conversation.source:
        body = _kept(conversation, wishes, notes)
    else:
        body = encode(_fields(conversation, wishes, notes))
    return Rendered(body, tuple(dict.fromkeys(notes)))


def respeak(request: Request, wishes: Wishes) -> Rendered:
    """The body as it came, unless the plan changed something or a part bears another maker's state."""
    said = said_in(request)
    own = wishes.family in ("", FAMILY)
    unchanged = not wishes.dropped and wishes.effort == request.effort and wishes.max_tokens == request.max_tokens
    if said is not None and own and unchanged and request.fields.keys().isdisjoint(_OWN) and PACKED not in said.body:
        return Rendered(said.body)
    wishes = msgspec.structs.replace(wishes, family=wishes.family or FAMILY, shows=request.wishes_reasoning_text)
    return render(fitted(conversation_of(request), wishes.dropped, wishes.effort, wishes.max_tokens), wishes)


# Written anew


def _fields(conversation: Conversation, wishes: Wishes, notes: list[str]) -> Json:
    notes += unsaid(conversation, _SAYS, "Gemini")
    leading, rest = leading_system(conversation.messages)
    if not rest:
        rest = tuple([Message("user", told.parts) for told in leading])
        leading = ()
    speaker = Speaker(conversation.messages, kind_of(wishes.upstream_model), wishes.family or FAMILY, notes)
    fields: Json = {"contents": speaker.contents(rest)}
    system = speaker.system(leading)
    if system is not None:
        fields["systemInstruction"] = system
    return fields | _settings(conversation, wishes, notes)


def _settings(conversation: Conversation, wishes: Wishes, notes: list[str]) -> Json:
    """Everything but the messages."""
    kind = kind_of(wishes.upstream_model)
    fields: Json = {}
    tools = _tools(conversation, kind, notes)
    if tools:
        fields["tools"] = tools
    choice = _choice(conversation, kind, notes)
    if choice is not None:
        fields["toolConfig"] = {"functionCallingConfig": choice}
    config = _config(conversation, wishes, kind, notes)
    if config:
        fields["generationConfig"] = config
    if conversation.service_tier in ("flex", "priority", "default", "standard"):
        fields["serviceTier"] = conversation.service_tier.replace("default", "standard")
    return fields


def _tools(conversation: Conversation, kind: Kind, notes: list[str]) -> list[Json]:
    declared: list[Json] = []
    hosted: list[Json] = []
    for tool in callable_tools(conversation, DIALECT, notes):
        if tool.kind == "function":
            declared.append(_function(tool, f"tools[{conversation.tools.index(tool)}]", kind))
        else:
            hosted.append(dict(_decode_fields(tool.raw)))
    if given(conversation.web_search):
        if declared:
            notes.append("web_search_options: left out, the model searches only where it has no functions to call")
        else:
            hosted.append({"googleSearch": {}})
    return [*([{"functionDeclarations": declared}] if declared else []), *hosted]


def _function(tool: Tool, path: str, kind: Kind) -> Json:
    told: Json = {"name": tool.name, "description": tool.description or ""}
    if bytes(tool.parameters).strip() in (b"", b"{}", b"null"):
        return told
    if kind.json_schema:
        return told | {"parametersJsonSchema": tool.parameters}
    return told | {"parameters": google_schema(tool.parameters, f"{path}.parameters")}


_MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY"}


def _choice(conversation: Conversation, kind: Kind, notes: list[str]) -> Json | None:
    """Functions beyond the choice's names are not declared at all, so that names need saying only where one must be called."""
    choice = conversation.tool_choice or ToolChoice("auto")
    strict = any(tool.strict for tool in conversation.tools)
    if strict and not (kind.json_schema and choice.mode == "auto"):
        notes.append("tools: `strict` left out, the model has no word for it here")
    if strict and kind.json_schema and choice.mode == "auto":
        return {"mode": "VALIDATED"}
    if conversation.tool_choice is None or not any(tool.kind == "function" for tool in conversation.tools):
        return None
    told: Json = {"mode": _MODES[choice.mode]}
    if choice.names and choice.mode == "required":
        told["allowedFunctionNames"] = list(choice.names)
    return told


def _config(conversation: Conversation, wishes: Wishes, kind: Kind, notes: list[str]) -> Json:
    sampling = conversation.sampling
    if len(sampling.stop) > _MOST_STOPS:
        raise cannot("stop", f"at most {_MOST_STOPS} sequences", len(sampling.stop), "Leave some of them out.")
    config: Json = {
        "candidateCount": sampling.n,
        "stopSequences": list(sampling.stop) or None,
        "maxOutputTokens": conversation.max_tokens,
        "temperature": sampling.temperature,
        "topP": sampling.top_p,
        "topK": sampling.top_k,
        "seed": _seed(sampling.seed, notes),
        "presencePenalty": sampling.presence_penalty,
        "frequencyPenalty": sampling.frequency_penalty,
        "responseLogprobs": sampling.logprobs,
        "logprobs": sampling.top_logprobs if sampling.logprobs else None,
    }
    config |= _output(conversation, kind)
    if conversation.modalities and conversation.modalities != ("text",):
        config["responseModalities"] = [modality.upper() for modality in conversation.modalities]
    shows = _shows(conversation, wishes, kind)
    thinking = thinking_config(conversation.reasoning, kind, conversation.max_tokens, shows, notes)
    if thinking:
        config["thinkingConfig"] = thinking
    return {name: value for name, value in config.items() if value is not None}


def _shows(conversation: Conversation, wishes: Wishes, kind: Kind) -> bool:
    """Whether thoughts are to be told: a client of this dialect says so, for others where the model is known to have any."""
    wish = conversation.reasoning
    if conversation.dialect == DIALECT or not wishes.shows:
        return wish.exclude is False
    wished = wish.effort or wish.max_tokens or wish.adaptive or wish.summary or wish.exclude is False
    return bool(wished) or (wishes.reasoning is not None and not kind.lite)


def _seed(seed: int | None, notes: list[str]) -> int | None:
    if seed is None or -(2**31) <= seed < 2**31:
        return seed
    notes.append("seed: only its last 31 bits, the provider takes no more")
    return seed & 0x7FFFFFFF


def _output(conversation: Conversation, kind: Kind) -> Json:
    output = conversation.output
    if output.kind == "text":
        return {}
    told: Json = {"responseMimeType": "application/json"}
    if output.kind == "json_schema" and given(output.schema):
        if kind.json_schema:
            told["responseJsonSchema"] = output.schema
        else:
            told["responseSchema"] = google_schema(output.schema, "response_format.json_schema.schema")
    return told


# Kept as it came


def _kept(conversation: Conversation, wishes: Wishes, notes: list[str]) -> bytes:
    """The members as they came, with those that say something else now written anew."""
    fields = {name: raw for name, raw in conversation.source.items() if name not in _OWN}
    asked = _decode_asked(encode(fields))
    first = conversation_of_fields(asked, fields, conversation.stream)
    family = wishes.family or FAMILY
    if conversation.messages != first.messages or _bears_foreign(conversation.messages, family):
        _keep_messages(fields, conversation, message_groups(asked, fields), wishes, notes)
    if msgspec.structs.replace(conversation, messages=(), source={}) != msgspec.structs.replace(first, messages=(), source={}):
        _keep_settings(fields, _settings(first, wishes, []), _settings(conversation, wishes, notes))
    return encode(fields)


def _bears_foreign(messages: Iterable[Message], family: str) -> bool:
    states = (getattr(part, "state", None) for message in messages for part in message.parts)
    return any(state is not None and state.family != family for state in states)


def _keep_messages(
    fields: Fields, conversation: Conversation, groups: Sequence[tuple[Message, ...]], wishes: Wishes, notes: list[str]
) -> None:
    """Contents whose messages are the same stay as they came."""
    family = wishes.family or FAMILY
    speaker = Speaker(conversation.messages, kind_of(wishes.upstream_model), family, notes)
    messages, at, contents = conversation.messages, len(groups[0]), list[Any]()
    if messages[:at] != groups[0]:
        leading, _ = leading_system(messages)
        at = len(leading)
        _put(fields, "systemInstruction", speaker.system(leading))
    for raw, group in zip(raw_items(fields["contents"]), groups[1:], strict=True):
        same = messages[at : at + len(group)] == group and not _bears_foreign(group, family)
        contents += [raw] if same else speaker.contents(messages[at : at + len(group)])
        at += len(group)
    contents += speaker.contents(messages[at:])
    fields["contents"] = Raw(encode(contents))


def _keep_settings(fields: Fields, first: Json, now: Json) -> None:
    """Changes what was changed, member by member, and in the generation config too."""
    for name in ("tools", "toolConfig", "serviceTier"):
        if encode(first.get(name)) != encode(now.get(name)):
            _put(fields, name, now.get(name))
    was, wished = first.get("generationConfig", {}), now.get("generationConfig", {})
    changed = [name for name in {**was, **wished} if encode(was.get(name)) != encode(wished.get(name))]
    if changed:
        raw = member(fields, "generationConfig", "generation_config")
        config: Fields = _decode_fields(raw) if some(raw) else {}
        for name in changed:
            config.pop(_snake(name), None)
            config.pop(name, None)
            if name in wished:
                config[name] = Raw(encode(wished[name]))
        _put(fields, "generationConfig", config)


def _snake(name: str) -> str:
    return "".join([f"_{letter.lower()}" if letter.isupper() else letter for letter in name])


def _put(fields: Fields, name: str, value: Any) -> None:
    """Sets a member under the spelling it came in; takes it away when there is nothing to say."""
    key = next((spelling for spelling in (_SPELLINGS.get(name, name), name) if spelling in fields), name)
    if value is None:
        fields.pop(key, None)
    else:
        fields[key] = Raw(encode(value))
