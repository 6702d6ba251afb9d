"""Models side by side: `/compare/{author}/{slug}/{author}/{slug}…`, two to four of them, differences marked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from entrepot.metering.cost import Unpriced, cost_of
from entrepot.records.figures import Served
from entrepot.values.money import NANO
from entrepot.values.price import Rates
from entrepot.values.usage import Usage
from entrepot.web import figures
from entrepot.web.listings_measured import NOTHING, Measured, ModelFigures, day
from entrepot.web.shelf import POLICIES, Row, Shelf, region_of

MOST = 4
_CALL = Usage(prompt_tokens=10_000, completion_tokens=1_000)
_UNSAID = "–"


class Cell(msgspec.Struct, frozen=True):
    """text  as it is shown; `best` where it is the best of its line; `yes` where it says whether"""

    text: str
    best: bool = False
    yes: bool | None = None


class Line(msgspec.Struct, frozen=True):
    label: str
    cells: tuple[Cell, ...]
    differs: bool


class Band(msgspec.Struct, frozen=True):
    title: str
    lines: tuple[Line, ...]


class Compared(msgspec.Struct, frozen=True):
    """One model with what was measured of it."""

    row: Row
    seen: ModelFigures
    uptime: float | None


def read_path(shelf: Shelf, path: str) -> list[Row] | None:
    """The models that a path names one after the other; None when a part of it names none.

    A slug has a slash in it, and names of models on this machine may have more: the shortest that names a model is taken.
    """
    return _read(shelf, [part for part in path.split("/") if part], [])


def _read(shelf: Shelf, parts: Sequence[str], found: list[Row]) -> list[Row] | None:
    if not parts:
        return found
    if len(found) == MOST:
        return None
    for length in range(2, len(parts) + 1):
        row = shelf.find("/".join(parts[:length]))
        rest = _read(shelf, parts[length:], [*found, row]) if row is not None else None
        if rest is not None:
            return rest
    return None


def path_of(rows: Iterable[Row]) -> str:
    """The address of a comparison; each model stands in it once."""
    slugs = dict.fromkeys(row.model.id for row in rows)
    return "/compare" + "".join("/" + quote(slug, safe="/:~@") for slug in list(slugs)[:MOST])


def chosen(shelf: Shelf, slugs: Iterable[str]) -> tuple[list[Row], list[str]]:
    """The models that were ticked or typed, and what names none."""
    rows, unknown = [], []
    for slug in slugs:
        row = shelf.find(slug.strip())
        if row is not None:
            rows.append(row)
        elif slug.strip():
            unknown.append(slug.strip()[:100])
    return rows, unknown


def context(shelf: Shelf, rows: list[Row], measured: Measured, *, only: bool, unknown: Sequence[str] = ()) -> dict[str, Any]:
    """What the template reads. `only`: lines in which all are the same are left out."""
    seen = measured.models()
    compared = [Compared(row, seen.get(row.target, NOTHING), _uptime(measured, row.target)) for row in rows]
    here = path_of(rows)
    return {
        "rows": rows,
        "bands": _only_different(bands(shelf, compared)) if only else bands(shelf, compared),
        "only": only,
        "here": here,
        "unknown": unknown,
        "most": MOST,
        "choices": [row.model.id for row in sorted(shelf.rows.values(), key=lambda row: (not row.ready, row.model.id))],
        "without": lambda gone: path_of(row for row in rows if row is not gone),
        "figures": figures,
    }


def _uptime(measured: Measured, model: str) -> float | None:
    nothing: list[Served] = []
    served = measured.ask(("served", model), lambda statistics: statistics.served(model, day(statistics)), nothing)
    attempts = sum(one.uptime.attempts for one in served)
    failures = sum(sum(one.uptime.failures.values()) for one in served)
    return 1 - failures / attempts if attempts else None


def _only_different(all_bands: list[Band]) -> list[Band]:
    kept = [msgspec.structs.replace(band, lines=tuple(line for line in band.lines if line.differs)) for band in all_bands]
    return [band for band in kept if band.lines]


def bands(shelf: Shelf, compared: Sequence[Compared]) -> list[Band]:
    if not compared:
        return []
    told = [Band("What it is", _about(compared)), Band("What it costs", _prices(compared))]
    told += [Band("How it is served here", _service(shelf, compared)), Band("What it takes", _parameters(compared))]
    return told


def _about(compared: Sequence[Compared]) -> tuple[Line, ...]:
    return (
        _line("Released", compared, lambda one: figures.day(one.row.model.created)),
        _line("Knows up to", compared, lambda one: one.row.model.knowledge_cutoff or _UNSAID),
        _line("Its end", compared, lambda one: one.row.model.expiration_date or "not announced"),
        _best("Context", compared, lambda one: one.row.model.context_length, figures.tokens, max),
        _best("Most it writes", compared, lambda one: one.row.model.max_completion_tokens, figures.tokens, max),
        _line("Reads", compared, lambda one: ", ".join(one.row.model.input_modalities)),
        _line("Makes", compared, lambda one: ", ".join(one.row.model.output_modalities)),
        _line("Reasons", compared, lambda one: _reasons(one.row)),
        _whether("Open weights", compared, lambda one: bool(one.row.model.hugging_face_id)),
    )


def _reasons(row: Row) -> str:
    how = row.model.reasoning
    if how is None:
        return "no"
    efforts = ", ".join(how.efforts)
    return ("always" if how.mandatory else "yes") + (f": {efforts}" if efforts else "")


_RATES: Mapping[str, Callable[[Rates], int | None]] = {
    "In, a million": lambda rates: rates.prompt,
    "Out, a million": lambda rates: rates.completion,
    "From the cache, a million": lambda rates: rates.cached,
    "Into the cache, a million": lambda rates: rates.cache_write,
}


def _prices(compared: Sequence[Compared]) -> tuple[Line, ...]:
    lines = [
        _best(label, compared, lambda one, rate=rate: rate(one.row.price.rates) if one.row.priced else None, _money, min)  # type: ignore[misc]
        for label, rate in _RATES.items()
    ]
    whole = _best("10,000 tokens in, 1,000 out", compared, lambda one: _cost(one.row), lambda n: figures.dollars(n, NANO), min)
    return (*(line for line in lines if any(cell.text != _UNSAID for cell in line.cells)), whole)


def _money(rate: int) -> str:
    return figures.per_million(rate) if rate else "free"


def _cost(row: Row) -> int | None:
    try:
        return cost_of(_CALL, row.price).total_nano if row.priced else None
    except Unpriced:
        return None


def _service(shelf: Shelf, compared: Sequence[Compared]) -> tuple[Line, ...]:
    return (
        _line("Ready", compared, lambda one: "ready" if one.row.ready else "off" if one.row.endpoints else "not served"),
        _line("Providers", compared, lambda one: _names(shelf, one.row)),
        _line("What is sent", compared, lambda one: _policies(one.row)),
        _line("Where it runs", compared, lambda one: _regions(one.row)),
        _line("Training others with it", compared, lambda one: _DISTILLABLE[one.row.model.distillable]),
        _best("Latency, median", compared, lambda one: one.seen.latency_ms, lambda ms: f"{ms / 1000:.2f} s", min),
        _best("Tokens a second, median", compared, lambda one: one.seen.throughput_tps, lambda tps: f"{tps:.0f}", max),
        _best("Uptime, last day", compared, lambda one: one.uptime, figures.percent, max),
        _best("Tokens, last week", compared, lambda one: one.seen.tokens or None, figures.tokens, max),
    )


def _names(shelf: Shelf, row: Row) -> str:
    names = dict.fromkeys(shelf.label("provider", endpoint.provider) for endpoint in row.endpoints if endpoint.on)
    return ", ".join(names) or _UNSAID


def _policies(row: Row) -> str:
    told = dict.fromkeys(POLICIES[endpoint.data_policy].lower() for endpoint in row.endpoints if endpoint.on)
    return "; ".join(told) or _UNSAID


_DISTILLABLE = {True: "allowed", False: "not allowed", None: "not known"}


def _regions(row: Row) -> str:
    return ", ".join(sorted({region_of(endpoint.region) for endpoint in row.endpoints if endpoint.on})) or _UNSAID


def _parameters(compared: Sequence[Compared]) -> tuple[Line, ...]:
    names = sorted({name for one in compared for name in one.row.model.supported_parameters})
    return tuple(_whether(name, compared, lambda one, name=name: name in one.row.model.supported_parameters) for name in names)  # type: ignore[misc]


def _line(label: str, compared: Sequence[Compared], tell: Callable[[Compared], str]) -> Line:
    texts = [tell(one) for one in compared]
    return Line(label, tuple(Cell(text) for text in texts), len(set(texts)) > 1)


def _whether(label: str, compared: Sequence[Compared], tell: Callable[[Compared], bool]) -> Line:
    told = [tell(one) for one in compared]
    return Line(label, tuple(Cell("yes" if is_so else "no", yes=is_so) for is_so in told), len(set(told)) > 1)


def _best(
    label: str,
    compared: Sequence[Compared],
    tell: Callable[[Compared], Any],
    show: Callable[[Any], str],
    best: Callable[[Iterable[Any]], Any],
) -> Line:
    """A line of figures of which the greatest or the least is the best; None is not known."""
    values = [tell(one) for one in compared]
    known = [value for value in values if value is not None]
    differs = len(set(values)) > 1
    winner = best(known) if len(known) > 1 and len(set(known)) > 1 else None
    cells = (Cell(_UNSAID if value is None else show(value), best=value is not None and value == winner) for value in values)
    return Line(label, tuple(cells), differs)
