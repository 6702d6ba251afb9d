"""What the pages show can be used as it stands."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from entrepot import settings
from entrepot.catalog.endpoints import build_endpoints
from entrepot.catalog.shipped import shipped_models
from entrepot.providers import Provider
from entrepot.providers.configured import configure
from entrepot.web.samples import samples

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def shown(language: str) -> list[tuple[str, str]]:
    """Page and text of every block in that language."""
    blocks = re.compile(rf"^```{language}\n(.*?)^```", re.S | re.M)
    return [(page.stem, text) for page in PAGES for text in blocks.findall(page.read_text(encoding="utf8"))]


@pytest.mark.parametrize(("page", "text"), shown("toml"))
def test_a_configuration_that_is_shown_is_accepted(page: str, text: str) -> None:
    checked = settings.check(tomllib.loads(text))
    providers, problems = configure(checked.providers)
    models = {model.id: model for model in shipped_models()}
    _, _, more = build_endpoints(models, providers, checked.endpoints, "2026-11-21")
    assert [*problems, *more] == [], page


@pytest.mark.parametrize(("page", "text"), shown("python"))
def test_python_that_is_shown_is_python(page: str, text: str) -> None:
    assert ast.parse(text, page).body


def test_the_provider_that_is_shown_is_one() -> None:
    text = next(text for page, text in shown("python") if page == "providers")
    made: dict[str, object] = {}
    exec(text, made)
    assert isinstance(made["provider"], Provider)


def test_samples_carry_the_address_and_are_well_formed() -> None:
    made = samples("https://port.example.test")
    assert all("https://port.example.test/api/v1" in sample.code for sample in made)
    for sample in made:
        if sample.language == "python":
            compile(sample.code, sample.title, "exec")
