"""The letters of PDFs: the operator's font, then Inter, which the pages are written in too: Latin, Greek, Cyrillic, Vietnamese.

What no font has is shown as a question mark, and remembered, so that the paper can say so. Without the built files of Inter, as
before the first build of the pages, the letters are those of Western Europe.
"""

from __future__ import annotations

import unicodedata
from importlib.resources import files
from pathlib import Path
from typing import Any

from entrepot.errors import Unavailable

_OWN, _BARE = "own", "helvetica"
_SUBSETS = ("latin", "latin-ext", "greek", "greek-ext", "cyrillic", "cyrillic-ext", "vietnamese")
_WEIGHTS = {"": 400, "B": 700}


class Letters:
    """The fonts of one sheet. `family` is the first of them; `missing`: some letter had to be left out."""

    def __init__(self, sheet: Any, font: str) -> None:
        """font  the operator's file, "" for none. raises Unavailable"""
        self.missing = False
        names = [*_own(sheet, font), *_shipped(sheet)]
        self._known = {letter for name in names for letter in sheet.fonts[name].cmap}
        if names:
            sheet.set_fallback_fonts(names[1:], exact_match=True)
        else:
            sheet.core_fonts_encoding = "cp1252"
        self.family = names[0] if names else _BARE

    def words(self, text: str) -> str:
        """The text in letters that can be written."""
        text = unicodedata.normalize("NFC", text)
        shown = "".join(letter if self._has(letter) else "?" for letter in text) if self._known else _western(text)
        self.missing = self.missing or shown.count("?") > text.count("?")
        return shown

    def _has(self, letter: str) -> bool:
        return ord(letter) in self._known or letter == "\n"


def _western(text: str) -> str:
    return text.replace("−", "-").encode("cp1252", "replace").decode("cp1252")


def _own(sheet: Any, font: str) -> list[str]:
    if not font:
        return []
    from fontTools.ttLib import TTLibError
    from fpdf.errors import FPDFException

    try:
        for style in _WEIGHTS:
            sheet.add_font(_OWN, style, Path(font))
    except (OSError, ValueError, FPDFException, TTLibError) as error:
        raise Unavailable(
            f"PDFs cannot be made: payments.pdf_font cannot be used ({type(error).__name__}).",
            status=503,
            remedy="Give a TrueType or OpenType file, or leave it empty.",
        ) from None
    return [_OWN]


def _shipped(sheet: Any) -> list[str]:
    folder = Path(str(files("entrepot"))) / "web" / "static" / "built"
    found = [name for name in _SUBSETS if all(_file(folder, name, weight).is_file() for weight in _WEIGHTS.values())]
    for name in found:
        for style, weight in _WEIGHTS.items():
            sheet.add_font(name, style, _file(folder, name, weight))
    return found


def _file(folder: Path, subset: str, weight: int) -> Path:
    return folder / f"paper-inter-{subset}-{weight}-normal.woff"
