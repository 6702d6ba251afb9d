"""Who is measured when: columns in alternating rounds, then each on its own; and why one is missing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from bench import peers, targets
from bench.processes import Failed
from bench.sections import ALONE, REST, ROUNDS, Figures, Tools, warm_up
from bench.targets import Target

PEERS = {
    "nginx": targets.nginx,
    "entrepot": targets.entrepot,
    "LiteLLM": peers.litellm,
    "sglang-router": peers.sglang_router,
    "Portkey": peers.portkey,
}
_HOW_TO = {"nginx": "apt-get install nginx-light", "entrepot": "make setup"}
Say = Callable[[str], None]


class Results(msgspec.Struct):
    """columns  figures by column and row, one for each round
    missing  why a column, or a part of it, is not there
    """

    columns: dict[str, dict[str, list[float]]] = {}
    missing: dict[str, str] = {}

    def add(self, name: str, figures: Figures) -> None:
        rows = self.columns.setdefault(name, {})
        for row, figure in figures.items():
            rows.setdefault(row, []).append(figure)


class Bench:
    """names  the columns wanted, beside direct, which is always there"""

    def __init__(self, names: list[str], wanted: list[str], tools: Tools, folder: Path, say: Say) -> None:
        self.results = Results()
        self._names = names
        self._wanted = wanted
        self._tools = tools
        self._folder = folder
        self._say = say
        self._places = 0

    def run(self) -> Results:
        if timed := [section for section in self._wanted if section in ROUNDS]:
            self._in_rounds(timed)
        for section in self._wanted:
            if section in ALONE:
                self._one_by_one(section)
        return self.results

    def _in_rounds(self, sections: list[str]) -> None:
        with contextlib.ExitStack() as stack:
            direct = stack.enter_context(targets.double())
            present = [direct]
            for name in self._names:
                self._say(f"{name}: starting")
                with self._noting(name):
                    present.append(stack.enter_context(self._started(name, direct.port)))
            for target in present[:]:
                with self._noting(target.name, present, target):
                    self._rest(target)
                    warm_up(target)
            for number in range(self._tools.size.rounds):
                for section in sections:
                    # Another one goes first each time.
                    for target in present[number % len(present) :] + present[: number % len(present)]:
                        self._say(f"round {number + 1} of {self._tools.size.rounds}: {section}, {target.name}")
                        with self._noting(target.name, present, target):
                            self.results.add(target.name, ROUNDS[section](target, self._tools))

    def _one_by_one(self, section: str) -> None:
        with targets.double() as direct:
            for name in self._names:
                if name in self.results.missing:
                    continue
                self._say(f"{section}: {name}")
                with self._noting(name), self._started(name, direct.port) as target:
                    if REST not in self.results.columns.get(name, {}):
                        self._rest(target)
                    self.results.add(name, ALONE[section](target, self._tools))

    def _rest(self, target: Target) -> None:
        self.results.add(target.name, {REST: target.child.rss_mib()})

    def _started(self, name: str, upstream: int) -> contextlib.AbstractContextManager[Target]:
        self._places += 1
        place = self._folder / f"{name}-{self._places}"
        place.mkdir()
        return PEERS[name](upstream, place)

    @contextlib.contextmanager
    def _noting(self, name: str, present: list[Target] | None = None, target: Target | None = None) -> Iterator[None]:
        """What fails is named below the table; the others go on without it."""
        try:
            yield
        except FileNotFoundError:
            self.results.missing[name] = f"not installed ({_HOW_TO.get(name, 'make bench-peers')})"
        except Failed as why:
            self.results.missing[name] = f"{why}{self._last_words(name)}"
        else:
            return
        if present is not None and target is not None and target in present:
            present.remove(target)

    def _last_words(self, name: str) -> str:
        """The end of what a program that failed has written."""
        logs = sorted(self._folder.glob(f"{name}-*/*.log"))
        lines = [line for log in logs for line in log.read_text(errors="replace").splitlines()]
        return "".join(f"\n    {line[:200]}" for line in lines[-5:])
