"""A paper as PDF, A4. It needs the extra `entrepot[payments]`, and the same paper is always the same bytes."""

from __future__ import annotations

from typing import Any

from entrepot.errors import Unavailable
from entrepot.ledger.paper_fonts import Letters
from entrepot.ledger.statement_paper import Paper, Table
from entrepot.values.times import utc

_MARGIN, _GAP, _LINE, _BETWEEN = 18, 8, 5.2, 3
_INK, _QUIET, _RULE = (22, 25, 29), (91, 100, 112), (217, 221, 227)
_MISSING = "Where a question mark stands for a letter, this PDF's fonts do not have it; the same paper as an HTML page has it."


def render(paper: Paper, font: str = "") -> bytes:
    """font  a TrueType or OpenType file, for letters that `paper_fonts` does not have. raises Unavailable"""
    try:
        from fpdf import FPDF
    except ImportError:
        raise Unavailable(
            "PDFs cannot be made: a package is not installed (fpdf2).",
            status=503,
            remedy="pip install 'entrepot[payments]', or take the HTML.",
        ) from None

    class Sheet(FPDF):
        def footer(self) -> None:
            self.set_y(-_MARGIN + 4)
            self.set_font(letters.family, size=8)
            self.set_text_color(*_QUIET)
            self.cell(0, 4, letters.words(f"{paper.title} {paper.number}"))
            self.cell(0, 4, letters.words(f"{self.page_no()} / {{nb}}"), align="R")

    sheet: Any = Sheet(format="A4", unit="mm")
    letters = Letters(sheet, font)
    sheet.set_title(letters.words(f"{paper.title} {paper.number}"))
    sheet.set_lang("en")
    sheet.set_creation_date(utc(paper.at_ms))
    sheet.set_margins(_MARGIN, _MARGIN)
    sheet.c_margin = 0
    sheet.set_auto_page_break(True, margin=_MARGIN + 4)
    sheet.add_page()
    _Writer(sheet, letters).write(paper)
    return bytes(sheet.output())


class _Writer:
    def __init__(self, sheet: Any, letters: Letters) -> None:
        self._sheet = sheet
        self._family = letters.family
        self._words = letters.words
        self._letters = letters

    def write(self, paper: Paper) -> None:
        self._head(paper)
        self._about(paper)
        for table in paper.tables:
            self._table(table)
        for note in paper.notes:
            self._note(note)
        if self._letters.missing:
            self._note(_MISSING)

    def _note(self, text: str) -> None:
        self._sheet.ln(_GAP)
        self._say(text, size=8.5, color=_QUIET)

    def _font(self, size: float, style: str = "", color: tuple[int, int, int] = _INK) -> None:
        self._sheet.set_font(self._family, style, size)
        self._sheet.set_text_color(*color)

    def _say(self, text: str, *, size: float = 10, style: str = "", color: tuple[int, int, int] = _INK, **more: Any) -> None:
        self._font(size, style, color)
        self._sheet.multi_cell(more.pop("width", 0), _LINE, self._words(text), new_x="LMARGIN", new_y="NEXT", **more)

    def _head(self, paper: Paper) -> None:
        sheet, half = self._sheet, self._sheet.epw / 2
        top = sheet.get_y()
        self._font(21, "B")
        sheet.cell(half, 9, self._words(paper.title), new_x="LMARGIN", new_y="NEXT")
        self._say(paper.number, size=10.5, color=_QUIET, width=half)
        left = sheet.get_y()
        sheet.set_y(top + 1)
        for number, line in enumerate(paper.seller):
            sheet.set_x(_MARGIN + half)
            self._say(line, style="" if number else "B", width=half, align="R")
        sheet.set_y(max(left, sheet.get_y()) + _GAP)
        self._rule(0.5, _INK)

    def _about(self, paper: Paper) -> None:
        sheet, half = self._sheet, self._sheet.epw / 2
        top = sheet.get_y() + 4
        sheet.set_y(top)
        self._say("For", size=8.5, color=_QUIET, width=half)
        for number, line in enumerate(paper.buyer):
            self._say(line, style="" if number else "B", width=half)
        bottom = sheet.get_y()
        sheet.set_y(top)
        for label, value in paper.facts:
            sheet.set_x(_MARGIN + half)
            self._font(10, color=_QUIET)
            sheet.cell(half * 0.2, _LINE, self._words(label))
            self._say(value, width=half * 0.8, align="R")
        sheet.set_y(max(bottom, sheet.get_y()))

    def _rule(self, width: float, color: tuple[int, int, int]) -> None:
        sheet = self._sheet
        sheet.set_draw_color(*color)
        sheet.set_line_width(width)
        sheet.line(_MARGIN, sheet.get_y(), _MARGIN + sheet.epw, sheet.get_y())

    def _table(self, table: Table) -> None:
        sheet = self._sheet
        sheet.ln(_GAP + 2)
        if sheet.get_y() > sheet.h - 60:
            sheet.add_page()
        self._say(table.heading, size=11.5, style="B")
        sheet.ln(1.5)
        if not table.rows:
            self._say(table.empty, color=_QUIET)
            return
        self._heads(table)
        for row in table.rows:
            self._row(table, row)
        for row in table.last:
            self._rule(0.5, _INK)
            self._row(table, row, "B")

    def _heads(self, table: Table) -> None:
        if any(column.name for column in table.columns):
            self._row(table, tuple(column.name for column in table.columns), size=8.5, color=_QUIET)

    def _row(
        self, table: Table, row: tuple[str, ...], style: str = "", size: float = 9.5, color: tuple[int, int, int] = _INK
    ) -> None:
        """As high as its longest cell; on a new page the heads stand again."""
        sheet = self._sheet
        widths = [sheet.epw * column.width / sum(column.width for column in table.columns) for column in table.columns]
        fit = [width - _BETWEEN * (not column.right) for width, column in zip(widths, table.columns, strict=True)]
        self._font(size, style, color)
        texts = [self._words(cell) for cell in row]
        height = _LINE * max(self._lines(text, width) for text, width in zip(texts, fit, strict=True)) + 2.4
        if sheet.get_y() + height > sheet.page_break_trigger:
            sheet.add_page()
            if color == _INK:
                self._heads(table)
                self._font(size, style, color)
        top, left = sheet.get_y(), _MARGIN
        for column, text, width, inner in zip(table.columns, texts, widths, fit, strict=True):
            sheet.set_xy(left, top + 1.2)
            sheet.multi_cell(inner, _LINE, text, align="R" if column.right else "L")
            left += width
        sheet.set_xy(_MARGIN, top + height)
        self._rule(0.15, _RULE)

    def _lines(self, text: str, width: float) -> int:
        return len(self._sheet.multi_cell(width, _LINE, text, dry_run=True, output="LINES")) or 1
