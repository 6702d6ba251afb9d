"""Asking an endpoint all cases, and what it comes to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from entrepot.checks.case import Body, Case, Reply, Verdict
from entrepot.checks.finding import Finding, finding_of
from entrepot.checks.suite import CHECKS

Ask = Callable[[Body], Awaitable[Reply]]
AT_ONCE = 4


async def run(cases: Sequence[Case], ask: Ask, done: Callable[[Case], None] = lambda case: None) -> list[Finding]:
    """In the order of the suite. What measures speed is asked one at a time and last, so that nothing of ours slows it.

    done  told after each case
    """
    told = [case for case in cases if not CHECKS[case.check].measures]
    verdicts: dict[str, list[Verdict]] = {}
    silent: dict[str, list[str]] = {}
    turns = asyncio.Semaphore(AT_ONCE)

    async def look_at(case: Case) -> None:
        async with turns:
            replies = [await ask(body) for body in case.bodies]
        failure = next((reply.error for reply in replies if reply.error), "")
        if failure:
            silent.setdefault(case.check, []).append(failure)
        else:
            verdicts.setdefault(case.check, []).append(case.judge(replies))
        done(case)

    async with asyncio.TaskGroup() as group:
        for case in told:
            group.create_task(look_at(case))
    for case in cases:
        if CHECKS[case.check].measures:
            await look_at(case)
    asked = {case.check for case in cases}
    return [finding_of(name, verdicts.get(name, ()), silent.get(name, ())) for name in CHECKS if name in asked]
