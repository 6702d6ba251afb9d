"""What the design page names: each colour with what it is for and what it stands on, and the sizes of type."""

from __future__ import annotations

from typing import Any

import msgspec


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
CONTEXT: dict[str, Any] = {"colours": COLOURS, "sizes": SIZES}
