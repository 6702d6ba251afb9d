"""Entrepot, the trading port for language models. Read `pipeline.py` first: it is the story of one generation.

`AI`, `AsyncAI` and `AIError` are for programs that call models (`binding/`); they are imported when they are first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from entrepot.binding import AI, AIError, AsyncAI

__version__ = "0.1.0"
__all__ = ["AI", "AIError", "AsyncAI", "__version__"]


def __getattr__(name: str) -> Any:
    if name in ("AI", "AIError", "AsyncAI"):
        from entrepot import binding

        return getattr(binding, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
