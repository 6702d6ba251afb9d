"""Hedging: when an endpoint does not begin to answer for too long, the next one of the plan is asked too; the first answer wins.

The others are cancelled at once, and their connections closed. All of it is one call with one hold: the hold covers the dearest
endpoint of the plan, and only the answer that won is metered, so an endpoint that was overtaken costs the caller nothing. What
its provider charges for having begun is the operator's, and unknown to us.
"""

from __future__ import annotations

import asyncio
from collections import deque

import msgspec

from entrepot.errors import InvalidRequest, UpstreamError
from entrepot.routing.plan import Candidate, Plan
from entrepot.upstream.attempt import Course, Failed, Opened, Trial
from entrepot.values.request import Request


class Hedge(msgspec.Struct, frozen=True):
    """stream_after_s  without the first event of a stream; 0: never
    plain_after_s   without a plain answer, which comes whole; 0: never
    at_once         endpoints of one call that are asked at the same time, at most
    """

    stream_after_s: float = 0.0
    plain_after_s: float = 0.0
    at_once: int = 2

    def after_s(self, request: Request) -> float:
        return self.stream_after_s if request.stream else self.plain_after_s


NO_HEDGE = Hedge()
CANCELLED = "cancelled"
"""The error type of an attempt that another one has overtaken."""


class _Runner:
    """One of those that race. `asked_s`: when its request went out, on the loop's clock; 0 before."""

    __slots__ = ("asked_s", "task", "trial")

    def __init__(self, course: Course, candidate: Candidate, preparing: asyncio.Lock) -> None:
        self.trial = Trial(course, candidate, course.clock.monotonic())
        self.asked_s = 0.0
        self.task = asyncio.create_task(self._run(preparing))

    async def _run(self, preparing: asyncio.Lock) -> Opened:
        """What a request points at is fetched into the request itself, and so for one at a time."""
        async with preparing:
            rendered = await self.trial.prepare()
        self.asked_s = asyncio.get_running_loop().time()
        return await self.trial.open(rendered)


class Race:
    """`run` it once. None of its tasks is left afterwards, however it ends, and no connection but the winner's."""

    def __init__(self, plan: Plan, course: Course, failed: Failed, after_s: float, at_once: int) -> None:
        self._waiting = deque(plan.candidates)
        self._course = course
        self._failed = failed
        self._after_s = after_s
        self._at_once = at_once
        self._running: list[_Runner] = []
        self._preparing = asyncio.Lock()

    async def run(self) -> Opened | None:
        """The first answer that begins well; None when all have failed."""
        try:
            while self._running or self._may_start():
                patience_s = self._patience_s()
                if patience_s is not None and patience_s <= 0:
                    self._running.append(_Runner(self._course, self._waiting.popleft(), self._preparing))
                    continue
                tasks = [runner.task for runner in self._running]
                await asyncio.wait(tasks, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
                opened = self._first()
                if opened is not None:
                    return opened
            return None
        finally:
            await self._stop()

    def _may_start(self) -> bool:
        return bool(self._waiting) and not self._failed.final and len(self._running) < self._at_once

    def _patience_s(self) -> float | None:
        """How long the next one still waits for the one asked last; None when there is none to start."""
        if not self._may_start():
            return None
        if not self._running:
            return 0
        now = asyncio.get_running_loop().time()
        return (self._running[-1].asked_s or now) + self._after_s - now

    def _first(self) -> Opened | None:
        """The first one in the plan's order that has answered. Those that failed before it leave the race."""
        for runner in [runner for runner in self._running if runner.task.done()]:
            self._running.remove(runner)
            try:
                opened = runner.task.result()
            except (InvalidRequest, UpstreamError) as error:
                self._course.attempts.append(runner.trial.told(error))
                self._failed.add(error)
            else:
                self._overtake(runner.trial, opened)
                return opened
        return None

    def _overtake(self, trial: Trial, opened: Opened) -> None:
        """The others are out, and told before the one who answered."""
        why = f"Cancelled: {opened.candidate.endpoint.provider} answered first."
        for runner in self._running:
            runner.task.cancel()
            lost = msgspec.structs.replace(runner.trial.told(), error_type=CANCELLED, message=why)
            self._course.attempts.append(lost)
        self._course.attempts.append(trial.told())

    async def _stop(self) -> None:
        """Whoever has answered all the same, or failed, in this very moment is not heard any more."""
        for runner in self._running:
            runner.task.cancel()
            runner.trial.close()
        if self._running:
            await asyncio.gather(*[runner.task for runner in self._running], return_exceptions=True)
