"""Plans that were made before. Most requests say nothing about routing, and for one model all of those have the same plan."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from entrepot.routing.plan import Plan
from entrepot.values.request import Request

_LOOKED_AT = ("tools", "response_format", "verbosity")
"""Fields whose presence alone makes a difference to a plan."""
_AT_MOST = 10_000


class PlanMemo:
    """Forget it (`clear`) whenever anything that plans are made from changes: catalogue, providers, prices."""

    __slots__ = ("_plans",)

    def __init__(self) -> None:
        self._plans: dict[Hashable, Plan] = {}

    def clear(self) -> None:
        self._plans.clear()

    def plan(self, request: Request, asked: Hashable, make: Callable[[], Plan]) -> Plan:
        """The known plan, or the one that `make` gives. `asked` is what else a plan depends on: slugs, the kind of key."""
        if not _is_usual(request):
            return make()
        given = request.parameters
        key = (asked, request.dialect, *[name in given for name in _LOOKED_AT])
        known = self._plans.get(key)
        if known is None:
            if len(self._plans) >= _AT_MOST:
                self._plans.clear()
            known = self._plans[key] = make()
        return known


def _is_usual(request: Request) -> bool:
    """It has no preferences, nothing but text in it, and does not switch reasoning off."""
    return request.preferences is None and request.effort != "none" and not request.media.kinds
