"""Several processes on one port are one server: started, replaced and stopped together."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from entrepot.testing.gateway import ServerProcess

CHAT = {"model": "openai/gpt-5.1", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 8}


def children(process: int) -> list[int]:
    told = Path(f"/proc/{process}/task/{process}/children")
    if not told.exists():
        pytest.skip("this system does not tell a process's children")
    return [int(child) for child in told.read_text().split()]


def ask(server: ServerProcess) -> int:
    return httpx.post(
        f"{server.url}/v1/chat/completions", json=CHAT, headers={"Authorization": f"Bearer {server.test_key}"}
    ).status_code


def until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.05)


def test_workers_answer_on_one_port_the_dead_are_replaced_and_all_stop_together() -> None:
    with ServerProcess("--workers", "3") as server:
        until(lambda: len(children(server.process.pid)) == 3)
        assert {ask(server) for _ in range(20)} == {200}
        first = children(server.process.pid)
        os.kill(first[0], signal.SIGKILL)
        until(lambda: len(children(server.process.pid)) == 3 and children(server.process.pid) != first)
        assert {ask(server) for _ in range(20)} == {200}
        assert server.output.count("is listening on") == 1
        assert server.stop(20) == 0


def test_workers_stop_when_the_process_that_made_them_is_killed() -> None:
    with ServerProcess("--workers", "2") as server:
        until(lambda: len(children(server.process.pid)) == 2)
        workers = children(server.process.pid)
        server.process.kill()
        server.process.wait()
        until(lambda: not any(alive(worker) for worker in workers))
        assert [worker for worker in workers if alive(worker)] == []


def alive(process: int) -> bool:
    """Also a dead one counts as none while nobody has asked how it ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_ctrl_c_says_what_may_finish_and_a_second_one_stops_at_once() -> None:
    with ServerProcess("--workers", "2", environment={"ENTREPOT_SANDBOX_TOKENS_PER_S": "2"}) as server:
        headers = {"Authorization": f"Bearer {server.test_key}"}
        asked = CHAT | {"stream": True, "max_tokens": 200}
        with httpx.stream("POST", f"{server.url}/v1/chat/completions", json=asked, headers=headers) as stream:
            told = stream.iter_text()
            next(told)
            server.process.send_signal(signal.SIGINT)
            lines: list[str] = []
            while not any("1 generation may finish" in line for line in lines):
                lines.append(server._lines.get(timeout=10))
            next(told)
            server.process.send_signal(signal.SIGINT)
            with pytest.raises(httpx.RemoteProtocolError):
                "".join(told)
        assert server.process.wait(10) == 0
        assert "Ctrl-C again stops at once" in "".join(lines)


def test_a_worker_that_is_killed_before_it_serves_is_told() -> None:
    script = "from entrepot.cli.workers import Crew; import os; Crew(2, lambda number, ready: os.kill(os.getpid(), 9)).run()"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30)
    assert ended.returncode != 0
    assert "The first worker was killed by signal 9 (Killed) before it served" in ended.stderr


def test_what_keeps_the_first_worker_from_starting_is_said_once_and_ends_all(tmp_path: Path) -> None:
    (tmp_path / "entrepot.db").write_text("not a database at all " * 100)
    line = [sys.executable, "-m", "entrepot", "serve", "--workers", "3", "--port", "0", "--data-dir", str(tmp_path)]
    ended = subprocess.run(line, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 1 and ended.stderr.count("not an SQLite database") == 1
