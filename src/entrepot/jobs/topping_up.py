"""Kept cards of workspaces that have little left are charged, what any process left half-way is ended, and operators are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from entrepot.payments.cashier import Cashier
from entrepot.payments.rules import Rule
from entrepot.storage.database import Refused, StorageAway

_EVERY_S = 2.0
_MOST_TOLD = 20
log = structlog.get_logger("entrepot")


class ToppingUp:
    """stopped  rules that a failure has stopped, of all workspaces;  away  why Stripe cannot be asked, "" when it can"""

    def __init__(self, cashier: Cashier, tell: Callable[[str, str], None]) -> None:
        """tell  what cannot be done and why; "" when it can be done again"""
        self._cashier = cashier
        self._tell = tell
        self._told: dict[str, int] = {}
        self.stopped = 0
        self.away = ""

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_EVERY_S)

    async def look(self) -> None:
        try:
            found = await asyncio.to_thread(self._cashier.top_ups.tick)
        except (StorageAway, Refused) as error:
            self._tell("automatic top-up cannot look", str(error))
            return
        self._tell("automatic top-up cannot look", "")
        self._tell("Stripe cannot be asked for automatic top-up", found.away)
        self.stopped, self.away = len(found.stopped), found.away
        self._warn(found.stopped)

    def _warn(self, stopped: Sequence[Rule]) -> None:
        """Once of each, and after a start once more."""
        new = [rule for rule in stopped if self._told.get(rule.workspace) != rule.changed_ms]
        for rule in new[:_MOST_TOLD]:
            log.warning("automatic top-up of a workspace has stopped", workspace=rule.workspace, why=rule.why)
        if len(new) > _MOST_TOLD:
            log.warning("automatic top-up of more workspaces has stopped", count=len(new) - _MOST_TOLD)
        self._told = {rule.workspace: rule.changed_ms for rule in stopped}
