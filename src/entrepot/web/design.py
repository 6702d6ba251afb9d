"""What the design page shows: each colour with what it is for and what it stands on, the sizes of type, and samples to draw."""

from __future__ import annotations

from typing import Any

import msgspec

from entrepot.values.times import DAY_MS
from entrepot.web import figures
from entrepot.web.charts import Series, chart


class Colour(msgspec.Struct, frozen=True):
    """`on`: the grounds that it is read on."""

    name: str
    use: str
    on: tuple[str, ...] = ()


COLOURS = (
    Colour("paper", "the page"),
    Colour("card", "what lies on it"),
    Colour("code", "code, and what is chosen"),
    Colour("line", "rules and borders"),
    Colour("ink", "text", ("paper", "card", "code")),
    Colour("soft", "text that stands back", ("paper", "card", "code")),
    Colour("sea", "the accent: links, focus, the one thing to do", ("paper", "card", "code")),
    Colour("buoy", "wrong, or about to end", ("paper", "card", "code")),
    Colour("good", "ready", ("paper", "card", "code")),
)
SIZES = (
    ("t1", "3 rem, 680", "One key, every model."),
    ("t2", "1.45 rem, 640", "What a call costs"),
    ("t3", "1.15 rem", "What passes through this port, and what it costs."),
    ("t4", "1 rem", "The same code now reaches the real model."),
    ("t5", "0.88 rem", "400K tokens, $1.25 in, $10.00 out"),
    ("t6", "0.86 rem, mono", "openai/gpt-5.1-2025-11-13"),
)
_AT_MS = [1_764_547_200_000 + day * DAY_MS for day in range(14)]
_CHARTS = (
    chart(
        "Tokens",
        "prompt and completion",
        _AT_MS,
        [
            Series("Alongside", tuple(400_000 + 37_000 * (day % 5) for day in range(14))),
            Series("Breakwater", tuple(210_000 + 21_000 * (day % 4) for day in range(14))),
            Series("all others", tuple(90_000 + 9_000 * (day % 3) for day in range(14)), rest=True),
        ],
        figures.count,
        kind="bars",
    ),
    chart(
        "Time to first token",
        "median",
        _AT_MS,
        [
            Series("Alongside", tuple(None if day == 6 else 420.0 + 23 * (day % 4) for day in range(14))),
            Series("Breakwater", tuple(610.0 - 31 * (day % 3) for day in range(14))),
        ],
        figures.milliseconds,
    ),
)
_RANKED = (
    ("Alongside", 76, "76M", "+22%", "up"),
    ("Breakwater", 44, "44M", "±0%", "level"),
    ("Capstan", 11, "11M", "−6%", "down"),
)
CONTEXT: dict[str, Any] = {"colours": COLOURS, "sizes": SIZES, "charts": _CHARTS, "ranked": _RANKED}
