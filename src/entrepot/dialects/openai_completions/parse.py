"""Client bytes to a request, which is a chat with one message in all but its answer, or an error that says what would mend it."""

from __future__ import annotations

from typing import cast

import msgspec
from msgspec import Raw

from entrepot.dialects.body import Words, read_body, show
from entrepot.dialects.openai_chat.converse import converse as converse_chat
from entrepot.dialects.openai_chat.parse import parse_request
from entrepot.dialects.openai_completions.wire import NAME, CompletionRequest
from entrepot.dialects.voice import Fields, encode
from entrepot.errors import InvalidRequest
from entrepot.values.chat import Request as ChatRequest
from entrepot.values.conversation import Conversation
from entrepot.values.media import NO_MEDIA
from entrepot.values.request import Request

_decode = msgspec.json.Decoder(CompletionRequest).decode
_OWN = frozenset({"prompt", "echo", "suffix", "best_of", "logprobs"})
_CHATS = ("messages", "tools", "tool_choice", "functions", "function_call", "modalities", "audio", "top_logprobs")
_NULL = b"null"


class Completion(ChatRequest, kw_only=True):
    """A chat request with the prompt as its message, and what its writer must know beside."""

    prompt: str = ""
    echo: bool = False


def parse(body: bytes) -> Completion:
    """raises  InvalidRequest"""
    said, fields = read_body(body, _decode, _WORDS)
    prompt = _prompt(said)
    _check(said, fields)
    chat = parse_request(encode(_as_chat(said, fields, prompt)))
    known = (chat.chat, chat.fields, chat.unknown, len(body), NO_MEDIA)
    return Completion(*known, dialect=NAME, prompt=prompt if said.echo else "", echo=bool(said.echo))


def converse(request: Request) -> Conversation:
    """raises  InvalidRequest"""
    return converse_chat(cast(Completion, request))


def _as_chat(said: CompletionRequest, fields: Fields, prompt: str) -> Fields:
    chat = {name: raw for name, raw in fields.items() if name not in _OWN}
    chat["messages"] = Raw(encode([{"role": "user", "content": prompt}]))
    if said.logprobs is not None:
        chat |= {"logprobs": Raw(b"true"), "top_logprobs": Raw(b"%d" % said.logprobs)}
    return chat


def _prompt(said: CompletionRequest) -> str:
    given = said.prompt if isinstance(said.prompt, list) else [said.prompt]
    if given in ([], [""]):
        raise _wrong("prompt", "`prompt` is empty.", "a text", show(said.prompt), "Send the text to go on from.")
    if not all(isinstance(item, str) for item in given):
        message = "`prompt` is not text: tokens mean nothing without the vocabulary they were made with."
        raise _wrong("prompt", message, "a text", show(given), "Send the text itself; the provider makes its own tokens of it.")
    if len(given) > 1:
        remedy = "Send each prompt in a request of its own; `n` gives several completions of one prompt."
        raise _wrong("prompt", f"`prompt` has {len(given)} prompts.", "one prompt", f"{len(given)} prompts", remedy)
    return str(given[0])


def _check(said: CompletionRequest, fields: Fields) -> None:
    """What no conversation can do, and members that belong to another path."""
    if said.suffix:
        remedy = "Leave it out, and say in the prompt what follows."
        raise _wrong("suffix", "Completions that end in a given `suffix` are not offered.", "none", show(said.suffix), remedy)
    if said.best_of and said.best_of != (said.n or 1):
        told = "`best_of` is not offered: completions are not ranked here."
        raise _wrong("best_of", told, f"{said.n or 1}, as `n`", str(said.best_of), "Leave it out; `n` gives as many as you want.")
    if said.echo and said.logprobs is not None:
        told = "`echo` with `logprobs` is not offered: nobody tells the probabilities of a prompt's tokens."
        raise _wrong("echo", told, "one of the two", "both", "Leave one of them out.")
    for name in _CHATS:
        if name in fields and bytes(memoryview(fields[name])) != _NULL:
            remedy = "POST it to /api/v1/chat/completions, with `messages` in place of `prompt`."
            raise _wrong(name, f"`{name}` belongs to /chat/completions.", "nothing", "something", remedy)


def _wrong(field: str, message: str, expected: str, received: str, remedy: str) -> InvalidRequest:
    return InvalidRequest(message, field=field, expected=expected, received=received, remedy=remedy)


def _expected(told: str, path: str) -> str:
    return "a text" if path == "prompt" else ""


def _remedy(path: str) -> str:
    return 'Send `prompt: "..."`; `messages` belong to /chat/completions.' if path == "prompt" else ""


_WORDS = Words(_expected, _remedy)
