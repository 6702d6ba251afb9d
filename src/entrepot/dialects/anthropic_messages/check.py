"""Rules of a Messages request that join two members, or a member and its place. Each refusal names the path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Raw

from entrepot.dialects.anthropic_messages.carried import carried, load_of
from entrepot.dialects.anthropic_messages.wire import Block, Counted, Message, Source, Tool
from entrepot.errors import InvalidRequest
from entrepot.values.conversation import given

_USER, _ASSISTANT, _ANY = ("user",), ("assistant",), ("user", "assistant", "system")
_NEEDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "text": (_ANY, ("text",)),
    "image": (_USER, ("source",)),
    "document": (_USER, ("source",)),
    "search_result": (_USER, ("source", "title", "content")),
    "tool_use": (_ASSISTANT, ("id", "name", "input")),
    "tool_result": (_USER, ("tool_use_id",)),
    "thinking": (_ASSISTANT, ("thinking", "signature")),
    "redacted_thinking": (_ASSISTANT, ("data",)),
}
"""Kind of block: who may say it, and the members it cannot do without."""
FOREIGN = frozenset(
    {
        "server_tool_use", "mcp_tool_use", "mcp_tool_listing", "container_upload", "compaction", "fallback", "tool_reference",
        "tool_addition", "tool_removal", "browser_state",
    }
)  # fmt: skip
IN_RESULTS = ("text", "image", "document", "search_result", "tool_reference", "browser_state")
_SOURCES = {"base64": "data", "text": "data", "url": "url", "file": "file_id", "content": "content"}
_SIGNATURE = re.compile(r"[A-Za-z0-9+/_.:~-]*={0,2}")
_decode_list = msgspec.json.Decoder(list[Raw]).decode
_TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]+")


def is_foreign(kind: str) -> bool:
    """Whether a block has a meaning only at a provider of this dialect, as what its own tools did."""
    return kind in FOREIGN or kind.endswith("_tool_result")


def check(body: Counted) -> None:
    """raises  InvalidRequest"""
    if body.thread is not None:
        raise _threaded()
    calls = False
    for place, message in enumerate(body.messages):
        if not isinstance(message.content, str):
            for number, block in enumerate(message.content):
                if block.type != "text" or block.text is None or given(block.citations) or block.signature:
                    calls = calls or block.type in ("tool_use", "tool_result")
                    _check_block(block, message.role, f"messages[{place}].content[{number}]")
    if calls:
        _check_calls(body.messages)
    if body.tools or body.tool_choice is not None:
        _check_tools(body.tools or (), body)
    if body.models and body.fallbacks:
        raise InvalidRequest(
            "`models` and `fallbacks` say the same thing.",
            field="fallbacks",
            expected="one of the two",
            received="both",
            remedy="Leave `fallbacks` out and list every model in `models`.",
        )
    if body.thinking is not None and body.thinking.type == "enabled" and body.thinking.budget_tokens is None:
        raise _missing("thinking.budget_tokens", "a number of tokens, 1024 or more")


def _threaded() -> InvalidRequest:
    """Of a thread only the provider has the beginning. At this code the runners of Anthropic's SDKs send all turns (2026-11)."""
    return InvalidRequest(
        "`thread` is not offered here: each request carries its whole conversation.",
        field="thread",
        expected="nothing",
        received="a thread",
        remedy="Leave `thread` out and send all `messages`.",
        metadata={"error_code": "thread_unsupported_request"},
    )


def _missing(path: str, expected: str = "a value") -> InvalidRequest:
    return InvalidRequest(f"`{path}` is required.", field=path, expected=expected, received="nothing", remedy=f"Give `{path}`.")


# Blocks


def _check_block(block: Block, role: str, path: str) -> None:
    needs = _NEEDS.get(block.type)
    if needs is None:
        if not is_foreign(block.type):
            raise _unknown(block.type, tuple(_NEEDS), path)
        return
    roles, members = needs
    if role not in roles:
        raise InvalidRequest(
            f"`{path}` is a {block.type} block in a message of role {role}.",
            field=f"{path}.type",
            expected=f"a {block.type} block only in a message of role {' or '.join(roles)}",
            received=f"role {role}",
            remedy=f"Put the block into a message of role {roles[0]}.",
        )
    for name in members:
        value = getattr(block, name)
        if value is None or (name == "input" and not given(value)):
            raise _missing(f"{path}.{name}")
    _CHECKS.get(block.type, _nothing)(block, path)


def _unknown(kind: str, known: Sequence[str], path: str) -> InvalidRequest:
    return InvalidRequest(
        f"`{path}.type` is {kind!r:.80}, which is no block of the Messages API.",
        field=f"{path}.type",
        expected="one of " + ", ".join(known) + ", or a block of a tool that the provider runs",
        received=kind[:80],
        remedy="Correct the type, or leave the block out.",
    )


def _nothing(block: Block, path: str) -> None:
    return None


def _check_source(block: Block, path: str) -> None:
    source = block.source
    kinds = [kind for kind in _SOURCES if block.type == "document" or kind not in ("text", "content")]
    if not isinstance(source, Source) or source.type not in kinds:
        raise InvalidRequest(
            f"`{path}.source` is not a source of {block.type}s.",
            field=f"{path}.source.type",
            expected="one of " + ", ".join(kinds),
            received=source.type[:80] if isinstance(source, Source) else "a string",
            remedy="Give the bytes as base64 with their media type, or an address.",
        )
    member = _SOURCES[source.type]
    if not getattr(source, member):
        raise _missing(f"{path}.source.{member}")
    if source.type == "base64" and not source.media_type:
        raise _missing(f"{path}.source.media_type", "a media type as image/png")


def _check_signature(block: Block, path: str) -> None:
    _check_state(block.signature or "", f"{path}.signature")


def _check_text(block: Block, path: str) -> None:
    """State of a text stands beside it; see `carried.py`."""
    _check_state(block.signature or "", f"{path}.signature")
    if bytes(memoryview(block.citations))[:1] == b"[":
        for number, raw in enumerate(_decode_list(block.citations)):
            try:
                load_of(raw)
            except ValueError:
                raise _tampered(f"{path}.citations[{number}].file_id", len(memoryview(raw))) from None


def _check_hidden(block: Block, path: str) -> None:
    _check_state(block.data or "", f"{path}.data")


def _check_state(state: str, path: str) -> None:
    try:
        intact = carried(state) is not None or _SIGNATURE.fullmatch(state) is not None
    except ValueError:
        intact = False
    if not intact:
        raise _tampered(path, len(state))


def _tampered(path: str, length: int) -> InvalidRequest:
    return InvalidRequest(
        f"`{path}` is not what the model gave: a part of it is missing or was changed.",
        field=path,
        expected="the value of the answer, to the byte",
        received=f"{length} characters",
        remedy="Send thinking blocks back exactly as they came, or leave the whole block out.",
    )


def _check_call(block: Block, path: str) -> None:
    if not block.id:
        raise _missing(f"{path}.id")
    if bytes(memoryview(block.input))[:1] != b"{":
        raise InvalidRequest(
            f"`{path}.input` is not an object.",
            field=f"{path}.input",
            expected="a JSON object",
            received=bytes(memoryview(block.input))[:80].decode(errors="replace"),
            remedy="Send the input as the answer gave it; {} for none.",
        )


def _check_result(block: Block, path: str) -> None:
    if isinstance(block.content, dict):
        raise InvalidRequest(
            f"`{path}.content` is an object.",
            field=f"{path}.content",
            expected="a string or a list of blocks",
            received="an object",
            remedy="Send an object as its JSON text.",
        )
    for number, inner in enumerate(block.content if isinstance(block.content, list) else ()):
        if inner.type not in IN_RESULTS:
            raise _unknown(inner.type, IN_RESULTS, f"{path}.content[{number}]")
        _check_block(inner, "user", f"{path}.content[{number}]")


_CHECKS = {
    "text": _check_text,
    "image": _check_source,
    "document": _check_source,
    "thinking": _check_signature,
    "redacted_thinking": _check_hidden,
    "tool_use": _check_call,
    "tool_result": _check_result,
}


# Calls and their results


def _check_calls(messages: Sequence[Message]) -> None:
    """Every call is answered in the user's turn after it, once, and nothing else is."""
    calls: dict[str, str] = {}
    answered: set[str] = set()
    before = ""
    for place, message in enumerate(messages):
        if message.role == "assistant":
            if before != "assistant":
                _refuse_unanswered(calls, answered)
                calls, answered = {}, set()
            calls.update(_calls_in(message, place))
        for path, name in _results_in(message, place):
            if name not in calls or name in answered:
                raise InvalidRequest(
                    f"`{path}` answers {name[:80]!r}, which "
                    + ("was answered already." if name in answered else "the assistant's turn before it did not call."),
                    field=path,
                    expected="the id of a tool_use block in the assistant's turn right before, each once",
                    received=name[:80],
                    remedy="Send the assistant's turn with the tool_use block before its result, or leave the result out.",
                )
            answered.add(name)
        before = message.role
    _refuse_unanswered(calls, answered)


def _refuse_unanswered(calls: dict[str, str], answered: set[str]) -> None:
    for name, path in calls.items():
        if name not in answered:
            raise InvalidRequest(
                f"`{path}` is a call of a tool without its result.",
                field=path,
                expected=f"a tool_result block for {name[:80]} in the user's message right after it",
                received="none",
                remedy="Send the result of every call together; is_error: true tells that one failed.",
            )


def _calls_in(message: Message, place: int) -> Iterator[tuple[str, str]]:
    for number, block in enumerate(message.content):
        if isinstance(block, Block) and block.type == "tool_use" and block.id is not None:
            yield block.id, f"messages[{place}].content[{number}].id"


def _results_in(message: Message, place: int) -> Iterator[tuple[str, str]]:
    for number, block in enumerate(message.content):
        if isinstance(block, Block) and block.type == "tool_result" and block.tool_use_id is not None:
            yield f"messages[{place}].content[{number}].tool_use_id", block.tool_use_id


# Tools


def _check_tools(tools: Sequence[Tool], body: Counted) -> None:
    for place, tool in enumerate(tools):
        if not tool.is_function:
            continue
        if not _TOOL_NAME.fullmatch(tool.name):
            raise InvalidRequest(
                f"`tools[{place}].name` is not a tool's name.",
                field=f"tools[{place}].name",
                expected="1 to 128 letters, digits, _ and -",
                received=tool.name or "nothing",
                remedy="Rename the tool.",
            )
        if tool.input_schema is None:
            raise _missing(f"tools[{place}].input_schema", 'a JSON schema, {"type": "object"} for a tool without parameters')
    choice = body.tool_choice
    if choice is None or choice.type in ("auto", "none"):
        return
    names = [tool.name for tool in tools]
    if choice.type == "any" and not names and not body.mcp_servers:
        raise _missing("tools", "at least one tool, as `tool_choice` is any")
    if choice.type == "tool" and choice.name not in names:
        raise InvalidRequest(
            "`tool_choice` names a tool that is not among `tools`.",
            field="tool_choice.name",
            expected=", ".join(names[:20]) or "a tool in `tools`",
            received=(choice.name or "nothing")[:80],
            remedy="Name one of the tools of this request; tools are sent again on every turn.",
        )
