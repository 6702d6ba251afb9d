"""The page of all models: a query string becomes a wish, and the wish the rows that meet it, in order, fifty at a time.

Everything that is chosen stands in the address. Names and values of OpenRouter's own address are understood and moved to ours.
Whatever the order, models that are ready here come before those that are not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from itertools import chain
from typing import Any
from urllib.parse import urlencode

import msgspec

from entrepot.records.categories import known_as
from entrepot.values.money import YOCTO
from entrepot.web import figures
from entrepot.web.listings_measured import NOTHING, ModelFigures
from entrepot.web.shelf import FILTERS, Row, Shelf

PAGE_SIZE = 50
SORTS = {
    "newest": "Newest",
    "popular": "Most used",
    "name": "Name",
    "price": "Price, lowest",
    "price-high": "Price, highest",
    "context": "Context, longest",
    "throughput": "Throughput, highest",
    "latency": "Latency, lowest",
}
VIEWS = {"table": "Table", "list": "List"}
CONTEXTS = (8_000, 32_000, 128_000, 200_000, 400_000, 1_000_000)
TITLES = {
    "here": "Here",
    "author": "Author",
    "series": "Series",
    "provider": "Provider",
    "input": "Reads",
    "output": "Makes",
    "kind": "Is like this",
    "category": "Used for",
    "parameter": "Takes the parameter",
    "policy": "What is sent",
    "distillable": "Training others with it",
    "region": "Where it runs",
    "country": "Seat of a provider",
}
"""The filters in the order of the page, with their headings there."""
_ALL_OF = ("input", "kind", "parameter")
"""Where several values are chosen, a model has all of these; of the others one is enough."""
_OURS = {
    "input_modalities": "input",
    "output_modalities": "output",
    "supported_parameters": "parameter",
    "providers": "provider",
    "categories": "category",
    "model_authors": "author",
    "arch": "series",
    "context": "min_context",
    "order": "sort",
    "fmt": "view",
}
_OUR_VALUES = {
    ("pricing", "free"): ("kind", "free"),
    ("zdr", "true"): ("policy", "zdr"),
    ("ready", "1"): ("here", "ready"),
    ("view", "cards"): ("view", "list"),
    ("sort", "top-weekly"): ("sort", "popular"),
    ("sort", "most-popular"): ("sort", "popular"),
    ("sort", "pricing-low-to-high"): ("sort", "price"),
    ("sort", "pricing-high-to-low"): ("sort", "price-high"),
    ("sort", "context-high-to-low"): ("sort", "context"),
    ("sort", "throughput-high-to-low"): ("sort", "throughput"),
    ("sort", "latency-low-to-high"): ("sort", "latency"),
}
_TEXTS = ("q", "min_price", "max_price", "min_context")
PLAIN = ",/"
"""Signs that stay as they are in an address."""
_MADE = {"image": "pictures", "video": "films", "audio": "sound", "transcription": "transcripts", "rerank": "rankings of texts"}
"""What models make, in a sentence, where it is called otherwise than its modality."""
_LONGEST = 200
_MOST_VALUES = 20
_HIGHEST = 10**12
_SHOWN = 7
"""Of a filter's values; the others are folded."""


class Wish(msgspec.Struct, frozen=True):
    """What was asked for; nothing is asked for by what is empty.

    chosen     values by the name of a filter
    texts      what was typed, by the name of its field
    min_price, max_price   yocto-dollars for a prompt token
    problems   what could not be read, in words for the reader
    """

    chosen: Mapping[str, tuple[str, ...]] = {}
    texts: Mapping[str, str] = {}
    min_price: int | None = None
    max_price: int | None = None
    min_context: int = 0
    sort: str = "newest"
    view: str = "table"
    page: int = 1
    problems: tuple[str, ...] = ()


class Chip(msgspec.Struct, frozen=True):
    """A filter that holds, and the address of the page without it."""

    label: str
    without: str


class Option(msgspec.Struct, frozen=True):
    """A value that may be chosen: how many models the page would then have of it, and the address that turns it over."""

    label: str
    count: int
    chosen: bool
    link: str


class Facet(msgspec.Struct, frozen=True):
    name: str
    title: str
    options: tuple[Option, ...]
    more: tuple[Option, ...] = ()


class Found(msgspec.Struct, frozen=True):
    """rows in order, and for each filter how many rows each of its values would leave, the other filters as they are."""

    rows: list[Row]
    counts: Mapping[str, Counter[str]]


def read(pairs: Iterable[tuple[str, str]]) -> Wish:
    chosen: dict[str, list[str]] = {}
    texts: dict[str, str] = {}
    problems: list[str] = []
    for name, value in _in_our_words(pairs):
        if name in FILTERS:
            chosen.setdefault(name, []).extend(part for part in value.split(",") if part)
        else:
            texts.setdefault(name, value)
    lows, highs = _price(texts, "min_price", problems), _price(texts, "max_price", problems)
    context = _number(texts.get("min_context", "0"))
    if context is None:
        problems.append("The least context must be a number of tokens, as 128000.")
        del texts["min_context"]
    return Wish(
        {name: tuple(dict.fromkeys(values[:_MOST_VALUES])) for name, values in chosen.items()},
        {name: texts[name] for name in _TEXTS if texts.get(name)},
        lows,
        highs,
        int(context or 0),
        _one_of(texts.get("sort", ""), SORTS, "Models are sorted by", problems),
        _one_of(texts.get("view", ""), VIEWS, "Models are shown as", problems),
        _page(texts.get("page", "1")),
        tuple(problems),
    )


def _in_our_words(pairs: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    for theirs, text in pairs:
        value = text.strip()[:_LONGEST]
        name = _OURS.get(theirs, theirs)
        if value:
            if name == "category":
                value = ",".join(known_as(word.strip().lower()) or word for word in value.split(","))
            if name == "region":
                value = value.lower()
            yield _OUR_VALUES.get((name, value.lower()), (name, value))


def _price(texts: dict[str, str], name: str, problems: list[str]) -> int | None:
    if name not in texts:
        return None
    price = _number(texts[name])
    if price is None:
        which = "lowest" if name == "min_price" else "highest"
        problems.append(f"The {which} price must be a number of US dollars, as 2.50.")
        del texts[name]
        return None
    return int(price * (YOCTO // 10**6))


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and 0 <= number <= _HIGHEST else None


def _one_of(value: str, known: Mapping[str, str], said: str, problems: list[str]) -> str:
    first = next(iter(known))
    if value and value not in known:
        problems.append(f"{said} {', '.join(known)}.")
    return value if value in known else first


def _page(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 7 and int(text) else 1


def browse(shelf: Shelf, wish: Wish, measured: Mapping[str, ModelFigures] = {}) -> Found:
    """One look at each row: what fails one filter alone is counted for that filter's other values."""
    words = wish.texts.get("q", "").lower().split()
    rows: list[Row] = []
    counted: dict[str, list[frozenset[str]]] = {name: [] for name in TITLES}
    for row in shelf.rows.values():
        if not _in_range(row, wish) or not all(word in row.words for word in words):
            continue
        marks = {**row.marks, "category": measured.get(row.target, NOTHING).categories}
        failed = [name for name, values in wish.chosen.items() if not _has(marks[name], name, values)]
        if not failed:
            rows.append(row)
        if len(failed) < 2:
            for name in failed or TITLES:
                counted[name].append(marks[name])
    order = _ORDERS[wish.sort]
    rows.sort(key=lambda row: (not row.ready, *order(row, measured.get(row.target, NOTHING)), row.model.id))
    return Found(rows, {name: Counter(chain.from_iterable(found)) for name, found in counted.items()})


def _in_range(row: Row, wish: Wish) -> bool:
    prompt = row.price.rates.prompt
    return (
        (wish.max_price is None or (row.priced and prompt <= wish.max_price))
        and (wish.min_price is None or (row.priced and prompt >= wish.min_price))
        and (row.model.context_length or 0) >= wish.min_context
    )


def _has(marks: frozenset[str], name: str, values: tuple[str, ...]) -> bool:
    return marks.issuperset(values) if name in _ALL_OF else not marks.isdisjoint(values)


_ORDERS: dict[str, Callable[[Row, ModelFigures], tuple[Any, ...]]] = {
    "newest": lambda row, _: (-row.model.created,),
    "name": lambda row, _: (row.model.name.lower(),),
    # What has no price by the token, or was not measured, stands last, whichever way the others stand.
    "price": lambda row, _: (not row.priced, row.price.rates.prompt, row.price.rates.completion),
    "price-high": lambda row, _: (not row.priced, -row.price.rates.prompt, -row.price.rates.completion),
    "context": lambda row, _: (-(row.model.context_length or 0),),
    "popular": lambda row, seen: (-seen.tokens, -row.model.created),
    "throughput": lambda row, seen: (seen.throughput_tps is None, -(seen.throughput_tps or 0), -row.model.created),
    "latency": lambda row, seen: (seen.latency_ms is None, seen.latency_ms or 0, -row.model.created),
}


def context(shelf: Shelf, wish: Wish, measured: Mapping[str, ModelFigures] = {}) -> dict[str, Any]:
    """What the template reads."""
    found = browse(shelf, wish, measured)
    rows = found.rows
    pages = max(1, -(-len(rows) // PAGE_SIZE))
    page = min(wish.page, pages)
    start = (page - 1) * PAGE_SIZE
    shown = rows[start : start + PAGE_SIZE]
    return {
        "groups": [(True, [row for row in shown if row.ready]), (False, [row for row in shown if not row.ready])],
        "shown": len(shown),
        "found": len(rows),
        "total": len(shelf.rows),
        "ready": shelf.ready,
        "ready_found": sum(row.ready for row in rows),
        "makes": shelf.choices["output"],
        "made": _MADE,
        "start": start,
        "page": page,
        "pages": pages,
        "wish": wish,
        "chips": _chips(shelf, wish),
        "facets": [_facet(shelf, wish, name, found.counts[name]) for name in TITLES],
        "contexts": CONTEXTS,
        "sorts": SORTS,
        "views": VIEWS,
        "hidden": [(name, ",".join(values)) for name, values in wish.chosen.items()],
        "viewed_as": lambda view: link(msgspec.structs.replace(wish, view=view)),
        "sorted_by": lambda sort: link(msgspec.structs.replace(wish, sort=sort)),
        "page_link": lambda number: link(wish, page=number),
        "measured": measured,
        "unmeasured": NOTHING,
        "figures": figures,
    }


def _chips(shelf: Shelf, wish: Wish) -> list[Chip]:
    told = [Chip(_typed(name, text), link(_untyped(wish, name))) for name, text in wish.texts.items()]
    for name, values in wish.chosen.items():
        title = TITLES[name].lower()
        told += [Chip(f"{title}: {shelf.label(name, value)}", link(_toggled(wish, name, value))) for value in values]
    return told


def _typed(name: str, text: str) -> str:
    if name == "min_context":
        return f"context from {text}"
    if name == "q":
        return f"search: {text}"
    return f"{'at least' if name == 'min_price' else 'at most'} ${text} a million"


def _untyped(wish: Wish, name: str) -> Wish:
    return msgspec.structs.replace(wish, texts={field: text for field, text in wish.texts.items() if field != name})


def _toggled(wish: Wish, name: str, value: str) -> Wish:
    """With the value when it was not chosen, without it when it was."""
    now = wish.chosen.get(name, ())
    then = tuple(one for one in now if one != value) if value in now else (*now, value)
    chosen = {field: values for field, values in {**wish.chosen, name: then}.items() if values}
    return msgspec.structs.replace(wish, chosen=chosen)


def _facet(shelf: Shelf, wish: Wish, name: str, counts: Counter[str]) -> Facet:
    """The values that would leave something, and those that are chosen."""
    chosen = wish.chosen.get(name, ())
    options = [
        Option(choice.label, counts[choice.value], choice.value in chosen, link(_toggled(wish, name, choice.value)))
        for choice in shelf.choices[name]
        if counts[choice.value] or choice.value in chosen
    ]
    if len(options) <= _SHOWN + 2:
        return Facet(name, TITLES[name], tuple(options))
    first = sorted(options, key=lambda option: (not option.chosen, -option.count))[: max(_SHOWN, len(chosen))]
    return Facet(name, TITLES[name], tuple(first), tuple(option for option in options if option not in first))


def link(wish: Wish, *, page: int = 1) -> str:
    """The one address of a wish."""
    pairs = [(name, wish.texts[name]) for name in _TEXTS if name in wish.texts]
    pairs += [(name, ",".join(wish.chosen[name])) for name in TITLES if name in wish.chosen]
    pairs += [("sort", wish.sort)] if wish.sort != "newest" else []
    pairs += [("view", wish.view)] if wish.view != "table" else []
    pairs += [("page", str(page))] if page > 1 else []
    return "/models" + (f"?{urlencode(pairs, safe=PLAIN)}" if pairs else "")


def address(wish: Wish) -> str:
    """Of the page as it was asked for."""
    return link(wish, page=wish.page)
