"""The Responses form of Cloudflare's `ai/run`, which its models by OpenAI have. A stream is that of Responses, in no envelope."""

from __future__ import annotations

from collections.abc import Sequence

from entrepot.dialects.cloudflare_run.refuse import render_error
from entrepot.dialects.cloudflare_run.words import RESPONSES
from entrepot.dialects.dialect import Dialect
from entrepot.dialects.openai_responses.converse import converse
from entrepot.dialects.openai_responses.parse import parse
from entrepot.dialects.openai_responses.write import ResponsesWriter
from entrepot.dialects.openai_responses.write import write as write_response
from entrepot.dialects.voice import Voice
from entrepot.values.event import Event
from entrepot.values.request import Request
from entrepot.values.usage import Usage


def _write(
    events: Sequence[Event], voice: Voice, request: Request, usage: Usage, prompt_nano: int, completion_nano: int
) -> bytes:
    result = write_response(events, voice, request, usage, prompt_nano, completion_nano)
    return b'{"result":%b,"success":true,"errors":[],"messages":[]}' % result


dialect = Dialect(
    name=RESPONSES,
    shown="Cloudflare's ai/run",
    parse=parse,
    converse=converse,
    write=_write,
    writer=ResponsesWriter,
    render_error=render_error,
)
