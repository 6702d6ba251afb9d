"""Parts one after another, for dialects whose blocks may not overlap (Messages, Bedrock, Responses' items)."""

from __future__ import annotations

from collections.abc import Sequence

from entrepot.values.event import Event, Finished, PartBegan, PartEnded


class OneAtATime:
    """`feed` gives events in an order in which a part ends before the next begins. What must wait is held, in the order in which
    parts began; a `Finished` closes whatever is still open."""

    __slots__ = ("_held", "_open")

    def __init__(self) -> None:
        self._open: tuple[int, int] | None = None
        self._held: dict[tuple[int, int], list[Event]] = {}

    def feed(self, events: Sequence[Event]) -> list[Event]:
        out: list[Event] = []
        for event in events:
            index = getattr(event, "index", None)
            if index is not None:
                self._part_event((event.choice, index), event, out)  # type: ignore[attr-defined]
            else:
                if isinstance(event, Finished):
                    out += self.close()
                out.append(event)
        return out

    def close(self) -> list[Event]:
        """Everything held, with each part that is still open ended."""
        out: list[Event] = []
        if self._open is not None:
            out.append(PartEnded(self._open[1], self._open[0]))
            self._open = None
        for (choice, index), held in self._held.items():
            out += held
            if not isinstance(held[-1], PartEnded):
                out.append(PartEnded(index, choice))
        self._held = {}
        return out

    def _part_event(self, key: tuple[int, int], event: Event, out: list[Event]) -> None:
        if key == self._open:
            out.append(event)
            if isinstance(event, PartEnded):
                self._open = None
                self._release(out)
        elif self._open is None and isinstance(event, PartBegan):
            self._open = key
            out.append(event)
        else:
            self._held.setdefault(key, []).append(event)

    def _release(self, out: list[Event]) -> None:
        while self._held and self._open is None:
            key = next(iter(self._held))
            held = self._held.pop(key)
            out += held
            if not isinstance(held[-1], PartEnded):
                self._open = key
