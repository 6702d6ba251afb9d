"""Whether two names are of one model, as companies write them."""

from __future__ import annotations

import functools
import re

_STAMP = re.compile(r"[-@:](?:(latest)|(\d{4}-?\d{2}-?\d{2}|\d{2}-\d{2}|\d{4})|(\d{3}|v\d{1,2}(?::\d{1,2})?))$")
_UNPRINTED = re.compile(r"[^\x21-\x7e]+")


@functools.lru_cache(4096)
def another(named: str, asked: str, known_as: str = "") -> str:
    """`named`, in one printed line, where it is neither the name that was `asked` for nor the one it is `known_as`; else "".

    What was compared once is remembered, so that names should be given at a bounded length.
    No difference are case, dots for dashes, what stands before the last slash, and a date or version behind the name where only
    one of the two has it, or both the same: `models/gemini-2.5-pro-001` is `gemini-2.5-pro`, and `gpt-4o-2024-08-06` is `gpt-4o`,
    but not `gpt-4o-2024-05-13`.
    """
    told = _UNPRINTED.sub(" ", named).strip()
    if not told or any(_same(_parts(told), _parts(name)) for name in (asked, known_as) if name):
        return ""
    return told


def _same(one: tuple[str, str, str], other: tuple[str, str, str]) -> bool:
    """Dates may be written shorter, as 0613 is for 2023-06-13."""
    (name, date, version), (other_name, other_date, other_version) = one, other
    dates = not date or not other_date or date.endswith(other_date) or other_date.endswith(date)
    return name == other_name and dates and (not version or not other_version or version == other_version)


def _parts(name: str) -> tuple[str, str, str]:
    """The name alone, its date as digits, and its version; "" for what it does not have."""
    rest, date, version = name.rpartition("/")[2].lower().replace(".", "-").replace("_", "-"), "", ""
    while (found := _STAMP.search(rest)) is not None:
        rest = rest[: found.start()]
        date = date or (found[2] or "").replace("-", "")
        version = version or found[3] or ""
    return rest, date, version
