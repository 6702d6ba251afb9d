"""Doubles that ship, so that users test with them too: a fake upstream, a turnable clock, builders, a whole gateway."""

from entrepot.testing.clock import TurnableClock
from entrepot.testing.upstream import FakeUpstream, Reply, Seen

__all__ = ["FakeUpstream", "Reply", "Seen", "TurnableClock"]
