"""The pages say what is: generated ones are current, links lead somewhere, and nothing public is missing."""

import re
from pathlib import Path

import pytest

from entrepot.cli.reference import described, kinds, pages
from entrepot.errors import GatewayError
from entrepot.settings import describe

ROOT = Path(__file__).parents[2]
DOCS = sorted((ROOT / "docs").rglob("*.md"))


@pytest.mark.parametrize("name", pages())
def test_a_generated_page_is_current(name: str) -> None:
    """`make docs` writes them anew."""
    assert (ROOT / "docs" / "look-up" / name).read_text(encoding="utf8") == pages()[name]


def test_every_setting_says_what_it_means() -> None:
    undocumented = [knob.name for knob in describe() if not knob.meaning and not knob.name.startswith("endpoints[].price.")]
    assert undocumented == []


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_every_error_says_what_it_means_and_what_mends_it(kind: type[GatewayError]) -> None:
    assert all(described(kind))


@pytest.mark.parametrize("page", DOCS, ids=lambda path: path.stem)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((/docs/[^)#]+)", page.read_text(encoding="utf8")):
        assert (ROOT / f"{target.lstrip('/')}.md").is_file(), target


def test_every_direct_dependency_has_its_reason() -> None:
    declared = re.search(r"^dependencies = \[(.*?)^\]", (ROOT / "pyproject.toml").read_text(), re.S | re.M)
    assert declared
    reasons = (ROOT / "ARCHITECTURE.md").read_text()
    assert [name for name in re.findall(r'"([a-z0-9-]+)', declared[1]) if name not in reasons] == []


def test_nothing_names_a_registry_or_this_workplace() -> None:
    words = re.compile(r"files\.pythonhosted|registry\.npmjs|pypi\.org/simple|/work/(main|shared)|deb\.debian")
    files = [
        path for folder in ("src", "docs", "tests", "web/src", "requirements", "bench") for path in (ROOT / folder).rglob("*")
    ]
    files += [ROOT / name for name in ("README.md", "Makefile", "pyproject.toml", "web/package-lock.json")]
    texts = [
        path
        for path in files
        if "node_modules" not in path.parts
        and path.is_file()
        and path.suffix in (".py", ".md", ".txt", ".toml", ".json", ".ts", ".css", "")
    ]
    named = [
        str(path) for path in texts if path != Path(__file__) and words.search(path.read_text(encoding="utf8", errors="ignore"))
    ]
    assert named == []
