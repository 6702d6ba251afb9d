"""The binding for programs that do not await: the asynchronous one, on a loop in the background."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, overload

from entrepot.binding.answers import Answer, Chunk
from entrepot.binding.asynchronous import HOME, RETRIES, TIMEOUT_S, AsyncAI, AsyncStream, Inputs
from entrepot.binding.background import Background


class AI:
    """`AsyncAI`, which explains the parameters, without `await`. May be used from several threads at once."""

    def __init__(self, url: str = HOME, key: str | None = None, *, timeout_s: float = TIMEOUT_S, retries: int = RETRIES) -> None:
        """raises  ValueError, for an address that is none"""
        self._begin(lambda: AsyncAI(url, key, timeout_s=timeout_s, retries=retries))

    @classmethod
    def local(
        cls,
        *,
        config: str | Path | Mapping[str, Any] | None = None,
        data_dir: str | Path | None = None,
        key: str | None = None,
        live: bool = False,
        timeout_s: float = TIMEOUT_S,
        retries: int = RETRIES,
    ) -> AI:
        """The gateway itself in this process; see `AsyncAI.local`. raises AIError"""
        made = cls.__new__(cls)
        made._begin(
            lambda: AsyncAI.local(config=config, data_dir=data_dir, key=key, live=live, timeout_s=timeout_s, retries=retries)
        )
        return made

    def _begin(self, make: Callable[[], AsyncAI]) -> None:
        self._make = make
        self._ai = make()
        self._lock = threading.Lock()
        self._background: Background | None = None
        self._finish: weakref.finalize[Any, AI] | None = None

    @overload
    def run(
        self,
        model: str,
        inputs: Inputs,
        *,
        stream: Literal[True],
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Stream: ...

    @overload
    def run(
        self,
        model: str,
        inputs: Inputs,
        *,
        stream: Literal[False] = False,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Answer: ...

    def run(
        self,
        model: str,
        inputs: Inputs,
        *,
        stream: bool = False,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Answer | Stream:
        """Asks a model; see `AsyncAI.run`. raises AIError"""
        there = self._there()
        if stream or inputs.get("stream"):
            return Stream(there.run(self._ai.run(model, inputs, stream=True, headers=headers, timeout_s=timeout_s)), there)
        return there.run(self._ai.run(model, inputs, headers=headers, timeout_s=timeout_s))

    def record(self, generation_id: str) -> dict[str, Any]:
        """What the gateway keeps of a call: cost, tokens, timings, attempts. raises AIError"""
        return self._there().run(self._ai.record(generation_id))

    def close(self) -> None:
        """Ends what is under way and gives back what is held. A closed one opens again with the next call."""
        with self._lock:
            if self._finish is not None:
                self._finish()
                self._background = self._finish = None
                self._ai = self._make()

    def __enter__(self) -> AI:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _there(self) -> Background:
        with self._lock:
            if self._background is None:
                self._background = Background()
                # Also when it is dropped without being closed, and when the program ends.
                self._finish = weakref.finalize(self, _close, self._ai, self._background)
            return self._background


class Stream:
    """Pieces of an answer as they come: iterate over it. Leaving early is fine when it is closed, which its context does."""

    def __init__(self, chunks: AsyncStream, there: Background) -> None:
        self._chunks = chunks
        self._there = there

    def __iter__(self) -> Iterator[Chunk]:
        return self

    def __next__(self) -> Chunk:
        """raises  AIError, when the answer breaks off"""
        try:
            return self._there.run(self._chunks.__anext__())
        except StopAsyncIteration:
            raise StopIteration from None

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """The gateway learns that nobody listens any more, and what came until then is what it costs."""
        if not self._there.stopped:
            self._there.run(self._chunks.aclose())


def _close(ai: AsyncAI, there: Background) -> None:
    if there.is_here:
        # The collector finds what was dropped in whichever thread it runs.
        threading.Thread(target=_close, args=(ai, there), name="entrepot-close").start()
        return
    # At the end of a program that closed nothing no thread can be started any more; what was answered is in the books by then.
    with contextlib.suppress(RuntimeError):
        there.run(ai.aclose())
    there.stop()
