"""What a provider says it charged: its exported bill, read line by line into sums by day and model.

Known are the exports of OpenAI's usage page and of Anthropic's console (columns read on 2026-11-21), and a plain file with a
date and an amount. Columns may stand in any order, and others beside them. What cannot be read is refused with its line; nothing
is guessed. A file of any length takes no more memory than the sums it has.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from pathlib import Path
from typing import TextIO

import msgspec

from entrepot.errors import InvalidRequest
from entrepot.values.money import NANO
from entrepot.values.times import date_at, date_of, day_in, time_in

_LONGEST_LINE = 2**16
_LONGEST_HEAD = 200
_MOST_SUMS = 100_000
_MOST_DAYS = 1_000
_LARGEST = Decimal(10**10)
_DIGITS = 40
_EXACT = Context(prec=120, rounding=ROUND_HALF_EVEN)
_EPOCH = re.compile(r"\d{9,11}")
_NO_MODEL = frozenset(["", "null", "none", "-"])


class Form(msgspec.Struct, frozen=True):
    """How an export is laid out. Of the columns named for one thing the first that is there counts; all of `must` are there."""

    name: str
    must: tuple[str, ...]
    day: tuple[str, ...]
    amount: tuple[str, ...]
    model: tuple[str, ...]
    currency: tuple[str, ...]


FORMS = (
    Form(
        "OpenAI's cost export",
        ("amount_value",),
        ("start_time_iso", "start_time"),
        ("amount_value",),
        ("line_item",),
        ("amount_currency",),
    ),
    Form("Anthropic's cost export", ("usage_date_utc", "cost_usd"), ("usage_date_utc",), ("cost_usd",), ("model",), ()),
    Form(
        "a plain file",
        (),
        ("date", "day", "start_date", "usage_date"),
        ("amount", "cost", "amount_usd", "cost_usd"),
        ("model", "line_item", "description"),
        ("currency", "amount_currency"),
    ),
)


class Bill(msgspec.Struct, frozen=True):
    """sums      nano-dollars by UTC day (as 2026-11-30) and model, "" where the bill names none
    lines     that have an amount, and `credits` those of them below zero
    """

    form: str
    sums: dict[tuple[str, str], int]
    lines: int
    credits: int

    @property
    def days(self) -> list[str]:
        """Each from its first to its last, also those that it has nothing of."""
        named = sorted(day for day, _ in self.sums)
        return [date_of(day) for day in range(day_in(named[0]), day_in(named[-1]) + 1)]


def read(path: Path) -> Bill:
    """raises InvalidRequest, OSError"""
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            return _read(file)
        except UnicodeDecodeError:
            raise _bad(0, "it is not UTF-8 text", "a CSV file") from None
        except csv.Error as error:
            raise _bad(0, f"it is no CSV: {error}", "a CSV file") from None


def _read(file: TextIO) -> Bill:
    lines = _lines(file)
    head = next(lines, "")
    if not head.strip():
        raise _bad(0, "it is empty, or begins with an empty line", "a CSV file with a line of names at its top")
    form, delimiter, names = _form_of(head)
    columns = [_column(names, wanted) for wanted in (form.day, form.amount, form.model, form.currency)]
    sums: dict[tuple[str, str], Decimal] = {}
    first, last = "9999-12-31", "0001-01-01"
    count = credits_ = 0
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    for cells in rows:
        at = rows.line_num + 1
        day, amount, model, currency = (_cell(cells, column) for column in columns)
        if not amount:
            continue
        value = _amount(amount, at)
        if currency.lower() not in ("", "usd"):
            raise _bad(at, f"it is in {currency[:20]!r}", "US dollars", currency)
        key = (_day(day, at), _model(model))
        sums[key] = _EXACT.add(sums.get(key, Decimal(0)), value)
        first, last = min(first, key[0]), max(last, key[0])
        if len(sums) > _MOST_SUMS or _days_between(first, last) > _MOST_DAYS:
            raise _bad(at, "it is about too many days and models", f"at most {_MOST_DAYS:,} days and {_MOST_SUMS:,} sums")
        count += 1
        credits_ += value < 0
    if not count:
        raise _bad(0, "it has no line with an amount", "the lines of a bill")
    return Bill(form.name, {key: _nano(value) for key, value in sums.items()}, count, credits_)


def _lines(file: TextIO) -> Iterator[str]:
    """None longer than any of an export is, so that a file without ends of lines is not taken into memory."""
    number = 0
    while line := file.readline(_LONGEST_LINE):
        number += 1
        if len(line) == _LONGEST_LINE:
            raise _bad(number, "it is longer than any line of a bill", f"at most {_LONGEST_LINE:,} characters")
        if "\0" in line:
            raise _bad(number, "it holds a character that is no text", "a CSV file")
        yield line


def _form_of(head: str) -> tuple[Form, str, list[str]]:
    for delimiter in (",", "\t", ";"):
        names = [name.strip().lower().replace(" ", "_") for name in next(csv.reader([head], delimiter=delimiter), [])]
        for form in FORMS:
            if all(name in names for name in form.must) and _column(names, form.day) >= 0 and _column(names, form.amount) >= 0:
                return form, delimiter, names
    expected = "; ".join(f"{form.name}: {form.day[0]}, {form.model[0]}, {form.amount[0]}" for form in FORMS)
    raise _bad(1, "its columns are not those of a bill", f"columns of {expected}", head.strip()[:_LONGEST_HEAD])


def _column(names: Sequence[str], wanted: Iterable[str]) -> int:
    return next((names.index(name) for name in wanted if name in names), -1)


def _cell(cells: Sequence[str], column: int) -> str:
    return cells[column].strip() if 0 <= column < len(cells) else ""


def _amount(text: str, at: int) -> Decimal:
    try:
        value = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        value = Decimal("NaN")
    if (
        not text.isascii()
        or "_" in text
        or not value.is_finite()
        or len(value.as_tuple().digits) > _DIGITS
        or value.copy_abs() > _LARGEST
    ):
        raise _bad(at, f"{text[:40]!r} is not an amount", "a number as 12.34", text)
    return value


def _day(text: str, at: int) -> str:
    """The UTC day of a date, of a time with its offset, or of seconds since 1970."""
    try:
        if _EPOCH.fullmatch(text):
            return date_at(int(text) * 1000)
        return date_at(time_in(text))
    except (ValueError, OverflowError, OSError):
        raise _bad(at, f"{text[:40]!r} is not a day", "as 2026-11-30", text) from None


def _days_between(first: str, last: str) -> int:
    return day_in(last) - day_in(first) + 1


def _model(text: str) -> str:
    """Of `gpt-5.1-2025-11-13, input` the name."""
    name = text.partition(",")[0].strip()[:200]
    return "" if name.lower() in _NO_MODEL else "".join(letter for letter in name if letter.isprintable())


def _nano(value: Decimal) -> int:
    return int(_EXACT.multiply(value, Decimal(NANO)).to_integral_value(ROUND_HALF_EVEN))


def _bad(at: int, why: str, expected: str, received: str | None = None) -> InvalidRequest:
    where = f"Line {at} of the bill" if at else "The bill"
    return InvalidRequest(
        f"{where} cannot be read: {why}.",
        field=f"line {at}" if at else None,
        expected=expected,
        received=None if received is None else received[:_LONGEST_HEAD],
        remedy="Export the bill anew as CSV, or mend the line."
        if at > 1
        else "Export the bill anew as CSV, or write one with date, model and amount.",
    )
