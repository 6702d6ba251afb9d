"""An event loop in a thread of its own, for callers that do not await."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Background:
    """May be used from any thread but its own. `stopped`: nothing runs over there any more."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        # It must not keep a program alive that has ended without closing what it opened.
        self._thread = threading.Thread(target=self._loop.run_forever, name="entrepot", daemon=True)
        self._thread.start()
        self.stopped = False

    @property
    def is_here(self) -> bool:
        """Whether this is the thread of it, which must not wait for itself."""
        return threading.current_thread() is self._thread

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Waits for what runs over there. raises RuntimeError once it is stopped"""
        if self.stopped:
            work.close()
            raise RuntimeError("This was closed.")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            # Ctrl-C reaches the thread that waits: what it waits for is to end too.
            future.cancel()
            raise

    def stop(self) -> None:
        self.run(_cancel_all())
        self.stopped = True
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _cancel_all() -> None:
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
