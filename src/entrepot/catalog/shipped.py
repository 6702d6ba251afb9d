"""The models that come with the package.

`data/gpt-5.1.jsonl` is written by hand; the results in it are those of its maker's announcements that several public pages repeat
alike, read 2026-11-21. `data/models.jsonl` holds facts of OpenRouter's public list as of 2026-08-05 (names, authors, context,
prices, abilities, dates), without its descriptions, its benchmarks, and the routers whose price varies. The sampling rule of
OpenAI's reasoning families is from its model pages, read 2026-11. `data/embeddings.jsonl` are the models of that list that make
embeddings, with the length of their vectors and what they take. Of two rows with one id the first file wins.
`data/corrections.jsonl` says better what the makers' own pages say otherwise: accepted efforts, their default, the announced end.
"""

from __future__ import annotations

import importlib.resources

import msgspec

from entrepot.catalog.rows import Row, to_model
from entrepot.values.model import Model, Reasoning

_FILES = (
    ("gpt-5.1.jsonl", "", ""),
    ("embeddings.jsonl", "", ""),
    ("models.jsonl", "OpenRouter's public model list", "2026-08-05"),
)


class Correction(msgspec.Struct, frozen=True):
    """Facts of one model that replace those of the list, with their own source."""

    id: str
    source: str
    as_of: str
    reasoning: Reasoning | None = None
    expiration_date: str | None = None


def shipped_models() -> list[Model]:
    corrections = {told.id: told for told in (msgspec.json.decode(line, type=Correction) for line in _lines("corrections.jsonl"))}
    decode = msgspec.json.Decoder(Row).decode
    found: dict[str, Model] = {}
    for name, source, as_of in _FILES:
        for line in _lines(name):
            row = decode(line)
            row.source, row.as_of = row.source or source, row.as_of or as_of
            correction = corrections.get(row.id)
            found.setdefault(row.id, to_model(row if correction is None else _corrected(row, correction)))
    return list(found.values())


def _corrected(row: Row, correction: Correction) -> Row:
    row.reasoning = correction.reasoning or row.reasoning
    row.expiration_date = correction.expiration_date or row.expiration_date
    row.source = f"{row.source}, {row.as_of}; {correction.source}"
    row.as_of = correction.as_of
    return row


def _lines(name: str) -> list[bytes]:
    return (importlib.resources.files("entrepot.catalog") / "data" / name).read_bytes().splitlines()
