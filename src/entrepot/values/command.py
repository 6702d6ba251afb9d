"""How the command of this installation is typed."""

from __future__ import annotations

import msgspec


class Command(msgspec.Struct, frozen=True):
    """program  `entrepot` where a shell finds it, otherwise a path to it
    options  which data and configuration it is about, where they are not the usual ones
    """

    program: str = "entrepot"
    options: str = ""

    def typed(self, words: str) -> str:
        return " ".join(part for part in (self.program, words, self.options) if part)
