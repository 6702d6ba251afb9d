"""Logs: lines of text on a terminal, lines of JSON elsewhere, and nothing secret in either.

What may be written is decided by type. Text, numbers and times pass, text with anything that looks like a key blotted out; a
caller, a provider or a generation is reduced to its name; bytes to their length; headers and other mappings to their safe parts;
everything else to the name of its type. So a value that nobody thought of is dull, not dangerous.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import PurePath
from typing import Any, TextIO

import structlog

from entrepot.errors import GatewayError
from entrepot.settings import Log
from entrepot.values.caller import Caller
from entrepot.values.generation import Generation
from entrepot.values.model import Endpoint, Model

_SECRET = re.compile(
    r"(?i)\b(?:sk|pk|rk|gsk|xai|csk|hf|pplx|fw|tgp|key|AIza|ghp|glpat)[-_]?[A-Za-z0-9_\-]{16,}"
    r"|(?<=bearer )\S+|(?<=basic )\S+|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
)
_SECRET_NAMES = re.compile(r"(?i)authorization|cookie|secret|password|token$|api[-_]?key|credential")
_BLOT = "[hidden]"
_MAX_TEXT = 2_000
_MAX_ITEMS = 50
_DEPTH = 4


def set_up(settings: Log, stream: TextIO | None = None) -> None:
    """Once, at start. Logs of libraries go the same way, from warnings up.

    stream  None: standard error, whatever that is when something is logged
    """
    given, stream = stream, stream or sys.stderr
    text = settings.format == "text" or (settings.format == "auto" and stream.isatty())
    level = logging.getLevelName(settings.level.upper())
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    renderer: Any = structlog.dev.ConsoleRenderer(colors=stream.isatty()) if text else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(given or sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=[_unpack, renderer], foreign_pre_chain=shared))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.WARNING))


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A step of structlog's chain; see the module."""
    return {name: _BLOT if _SECRET_NAMES.search(name) else safe(value) for name, value in event.items()}


def safe(value: Any, depth: int = _DEPTH) -> Any:
    """What may be written of a value."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return _SECRET.sub(_BLOT, value[:_MAX_TEXT])
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, BaseException):
        return _of_exception(value)
    if isinstance(value, Caller):
        return f"{value.kind} key {value.label}"
    if isinstance(value, Generation | Model | Endpoint):
        return value.id
    if depth and isinstance(value, Mapping):
        kept = list(value.items())[:_MAX_ITEMS]
        return {str(name): _BLOT if _SECRET_NAMES.search(str(name)) else safe(part, depth - 1) for name, part in kept}
    if depth and isinstance(value, list | tuple | set | frozenset):
        return [safe(part, depth - 1) for part in list(value)[:_MAX_ITEMS]]
    return f"<{type(value).__name__}>"


def _of_exception(error: BaseException) -> str:
    """Our own errors say nothing secret; of others the text may hold anything, so it is blotted like all text."""
    detail = f" ({error.detail})" if isinstance(error, GatewayError) and error.detail else ""
    return str(safe(f"{type(error).__name__}: {error}{detail}"))


def _unpack(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return structlog.stdlib.ProcessorFormatter.remove_processors_meta(None, "", event)
