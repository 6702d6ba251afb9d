"""PDFs are written in the letters that names have, and say so where they cannot be."""

import io
from importlib.resources import files

import pytest
from pypdf import PdfReader

from entrepot.errors import Unavailable
from entrepot.ledger import statement_pdf
from entrepot.ledger.statement_paper import Paper

NAMES = ("Харбор и сыновья", "Ελληνική Εταιρεία", "Łódź Žižkov Kőszeg", "Việt Nam", "Søren & Œuvre €1,234.50")


def read(*lines: str, font: str = "") -> str:
    paper = Paper(title="Receipt", number="R-1", at_ms=0, seller=lines, buyer=("B",), facts=(), tables=(), notes=())
    pages = PdfReader(io.BytesIO(statement_pdf.render(paper, font))).pages
    return " ".join("\n".join(page.extract_text() for page in pages).split())


@pytest.fixture
def inter() -> None:
    if not (files("entrepot") / "web" / "static" / "built" / "paper-inter-latin-400-normal.woff").is_file():
        pytest.skip("the pages are not built, and with them the fonts: python hatch_build.py")


@pytest.mark.usefixtures("inter")
@pytest.mark.parametrize("name", NAMES)
def test_names_in_latin_greek_and_cyrillic_are_written_as_they_are(name: str) -> None:
    told = read(name)
    assert name in told and "question mark" not in told


def test_what_no_font_has_is_a_question_mark_and_the_paper_says_so() -> None:
    told = read("Harbour 中文 Ltd?")
    assert "Harbour ?? Ltd?" in told
    assert "Where a question mark stands for a letter" in told


def test_a_font_that_is_none_is_told() -> None:
    with pytest.raises(Unavailable, match="pdf_font cannot be used"):
        read("a", font=__file__)
