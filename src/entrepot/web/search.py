"""Finding a place in the documentation: every word of the question begins a word there; headings count for more than text.

The pages are a few hundred sections, so that looking through all of them takes about a millisecond and needs no index to keep.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import markupsafe
import msgspec

_WORD = re.compile(r"[\w-]+")
_MOST_WORDS = 8
_MOST_CHARACTERS = 200
_AROUND = 110
_BODY_COUNTS = 3
_NOISE = re.compile(r"\[([^\]]*)\]\([^)]*\)|^ *(?:-|\d+\.) |[`*|]", re.M)
_RULE = re.compile(r"^[|\s:-]+$", re.M)


class Section(msgspec.Struct, frozen=True):
    """What stands below one heading. `anchor` is "" for what stands below the page's title."""

    path: str
    page: str
    anchor: str
    heading: str
    text: str


class Hit(msgspec.Struct, frozen=True):
    """A section that was found, with the words of the question marked in what it says."""

    where: str
    page: str
    heading: str
    excerpt: markupsafe.Markup


def sections(path: str, markdown: str) -> list[Section]:
    """The sections of one page. Fenced code belongs to the text without its fences, and a comment in it is no heading."""
    found: list[Section] = []
    page = heading = anchor = ""
    lines: list[str] = []
    fenced = False
    for line in [*markdown.splitlines(), "# "]:
        if line.startswith("```"):
            fenced = not fenced
            continue
        marks, _, said = line.partition(" ")
        if fenced or not marks or marks.strip("#") or len(marks) > 3:
            lines.append(line)
            continue
        if page:
            found.append(Section(path, page, anchor, heading, _plain("\n".join(lines))))
        page, heading, lines = page or _plain(said), _plain(said), []
        anchor = "" if len(marks) == 1 else anchor_of(said)
    return found


def anchor_of(heading: str) -> str:
    """The id of a heading: one word or a name in code as it is, anything else in small letters with hyphens."""
    plain = _plain(heading)
    return plain if plain.isidentifier() else "-".join(_WORD.findall(plain.lower()))


def search(pages: Iterable[Section], question: str, most: int = 20) -> list[Hit]:
    """The best first."""
    words = list(dict.fromkeys(_WORD.findall(question[:_MOST_CHARACTERS].lower())))[:_MOST_WORDS]
    if not words:
        return []
    begins = [re.compile(rf"(?<!\w){re.escape(word)}", re.IGNORECASE) for word in words]
    scored = [(score, section) for section in pages if (score := _score(section, begins))]
    scored.sort(key=lambda pair: -pair[0])
    return [_hit(section, begins) for _, section in scored[:most]]


def _score(section: Section, begins: list[re.Pattern[str]]) -> int:
    """0 when a word is nowhere in the section."""
    whole = 0
    for word in begins:
        body = min(len(word.findall(section.text)), _BODY_COUNTS)
        score = 6 * bool(word.search(section.heading)) + 4 * bool(word.search(section.page)) + body
        if not score:
            return 0
        whole += score
    return whole


def _hit(section: Section, begins: list[re.Pattern[str]]) -> Hit:
    where = section.path + (f"#{section.anchor}" if section.anchor else "")
    return Hit(where, section.page, section.heading if section.anchor else "", _excerpt(section.text, begins))


def _excerpt(text: str, begins: list[re.Pattern[str]]) -> markupsafe.Markup:
    """Some of the text around the first word of the question, cut between words."""
    text = " ".join(text.split())
    first = min((found.start() for word in begins if (found := word.search(text))), default=0)
    start = max(0, text.rfind(" ", 0, max(first - _AROUND // 2, 0)) + 1)
    end = text.find(" ", start + 2 * _AROUND)
    cut = text[start:] if end < 0 else text[start:end] + " …"
    return _marked(("… " if start else "") + cut, begins)


def _marked(text: str, begins: list[re.Pattern[str]]) -> markupsafe.Markup:
    out, at = [], 0
    for found in re.finditer("|".join(word.pattern for word in begins), text, re.IGNORECASE):
        out += [markupsafe.escape(text[at : found.start()]), markupsafe.Markup("<mark>{}</mark>").format(found[0])]
        at = found.end()
    return markupsafe.Markup("").join([*out, markupsafe.escape(text[at:])])


def _plain(markdown: str) -> str:
    return _NOISE.sub(r"\1", _RULE.sub("", markdown)).strip()
