"""Wire formats, one package each. A package announces itself by a `Dialect` named `dialect` in its `dialect.py`.

`dialect` what a dialect is · `translated` from one dialect to another · `voice` how our answer names itself · `body` client JSON
`gather` events to whole parts and back · `sequence` one block at a time · `turns` messages to alternating turns · `sse` framing
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from entrepot.dialects.dialect import Dialect


@functools.cache
def all_dialects() -> dict[str, Dialect]:
    """Every dialect spoken, by name: the packages of this folder that have a `dialect.py`."""
    found: dict[str, Dialect] = {}
    for package in pkgutil.iter_modules(__path__):
        if package.ispkg:
            module = importlib.import_module(f"{__name__}.{package.name}.dialect")
            found[module.dialect.name] = module.dialect
    return found
