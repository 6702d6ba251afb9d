"""What the pages show runs as it stands, against a running gateway: every Python block, every command line."""

import gc
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from entrepot.testing.gateway import ServerProcess

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHOWN_URL = "http://127.0.0.1:8080"
NOT_HERE = re.compile(r"^(git clone|make serve|claude |codex |export OPENAI_API_KEY)", re.M)
"""Commands that fetch, serve for ever or call a program that is not ours; the rest of their block is run."""
LOOKS = re.compile(r"entrepot (ledger audit|reconcile)")
"""How blocks begin that look at a gateway which was started before."""
REFUSED = {
    "/credits/checkout": "Payments are off",
    "/top-up": "Payments are off",
    "/codes/redeem": "no such code",
    "ofset=": "Did you mean `offset`?",
}
"""What has to be refused here, where there is no account at Stripe and the code that is shown was never made."""


def shown(language: str) -> list[Any]:
    blocks = re.compile(rf"^```{language}\n(.*?)^```", re.S | re.M)
    found = [(page.stem, text) for page in PAGES for text in blocks.findall(page.read_text(encoding="utf8"))]
    return [pytest.param(text, id=f"{page}-{at}") for at, (page, text) in enumerate(found)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(data_dir=tmp_path_factory.mktemp("docs") / "data") as running:
        yield running


def here(text: str, server: ServerProcess) -> str:
    """With the address and the keys of this gateway in place of those that are shown."""
    return text.replace(SHOWN_URL, server.url).replace("sk-ep-test-...", server.test_key).replace("sk-ep-...", server.test_key)


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize("text", shown("python"))
def test_python_that_is_shown_runs(
    text: str, server: ServerProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ENTREPOT_CATALOG_FIND_LOCAL", "false")
    monkeypatch.setenv("ENTREPOT_API_KEY", server.test_key)
    exec(compile(here(text, server), "<page>", "exec"), {"__name__": "__main__"})
    gc.collect()  # clients that a page leaves open are let go here, where nobody minds
    assert "print(" not in text or capsys.readouterr().out.strip()


@pytest.mark.parametrize("text", shown("bash"))
def test_commands_that_are_shown_run(text: str, server: ServerProcess, tmp_path: Path) -> None:
    if shutil.which("curl") is None and "curl" in text:
        pytest.skip("curl is not installed")
    lines = [line for line in here(text, server).splitlines() if not NOT_HERE.match(line)]
    script = "\n".join(lines).replace(".venv/bin/entrepot", "entrepot").replace("curl ", "curl -sS --fail-with-body ")
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "ENTREPOT_DATA_DIR": str(server.data_dir if SHOWN_URL in text or LOOKS.match(text) else tmp_path / "data"),
        "MANAGEMENT_KEY": server.management_key,
        "ENTREPOT_API_KEY": server.live_key if "/codes/redeem" in text else server.test_key,
    }
    (tmp_path / "costs.csv").write_text("date,model,amount\n2026-11-20,gpt-5.1,0.00\n")
    done = subprocess.run(["bash", "-euc", script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
    refusal = next((said for path, said in REFUSED.items() if path in text), "")
    if refusal:
        assert refusal.lower() in done.stdout.lower()
    else:
        assert done.returncode == 0, done.stdout + done.stderr
