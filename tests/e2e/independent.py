"""Software that nobody here wrote, as a child process behind a gateway that knows it only from an `entrepot.toml`.

with child([program, "--port", "0"]) as url, gateway(tmp_path, f'[providers.acme]\\nbase_url = "{url}/v1" ...') as server:
    ...
"""

import contextlib
import os
import queue
import re
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from entrepot.testing.gateway import ServerProcess

_URL = re.compile(r"http://127\.0\.0\.1:[1-9]\d*")


@contextlib.contextmanager
def child(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """The URL that the program says it listens on; the program is gone afterwards."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | dict(environment or {})
    )
    assert process.stdout is not None
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    reader = threading.Thread(target=_read, args=(process.stdout, lines), daemon=True)
    reader.start()
    try:
        yield _url_in(lines, process)
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(5)
        process.stdout.close()


def _read(pipe: IO[str], lines: "queue.SimpleQueue[str]") -> None:
    """Keeps the pipe empty, so that the child never waits for a reader."""
    for line in pipe:
        lines.put(line)


def _url_in(lines: "queue.SimpleQueue[str]", process: subprocess.Popen[str]) -> str:
    said = ""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            said += lines.get(timeout=0.1)
        except queue.Empty:
            assert process.poll() is None, f"{process.args!r} ended with {process.returncode}:\n{said}"
        if found := _URL.search(said):
            return found[0]
    raise TimeoutError(f"{process.args!r} did not say where it listens:\n{said}")


@contextlib.contextmanager
def gateway(folder: Path, toml: str, **environment: str) -> Iterator[ServerProcess]:
    """`entrepot serve --config` with this file and no other provider; the environment holds what its `env:` names point to."""
    config = folder / "entrepot.toml"
    config.write_text(toml)
    no_credentials = {name: "" for name in os.environ if name.endswith(("_KEY", "_TOKEN"))}
    with ServerProcess("--config", str(config), environment=no_credentials | environment) as server:
        yield server
