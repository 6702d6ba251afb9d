"""Nothing secret gets into a log, whatever is handed to it."""

import io
import json
import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from entrepot.errors import ProviderBroke
from entrepot.settings import Log
from entrepot.telemetry import logs
from entrepot.testing.builders import caller, generation

CANARY = "sk-ep-live-canary0123456789abcdefghij"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream, root = io.StringIO(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.set_up(Log(level="debug", format="json"), stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def failing(message: str) -> BaseException:
    try:
        raise ValueError(message)
    except ValueError as error:
        return error


@pytest.mark.parametrize(
    "value",
    [
        CANARY,
        f"Authorization: Bearer {CANARY}",
        f"http://user:{CANARY}@proxy.test",
        CANARY.encode(),
        {"Authorization": CANARY, "x": {"api_key": CANARY, "y": [CANARY]}},
        [(b"authorization", CANARY.encode())],
        SimpleNamespace(key=CANARY),
        failing(f"refused {CANARY}"),
        ProviderBroke("no", detail=f"sent {CANARY}"),
        generation(error_message=CANARY),
        caller(name=CANARY),
        object(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_key_is_written_whatever_it_comes_in(lines: io.StringIO, value: Any):
    log = structlog.get_logger()
    log.info("told", thing=value)
    log.error("failed", exc_info=value if isinstance(value, BaseException) else None)
    assert "canary" not in lines.getvalue()
    assert json.loads(lines.getvalue().splitlines()[0])["event"] == "told"


def test_names_that_promise_a_secret_are_hidden_whatever_they_hold(lines: io.StringIO):
    structlog.get_logger().info("told", password="tiny", api_key="x", access_token="y", max_tokens=5)
    told = json.loads(lines.getvalue())
    assert (told["password"], told["api_key"], told["access_token"], told["max_tokens"]) == (*["[hidden]"] * 3, 5)


def test_a_caller_is_named_by_its_masked_key(lines: io.StringIO):
    structlog.get_logger().info("told", who=caller("test"))
    assert json.loads(lines.getvalue())["who"] == "test key sk-ep-abc...xyz"


def test_a_traceback_is_written_so_that_a_bug_can_be_found(lines: io.StringIO):
    structlog.get_logger().error("broke", exc_info=failing("why"))
    told = json.loads(lines.getvalue())
    assert "ValueError: why" in told["exception"] and "test_logs.py" in told["exception"]


def test_libraries_speak_through_the_same_mouth(lines: io.StringIO):
    logging.getLogger("some.library").warning("key %s refused", CANARY)
    logging.getLogger("some.library").info("chatter")
    (line,) = lines.getvalue().splitlines()
    assert json.loads(line)["event"] == "key [hidden] refused"


def test_text_is_for_terminals(lines: io.StringIO):
    stream = io.StringIO()
    logs.set_up(Log(format="text"), stream)
    structlog.get_logger().info("hello", number=3)
    assert "hello" in stream.getvalue() and "number=3" in stream.getvalue()
