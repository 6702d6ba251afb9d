"""A provider for benchmarks: answers at once with prebuilt bytes, plain or streamed, on uvloop and nothing else.

    python -m bench.double PORT

The model's name says how it streams, because that is what every gateway passes on: `gpt-5.1-100x20ms` sends 100 chunks, one
every 20 ms. A name that does not say it is 100x0ms.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys

import httptools
import uvloop

from bench.processes import raise_file_limit

TEXT = "The tide comes in and the tide goes out, and the port keeps its books by both. " * 5


def plain_answer() -> bytes:
    body = json.dumps(
        {
            "id": "chatcmpl-bench",
            "object": "chat.completion",
            "created": 1763000000,
            "model": "gpt-5.1-2025-11-13",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": TEXT, "refusal": None, "annotations": []},
                    "logprobs": None,
                    "finish_reason": "stop",
                }
            ],
            "usage": {
                "prompt_tokens": 200,
                "completion_tokens": 90,
                "total_tokens": 290,
                "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
                "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
            },
            "service_tier": "default",
            "system_fingerprint": None,
        },
        separators=(",", ":"),
    ).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def _event(choices: str, usage: str = "null") -> bytes:
    data = (
        '{"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1763000000,"model":"gpt-5.1-2025-11-13",'
        f'"service_tier":"default","system_fingerprint":null,"choices":{choices},"usage":{usage}}}'
    )
    return f"data: {data}\n\n".encode()


CHUNK = _event('[{"index":0,"delta":{"content":" harbour"},"finish_reason":null}]')
ENDING = (
    _event('[{"index":0,"delta":{},"finish_reason":"stop"}]')
    + _event("[]", '{"prompt_tokens":200,"completion_tokens":90,"total_tokens":290}')
    + b"data: [DONE]\n\n"
)


def chunked(data: bytes) -> bytes:
    return b"%x\r\n" % len(data) + data + b"\r\n"


class Double(asyncio.Protocol):
    """One connection. A body that has `"stream":true` in it gets a stream."""

    plain = plain_answer()
    manner = re.compile(rb'"model": ?"[^"]*?(\d+)x(\d+)ms"')

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # it is one
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)
        self.body = b""
        self.task: asyncio.Task[None] | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        if self.task is not None:
            self.task.cancel()

    def data_received(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            # Some routers ask first whether we speak gRPC.
            self.transport.close()

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        body, self.body = self.body, b""
        if b'"stream":true' in body or b'"stream": true' in body:
            told = self.manner.search(body)
            chunks, pace_ms = (int(told[1]), int(told[2])) if told else (100, 0)
            self.task = asyncio.ensure_future(self.stream(chunks, pace_ms / 1000))
        else:
            self.transport.write(self.plain)

    async def stream(self, chunks: int, pace_s: float) -> None:
        write, piece = self.transport.write, chunked(CHUNK)
        write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(chunks):
            if self.transport.is_closing():
                return
            write(piece)
            await asyncio.sleep(pace_s)
        write(chunked(ENDING) + b"0\r\n\r\n")


async def serve(port: int) -> None:
    raise_file_limit()
    server = await asyncio.get_running_loop().create_server(Double, "127.0.0.1", port, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
