"""One run of the suite at one endpoint: what it will ask, what that may cost at most, and what it found."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from entrepot.checks.asking import Asker, Gateway
from entrepot.checks.case import Case, Subject
from entrepot.checks.running import run
from entrepot.checks.store import Report
from entrepot.checks.suite import cases_for, usual
from entrepot.metering.cost import dearest
from entrepot.metering.tokens import count_prompt
from entrepot.values.clock import Clock
from entrepot.values.model import Endpoint, Model
from entrepot.values.money import YOCTO_PER_NANO, half_even

_OURS = ("openai/gpt-4o", "openai/gpt-4.1", "openai/gpt-5", "openai/o1", "openai/o3", "openai/o4", "openai/gpt-oss")
"""Families whose tokenizer is the one we count with."""
_UNKNOWN_CONTEXT = 16_000


class Session(msgspec.Struct, frozen=True):
    endpoint: Endpoint
    cases: tuple[Case, ...]
    seed: int

    @property
    def calls(self) -> int:
        return sum(len(case.bodies) for case in self.cases)

    @property
    def cost_most_nano(self) -> int:
        """If every answer were as long as it may be, at the endpoint's dearest rates."""
        rates, yocto = dearest(self.endpoint.price), 0
        for case in self.cases:
            for body in case.bodies:
                prompt = count_prompt(body["messages"], body.get("tools"))
                yocto += prompt * rates.prompt + body["max_tokens"] * rates.completion + rates.request
        return half_even(yocto, YOCTO_PER_NANO)


def session(model: Model, endpoint: Endpoint, *, seed: int, names: Sequence[str] = (), samples: int | None = None) -> Session:
    """names  of checks, empty for the usual ones; samples  cases of each, instead of what each has by itself"""
    subject = subject_of(model, endpoint)
    return Session(endpoint, tuple(cases_for(list(names) or usual(), subject, seed, samples)), seed)


def subject_of(model: Model, endpoint: Endpoint) -> Subject:
    return Subject(
        parameters=frozenset(endpoint.supported_parameters or model.supported_parameters),
        context_length=endpoint.context_length or model.context_length or _UNKNOWN_CONTEXT,
        reasons=(endpoint.reasoning or model.reasoning) is not None,
        exact_tokens=model.id.startswith(_OURS),
    )


async def check(session: Session, gateway: Gateway, clock: Clock, done: Callable[[Case], None] = lambda case: None) -> Report:
    asker = Asker(gateway, session.endpoint, clock.monotonic)
    findings = await run(session.cases, asker.ask, done)
    endpoint = session.endpoint
    return Report(endpoint.id, endpoint.model, clock.now_ms(), session.seed, round(asker.cost, 9), tuple(findings))
