"""The models that come with the package.

`data/gpt-5.1.jsonl` is written by hand; `data/models.jsonl` holds facts of OpenRouter's public list as of 2026-08-05 (names,
authors, context, prices, abilities, dates), without its descriptions, its benchmarks, and the routers whose price varies. The
sampling rule of OpenAI's reasoning families is from its model pages, read 2026-11. Of two rows with one id the first file wins.
"""

from __future__ import annotations

import importlib.resources

import msgspec

from entrepot.catalog.rows import Row, to_model
from entrepot.values.model import Model

_FILES = (("gpt-5.1.jsonl", "", ""), ("models.jsonl", "OpenRouter's public model list", "2026-08-05"))


def shipped_models() -> list[Model]:
    decode = msgspec.json.Decoder(Row).decode
    found: dict[str, Model] = {}
    for name, source, as_of in _FILES:
        text = (importlib.resources.files("entrepot.catalog") / "data" / name).read_bytes()
        for line in text.splitlines():
            row = decode(line)
            row.source, row.as_of = row.source or source, row.as_of or as_of
            found.setdefault(row.id, to_model(row))
    return list(found.values())
