"""Conversations for tests of dialects that only providers speak: everything one can say, and Bedrock's own bodies read back."""

import json
from typing import Any

from msgspec import Raw

from entrepot.values.conversation import (
    Cache,
    Conversation,
    File,
    Image,
    Message,
    Opaque,
    OutputFormat,
    Part,
    Reasoning,
    ReasoningWish,
    Sampling,
    Source,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Video,
)

PNG = Source(data="iVBORw0KGgo=", media_type="image/png")
PDF = Source(data="JVBERi0=", media_type="application/pdf")
TOOL = Tool("get_weather", "Weather", Raw(b'{"type":"object","properties":{"city":{"type":"string"}}}'))
NOTHING_ASKED = Tool("now", None)
SETTINGS = Sampling(temperature=0.5, top_p=0.9, top_k=5, stop=("END",), seed=7, min_p=0.1, logit_bias=Raw(b'{"1":2}'))
CALLS: tuple[Part, ...] = (
    Reasoning("Paris first", state=Opaque("anthropic-claude-v1", "c2ln")),
    Text("Let me look."),
    ToolCall("call|1", "get_weather", '{"city": "Paris"}'),
    ToolCall("call_2", "now", ""),
)
LOOP = (
    Message("system", (Text("Be brief.", cache=Cache("1h")),)),
    Message("user", (Text("Weather?"),)),
    Message("assistant", CALLS),
    Message("tool", (ToolResult("call|1", (Text("18 C"), Image(PNG))),)),
    Message("tool", (ToolResult("call_2", (), is_error=True, cache=Cache()),)),
    Message("user", (Text("And tomorrow?"), Image(PNG))),
)
RICH = (
    Message(
        "user", (File(PDF, "a?b.pdf", citable=True), File(PDF, "a b.pdf"), Video(Source(data="AA==", media_type="video/mp4")))
    ),
)
PLAIN = (Message("user", (Text("Hi"),)),)
SCHEMA = OutputFormat("json_schema", "pet", Raw(b'{"type":"object","properties":{}}'), True)

_COMMON = [
    Conversation(messages=PLAIN),
    Conversation(messages=PLAIN, sampling=SETTINGS, max_tokens=100, stream=True, user="alice", service_tier="flex"),
    Conversation(messages=LOOP, tools=(TOOL, NOTHING_ASKED), parallel_tool_calls=False),
    Conversation(messages=LOOP),
    Conversation(messages=PLAIN, tools=(TOOL,), tool_choice=ToolChoice("none")),
    Conversation(messages=PLAIN, output=SCHEMA, reasoning=ReasoningWish("high"), max_tokens=2000),
    Conversation(messages=PLAIN, output=OutputFormat("json_object"), reasoning=ReasoningWish(max_tokens=4000)),
    Conversation(messages=PLAIN, reasoning=ReasoningWish("none")),
    Conversation(messages=(Message("assistant", (Text("Hello"),)), Message("developer", (Text("Be kind."),)))),
]
FORCED = Conversation(
    messages=PLAIN, tools=(TOOL, NOTHING_ASKED), tool_choice=ToolChoice("required", ("now",)), reasoning=ReasoningWish("low")
)
EVERYTHING = {
    "ollama": _COMMON,
    "cohere": [*_COMMON, FORCED],
    "bedrock_converse": [*_COMMON, FORCED, Conversation(messages=RICH, cache=Cache("1h"))],
}


def said_to_bedrock(body: dict[str, Any], family: str) -> Conversation:
    """A recorded body of Converse as a conversation, for the members that the recordings have."""
    told = [Message("system", _parts([block], family)) for block in _marked(body.get("system", []))]
    for message in body["messages"]:
        parts = _parts(message["content"], family)
        results = tuple(part for part in parts if isinstance(part, ToolResult))
        told.append(Message("tool" if results else message["role"], parts))
    config = body.get("toolConfig", {}).get("tools", [])
    tools: list[Tool] = []
    for number, tool in enumerate(config):
        if "toolSpec" in tool:
            spec = tool["toolSpec"]
            cache = Cache() if any("cachePoint" in after for after in config[number + 1 : number + 2]) else None
            schema = Raw(json.dumps(spec["inputSchema"]["json"]).encode())
            tools.append(Tool(spec["name"], spec.get("description"), schema, cache=cache))
    thinking = body.get("additionalModelRequestFields", {}).get("thinking", {})
    settings = body.get("inferenceConfig", {})
    chosen = body.get("toolConfig", {}).get("toolChoice")
    return Conversation(
        messages=tuple(told),
        tools=tuple(tools),
        tool_choice=ToolChoice("auto") if chosen == {"auto": {}} else None,
        sampling=Sampling(settings.get("temperature"), settings.get("topP")),
        max_tokens=settings.get("maxTokens"),
        reasoning=ReasoningWish(max_tokens=thinking.get("budget_tokens")),
    )


def _marked(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The blocks without cache points, each point as a mark on the block before it."""
    found: list[dict[str, Any]] = []
    for block in blocks:
        if "cachePoint" in block:
            found[-1] = found[-1] | {"mark": True}
        else:
            found.append(block)
    return found


def _parts(blocks: list[dict[str, Any]], family: str) -> tuple[Part, ...]:
    parts: list[Part] = []
    for block in _marked(blocks):
        cache = Cache() if "mark" in block else None
        if "text" in block:
            parts.append(Text(block["text"], cache=cache))
        elif "document" in block:
            source = Source(data=block["document"]["source"]["bytes"], media_type="text/plain")
            parts.append(File(source, block["document"]["name"], cache=cache))
        elif "toolUse" in block:
            use = block["toolUse"]
            parts.append(ToolCall(use["toolUseId"], use["name"], json.dumps(use["input"])))
        elif "toolResult" in block:
            parts.append(ToolResult(block["toolResult"]["toolUseId"], _parts(block["toolResult"]["content"], family)))
        else:
            told = block["reasoningContent"]["reasoningText"]
            parts.append(Reasoning(told["text"], state=Opaque(family, told["signature"])))
    return tuple(parts)
