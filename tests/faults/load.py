"""Clients that ask one question after another and remember each answer that they saw whole, with the cost it was shown with.

Every question has a session id of its own, by which its record is found also when its client never saw the end.
"""

from __future__ import annotations

import http.client
import itertools
import json
import re
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import NamedTuple
from urllib.parse import urlsplit

from entrepot.values.money import parse_usd

_COST = re.compile(rb'"cost":([0-9.eE-]+),')
_ID = re.compile(rb'"id":"(gen-[0-9A-Z]+)"')
_BREATH_S = 0.02
"""After a refusal or a broken connection."""
_numbers = itertools.count()


class Whole(NamedTuple):
    id: str
    cost_nano: int


class Refused(NamedTuple):
    at_s: float
    status: int
    told: str


class Book:
    """What the clients of any number of rounds know.

    whole    answers seen to their end, by session
    unseen   sessions whose connection broke before the end
    refused  answers with another status than 200
    """

    def __init__(self) -> None:
        self.whole: dict[str, Whole] = {}
        self.unseen: set[str] = set()
        self.refused: list[Refused] = []


class Load:
    """While it is entered, `clients` of them ask at `urls` by turns: every other one for a stream."""

    def __init__(
        self,
        book: Book,
        urls: Sequence[str],
        keys: Sequence[str],
        *,
        clients: int = 6,
        pause_s: float = 0.0,
        model: str = "openai/gpt-5.1",
    ) -> None:
        self._book = book
        self._urls = urls
        self._pause_s = pause_s
        self._model = model
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask_on, args=(number, keys[number % len(keys)])) for number in range(clients)
        ]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def until_asked(self, more: int = 20, seconds: float = 60.0) -> None:
        """Returns when so many more answers were seen whole."""
        before, end = len(self._book.whole), time.monotonic() + seconds
        while len(self._book.whole) < before + more:
            assert time.monotonic() < end, f"no answers come: {self._book.refused[-1:]}"
            time.sleep(0.005)

    def _ask_on(self, number: int, key: str) -> None:
        streamed = number % 2 == 0
        for at in itertools.count(number):
            place = urlsplit(self._urls[at % len(self._urls)])
            connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
            try:
                while not self._over.is_set():
                    self._ask(connection, key, streamed)
                    time.sleep(self._pause_s)
            except OSError:
                time.sleep(_BREATH_S)
            finally:
                connection.close()
            if self._over.is_set():
                return

    def _ask(self, connection: http.client.HTTPConnection, key: str, streamed: bool) -> None:
        """raises  OSError, when the connection breaks"""
        session = f"session-{next(_numbers)}"
        body = {"model": self._model, "messages": [{"role": "user", "content": "hi"}], "stream": streamed, "max_tokens": 8}
        headers = {"Authorization": f"Bearer {key}", "X-Session-Id": session}
        if connection.sock is None:
            connection.connect()
        self._book.unseen.add(session)
        try:
            connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
            answer = connection.getresponse()
            told = answer.read()
        except http.client.HTTPException as error:
            raise OSError(str(error)) from None
        if answer.status != 200:
            self._book.unseen.discard(session)
            self._book.refused.append(Refused(time.monotonic(), answer.status, told.decode()))
            time.sleep(_BREATH_S)
        elif not streamed or told.endswith(b"data: [DONE]\n\n"):
            costs, names = _COST.findall(told), _ID.search(told)
            assert names is not None, told
            self._book.whole[session] = Whole(names[1].decode(), parse_usd(costs[-1].decode()))
            self._book.unseen.discard(session)
