"""Where an endpoint runs: `eu`, `us`, or a country by its two letters (ISO 3166). "" is not known, and stays so."""

from __future__ import annotations

UNION = frozenset(
    "at be bg cy cz de dk ee es fi fr gr hr hu ie it lt lu lv mt nl pl pt ro se si sk".split()  # noqa: SIM905 # reads as a list
)
"""The countries of the European Union."""


def areas_of(region: str) -> frozenset[str]:
    """What it lies in: a country of the European Union is in `eu` too. Nothing where it is not known."""
    if not region:
        return frozenset()
    return frozenset({region, "eu"}) if region in UNION else frozenset({region})
