"""The page of all models: a query string becomes a wish, and the wish the rows that meet it, in order, fifty at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

import msgspec

from entrepot.values.money import YOCTO
from entrepot.web import figures
from entrepot.web.shelf import Row, Shelf

PAGE_SIZE = 50
SORTS = {"newest": "Newest", "name": "Name", "price": "Price, lowest", "price-high": "Price, highest", "context": "Context"}
CONTEXTS = (8_000, 32_000, 128_000, 200_000, 400_000, 1_000_000)
_NAMES = {
    "q": "search",
    "author": "author",
    "provider": "provider",
    "input": "reads",
    "output": "makes",
    "max_price": "at most $",
    "min_context": "context from",
    "parameter": "takes",
    "ready": "ready here",
}
"""The filters, and how a page speaks of them."""
_LONGEST = 200
_HIGHEST = 10**12


class Wish(msgspec.Struct, frozen=True):
    """What was asked for; "" and None ask for nothing.

    max_price    yocto-dollars for a prompt token
    problems     what could not be read, in words for the reader
    """

    given: dict[str, str]
    max_price: int | None = None
    min_context: int = 0
    sort: str = "newest"
    page: int = 1
    problems: tuple[str, ...] = ()


class Chip(msgspec.Struct, frozen=True):
    """A filter that holds, and the address of the page without it."""

    label: str
    without: str


def read(query: Mapping[str, str]) -> Wish:
    given = {name: value for name in _NAMES if (value := query.get(name, "").strip()[:_LONGEST])}
    problems = []
    price, context = _number(given.get("max_price", "0")), _number(given.get("min_context", "0"))
    if price is None:
        problems.append("The highest price must be a number of US dollars, as 2.50.")
        del given["max_price"]
    if context is None:
        problems.append("The least context must be a number of tokens, as 128000.")
        del given["min_context"]
    sort = query.get("sort", "") or "newest"
    if sort not in SORTS:
        problems.append(f"Models are sorted by {', '.join(SORTS)}.")
        sort = "newest"
    page = query.get("page", "1")
    return Wish(
        given,
        int(price * (YOCTO // 10**6)) if price is not None and "max_price" in given else None,
        int(context or 0),
        sort,
        int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 7 and int(page) else 1,
        tuple(problems),
    )


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and 0 <= number <= _HIGHEST else None


def matching(shelf: Shelf, wish: Wish) -> list[Row]:
    """The rows that meet the wish, in its order."""
    words = wish.given.get("q", "").lower().split()
    found = [row for row in shelf.rows.values() if all(word in row.words for word in words) and _meets(row, wish)]
    found.sort(key=_ORDERS[wish.sort])
    return found


def _meets(row: Row, wish: Wish) -> bool:
    given, model = wish.given, row.model
    return (
        given.get("author", model.author) == model.author
        and ("provider" not in given or any(endpoint.provider == given["provider"] for endpoint in row.endpoints))
        and ("input" not in given or given["input"] in model.input_modalities)
        and ("output" not in given or given["output"] in model.output_modalities)
        and ("parameter" not in given or given["parameter"] in model.supported_parameters)
        and (wish.max_price is None or (row.priced and row.price.rates.prompt <= wish.max_price))
        and (model.context_length or 0) >= wish.min_context
        and ("ready" not in given or row.ready)
    )


_ORDERS: dict[str, Callable[[Row], tuple[Any, ...]]] = {
    "newest": lambda row: (-row.model.created, row.model.id),
    "name": lambda row: (row.model.name.lower(), row.model.id),
    # What has no price by the token stands last, whichever way the others stand.
    "price": lambda row: (not row.priced, row.price.rates.prompt, row.price.rates.completion, row.model.id),
    "price-high": lambda row: (not row.priced, -row.price.rates.prompt, -row.price.rates.completion, row.model.id),
    "context": lambda row: (-(row.model.context_length or 0), row.model.id),
}


def context(shelf: Shelf, wish: Wish) -> dict[str, Any]:
    """What the template reads."""
    found = matching(shelf, wish)
    pages = max(1, -(-len(found) // PAGE_SIZE))
    page = min(wish.page, pages)
    start = (page - 1) * PAGE_SIZE
    return {
        "rows": found[start : start + PAGE_SIZE],
        "found": len(found),
        "total": len(shelf.rows),
        "start": start,
        "page": page,
        "pages": pages,
        "wish": wish,
        "chips": [Chip(_told(shelf, name, value), _link(wish, without=name)) for name, value in wish.given.items()],
        "choices": shelf.choices,
        "contexts": CONTEXTS,
        "sorts": SORTS,
        "sorted_by": lambda sort: _link(msgspec.structs.replace(wish, sort=sort)),
        "page_link": lambda number: _link(wish, page=number),
        "figures": figures,
    }


def _told(shelf: Shelf, name: str, value: str) -> str:
    if name == "ready":
        return _NAMES[name]
    if name == "max_price":
        return f"{_NAMES[name]}{value} a million"
    if name == "provider":
        value = shelf.provider_names.get(value, value)
    return f"{_NAMES[name]} {value}"


def _link(wish: Wish, *, without: str = "", page: int = 1) -> str:
    pairs = [(name, value) for name, value in wish.given.items() if name != without]
    pairs += [("sort", wish.sort)] if wish.sort != "newest" else []
    pairs += [("page", str(page))] if page > 1 else []
    return "/models" + (f"?{urlencode(pairs)}" if pairs else "")
