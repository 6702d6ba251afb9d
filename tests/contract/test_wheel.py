"""The wheel serves the site with no Node, no build tool and no checkout in reach."""

import os
import re
import site
import subprocess
import sys
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(out), str(ROOT)]
    made = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert made.returncode == 0, made.stdout + made.stderr
    return next(out.glob("*.whl"))


def test_the_wheel_carries_the_pages_with_their_documentation_data_and_migrations(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    wanted = ["static/built/manifest.json", r"static/built/site-\w+\.css", r"static/built/site-\w+\.js", "templates/front.html"]
    wanted += ["static/built/inter-.*woff2", "docs/learn/first-answer.md", "data/models.jsonl", "migrations/0001_start.sql"]
    assert [pattern for pattern in wanted if not any(re.search(f"{pattern}$", name) for name in names)] == []
    assert [name for name in names if "node_modules" in name or "__pycache__" in name] == []


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel, that sees the packages it depends on but not the checkout."""
    place = tmp_path_factory.mktemp("installed")
    venv.create(place / "venv", with_pip=False, symlinks=True)
    python = place / "venv" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--disable-pip-version-check", str(wheel)], check=True, timeout=120)
    beside = next(python.parents[1].glob("lib/python3*/site-packages")) / "beside.pth"
    beside.write_text("\n".join(site.getsitepackages()))
    return place


@pytest.fixture
def url(installed: Path) -> Iterator[str]:
    (installed / "empty").mkdir(exist_ok=True)
    environment = {"PATH": str(installed / "empty"), "HOME": str(installed), "ENTREPOT_CATALOG_FIND_LOCAL": "false"}
    command = [installed / "venv" / "bin" / "entrepot", "serve", "--port", "0", "--data-dir", installed / "data"]
    process = subprocess.Popen(
        command, cwd=installed, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            yield found[0]
            break
    else:
        pytest.fail(f"it ended with {process.wait()}:\n{said}")
    process.terminate()
    process.communicate(timeout=30)


def test_an_installed_wheel_serves_the_front_page_and_its_style(url: str) -> None:
    front = fetch(url + "/")
    style = re.search(r'href="(/static/site-[^"]+\.css)"', front)
    assert style
    sheet = fetch(url + style[1])
    font = re.search(r"url\(\"?(?:\./)?(inter-latin-wght[^)\"]+)", sheet)
    assert font
    assert "--paper" in sheet
    assert urllib.request.urlopen(f"{url}/static/{font[1]}", timeout=10).headers["content-type"] == "font/woff2"


def test_an_installed_wheel_is_not_the_checkout(installed: Path) -> None:
    command = [installed / "venv" / "bin" / "python", "-c", "import entrepot; print(entrepot.__file__)"]
    where = subprocess.run(command, capture_output=True, text=True, check=True, cwd=installed, env={"PATH": os.devnull})
    assert Path(where.stdout.strip()).is_relative_to(installed)


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())
