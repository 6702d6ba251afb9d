"""What it costs to translate: CPU of the dialects' work for one request and one streamed chunk, for every pair of dialects.

python -m bench translate [ROUNDS]

All else on the way of a request is the same whatever is spoken, so only what differs is run: request bytes to request, request to
provider bytes, the provider's answer to ours. The pairs take turns. Shown is the least of the rounds, which others on the machine
disturb least, less that of chat to chat, whose bytes are spliced; the median stands in brackets.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.double import TEXT
from entrepot.dialects.dialect import Hearing, Wishes
from entrepot.dialects.gather import events_of
from entrepot.dialects.translated import body_for, dialect, plain_answer, streamed_answer
from entrepot.dialects.voice import Voice
from entrepot.values.conversation import Text
from entrepot.values.event import Began, Event, Finished, PartBegan, PartEnded, TextDelta, UsageSeen
from entrepot.values.request import Request
from entrepot.values.usage import Usage

CLIENTS = ("openai_chat", "openai_responses", "anthropic_messages", "gemini")
PROVIDERS = ("openai_chat", "openai_responses", "anthropic_messages", "gemini")
TIMES = 100
CHUNKS = 100
PLAIN_US, CHUNK_US = 60, 12
_QUESTION = "When is high water at the old harbour, and how deep is the channel then? Answer in one sentence. " * 6
_SYSTEM = "You are the harbour master."
_USED = Usage(prompt_tokens=200, completion_tokens=90)
_VOICE = Voice("gen-01AAAAAAAAAAAAAAAAAAAAAAAA", "openai/gpt-5.1", "OpenAI", 1763000000, lambda text: None)


def request_of(client: str, stream: bool) -> bytes:
    turn: dict[str, Any] = {"role": "user", "content": _QUESTION}
    bodies: dict[str, dict[str, Any]] = {
        "openai_chat": {"messages": [{"role": "system", "content": _SYSTEM}, turn], "max_tokens": 256},
        "openai_responses": {"instructions": _SYSTEM, "input": [turn], "max_output_tokens": 256},
        "anthropic_messages": {"system": _SYSTEM, "messages": [turn], "max_tokens": 256},
        "gemini": {
            "systemInstruction": {"parts": [{"text": _SYSTEM}]},
            "contents": [{"role": "user", "parts": [{"text": _QUESTION}]}],
            "generationConfig": {"maxOutputTokens": 256},
        },
    }
    named = {} if client == "gemini" else {"model": "openai/gpt-5.1", **({"stream": True} if stream else {})}
    return json.dumps(named | bodies[client], separators=(",", ":")).encode()


def parsed(client: str, stream: bool = False) -> Request:
    parse = dialect(client).parse
    assert parse is not None
    return parse(request_of(client, stream))


def whole_of(provider: str) -> bytes:
    write = dialect(provider).write
    assert write is not None
    events: list[Event] = [Began("up-1", "gpt-5.1"), *events_of([Text(TEXT)]), UsageSeen(_USED), Finished("stop", "stop")]
    return write(events, _VOICE, parsed(provider), _USED, 0, 0)


def stream_of(provider: str) -> list[bytes]:
    """The pieces of a provider's stream: one for the beginning, one a chunk of text, one for the end."""
    writer = dialect(provider).writer
    assert writer is not None
    out = writer(_VOICE, parsed(provider, stream=True))
    pieces = [out.feed([Began("up-1", "gpt-5.1"), PartBegan(0, "text")])]
    pieces += [out.feed([TextDelta(0, " the tide")]) for _ in range(CHUNKS)]
    pieces.append(out.feed([PartEnded(0), UsageSeen(_USED), Finished("stop", "stop")]) + out.end(_USED, 0, 0))
    return [piece for piece in pieces if piece]


def plainly(client: str, provider: str) -> Callable[[], None]:
    body, told = request_of(client, False), whole_of(provider)
    parse, hearing = dialect(client).parse, Hearing(family=dialect(provider).family)
    assert parse is not None
    wishes = Wishes("gpt-5.1", "max_completion_tokens", 256, longest_answer=8192)

    def once() -> None:
        request = parse(body)
        body_for(request, provider, wishes)
        answer = plain_answer(told, _VOICE, request, provider, hearing)
        answer.render_with(_USED, 1000, 2000)

    return once


def by_chunk(client: str, provider: str) -> Callable[[], None]:
    pieces, request = stream_of(provider), parsed(client, stream=True)
    hearing = Hearing(family=dialect(provider).family)

    def once() -> None:
        stream = streamed_answer(_VOICE, request, provider, hearing)
        for piece in pieces:
            stream.feed(piece)

    return once


def microseconds(work: Callable[[], None], times: int) -> float:
    began = time.process_time_ns()
    for _ in range(times):
        work()
    return (time.process_time_ns() - began) / times / 1000


Found = dict[tuple[str, str], tuple[float, float]]
"""Least and median by client and provider, microseconds."""


def measured(make: Callable[[str, str], Callable[[], None]], rounds: int, times: int, per: int) -> Found:
    pairs = {(client, provider): make(client, provider) for client in CLIENTS for provider in PROVIDERS}
    for work in pairs.values():
        work()
    seen: dict[tuple[str, str], list[float]] = {pair: [] for pair in pairs}
    for _ in range(rounds):
        for pair, work in pairs.items():
            seen[pair].append(microseconds(work, times) / per)
    return {pair: (min(found), statistics.median(found)) for pair, found in seen.items()}


def show(title: str, found: Found, target: float, console: Console) -> None:
    least, median = found["openai_chat", "openai_chat"]
    title = f"{title}: chat to chat {least:.1f} us ({median:.1f}); more than that, target {target:g} us"
    table = Table(title=title, title_justify="left")
    table.add_column("client")
    for provider in PROVIDERS:
        table.add_column(f"to {provider}", justify="right")
    for client in CLIENTS:
        extra = [(found[client, provider][0] - least, found[client, provider][1] - median) for provider in PROVIDERS]
        cells = [f"{more:+.1f} ({usual:+.1f})" for more, usual in extra]
        table.add_row(
            client, *[f"[bold]{cell}[/]" if more > target else cell for cell, (more, _) in zip(cells, extra, strict=True)]
        )
    console.print(table)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    console = Console(width=None if sys.stdout.isatty() else 120)
    show("CPU of a plain request", measured(plainly, rounds, TIMES, 1), PLAIN_US, console)
    show("CPU of a streamed chunk", measured(by_chunk, rounds, 5, CHUNKS), CHUNK_US, console)
    console.print(f"{rounds} rounds in turn: least (median). What is over its target is bold.")


if __name__ == "__main__":
    main()
