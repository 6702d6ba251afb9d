"""What is measured. Each section takes a target and gives its figures by row.

Sections in `ROUNDS` are short and run again and again, column after column, so that whatever else the machine does falls on all
alike. Those in `ALONE` are about memory: one run, on a process started for it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from bench.load import Load, Seen
from bench.processes import Child, Failed, raise_file_limit
from bench.targets import FAST, OPEN, PACED, Target

Figures = dict[str, float]
REST = "MiB at rest"
CPU_REQUEST = "CPU us per request"
CPU_CHUNK_FAST = "CPU us per chunk, full speed"
CPU_CHUNK_ALONE = "CPU us per chunk, each alone"
_MODEST_RATE = 1000
_STREAM_RATE = 20
_CHUNKS = 100
_HEADROOM = 1.2
"""Latency at a rate says nothing about a target that can hardly keep up with it."""
_SPARE_FILES = 60


class Size(msgspec.Struct):
    """How long a run takes.

    hold_s      how long many streams are kept open
    soak        requests before memory is looked at first, half-way, and last
    patience_s  for one step of the soak; who needs longer is spared the rest
    """

    rounds: int = 3
    seconds: float = 2
    streams: int = 1_000
    hold_s: float = 2
    soak: tuple[int, ...] = (2_000, 11_000, 20_000)
    patience_s: float = 20


FULL = Size(5, 3, 10_000, 20, (20_000, 110_000, 200_000), 300)


class Tools(msgspec.Struct):
    """wrk  its path, or empty: our own generator does its part"""

    size: Size
    wrk: str = ""


def warm_up(target: Target) -> None:
    generate(target, FAST, False, seconds=0.5)
    generate(target, FAST, True, requests=16, connections=16)


def plain(target: Target, tools: Tools) -> Figures:
    """As fast as it goes for throughput and the CPU each request takes, then one at a time and at a modest rate for latency."""
    seconds = tools.size.seconds
    before = target.child.cpu_s()
    full = flood(target, tools)
    spent = target.child.cpu_s() - before
    drain(target)
    one = generate(target, FAST, False, connections=1, seconds=seconds / 4)
    figures = {
        "requests/s": full.requests / full.seconds,
        CPU_REQUEST: spent / max(full.requests, 1) * 1e6,
        "ms p50, one at a time": one.ms_p50,
        "failed requests": one.failed + full.failed,
    }
    if full.requests / full.seconds < _HEADROOM * _MODEST_RATE:
        return figures
    paced = generate(target, FAST, False, rate=_MODEST_RATE, seconds=seconds)
    figures["failed requests"] += paced.failed
    return figures | {f"ms p50, at {_MODEST_RATE:,}/s": paced.ms_p50, f"ms p99, at {_MODEST_RATE:,}/s": paced.ms_p99}


def stream(target: Target, tools: Tools) -> Figures:
    """Chunks as fast as they go, then each on its own. The CPU of the request itself is in the figure, a hundredth of it."""
    seconds = tools.size.seconds
    before = target.child.cpu_s()
    full = generate(target, FAST, True, connections=16, seconds=seconds)
    fast = (target.child.cpu_s() - before) / max(full.chunks, 1) * 1e6
    before = target.child.cpu_s()
    paced = generate(target, PACED, True, rate=_STREAM_RATE, seconds=seconds)
    figures = {
        "chunks/s": full.chunks / full.seconds,
        CPU_CHUNK_FAST: fast,
        CPU_CHUNK_ALONE: (target.child.cpu_s() - before) / max(paced.chunks, 1) * 1e6,
        "failed streams": paced.failed + full.failed,
    }
    if full.chunks / full.seconds < _HEADROOM * _STREAM_RATE * _CHUNKS:
        return figures
    return figures | {"ms p50, to the first chunk": paced.ms_first_p50}


def open_streams(target: Target, tools: Tools) -> Figures:
    """Memory while many streams are open that hardly move, and when they have gone."""
    size = tools.size
    count = min(size.streams, target.streams, (raise_file_limit() - _SPARE_FILES) // 2)
    rest = target.child.rss_mib()
    with _generator() as child:
        child.tell(_encoded(_load(target, OPEN, True, hold=count)))
        seen = msgspec.json.decode(child.line(120), type=Seen)
        time.sleep(size.hold_s)
        full = target.child.rss_mib()
        assert child.process.stdin is not None
        child.process.stdin.close()
        kept = msgspec.json.decode(child.line(60), type=Seen).open
    time.sleep(2)
    return {
        "streams open": kept,
        "seconds to open them": seen.seconds,
        "MiB with them open": full,
        "MiB per 1,000 of them": (full - rest) / max(kept, 1) * 1000,
        "MiB after they left": target.child.rss_mib(),
        "failed to open": seen.failed,
    }


def soak(target: Target, tools: Tools) -> Figures:
    """Memory after some requests, and after ten times as many."""
    figures: Figures = {"failed in the soak": 0}
    seen: list[tuple[float, float]] = []
    done = 0
    for count in tools.size.soak:
        run = generate(target, FAST, False, requests=count - done, seconds=tools.size.patience_s)
        figures["failed in the soak"] += run.failed
        if run.requests < count - done:
            break
        time.sleep(1)
        done = count
        seen.append((target.child.rss_mib(), target.child.anonymous_mib()))
        figures[f"MiB after {count:,} requests"] = seen[-1][0]
    if len(seen) < len(tools.size.soak):
        return figures
    grown, anonymous = seen[-1][0] - seen[0][0], seen[-1][1] - seen[0][1]
    return figures | {"MiB grown meanwhile": grown, "  no file behind them": anonymous}


ROUNDS: dict[str, Callable[[Target, Tools], Figures]] = {"plain": plain, "stream": stream}
ALONE: dict[str, Callable[[Target, Tools], Figures]] = {"open": open_streams, "soak": soak}


def _load(target: Target, manner: str, streamed: bool, **more: Any) -> Load:
    load = Load(target.port, target.path, target.body(manner, streamed), target.headers)
    return msgspec.structs.replace(load, **more)


def generate(target: Target, manner: str, streamed: bool, **more: Any) -> Seen:
    """One run of our own generator."""
    load = _load(target, manner, streamed, **more)
    with _generator() as child:
        child.tell(_encoded(load))
        return msgspec.json.decode(child.line(load.seconds + load.patience_s + 20), type=Seen)


def _generator() -> Child:
    return Child("the load generator", [sys.executable, "-m", "bench.load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _encoded(load: Load) -> str:
    return msgspec.json.encode(load).decode()


def flood(target: Target, tools: Tools) -> Seen:
    seconds = tools.size.seconds
    if not tools.wrk:
        return generate(target, FAST, False, connections=64, seconds=seconds)
    script = Path(__file__).with_name("wrk.lua")
    command = [tools.wrk, "-t1", "-c64", f"-d{max(1, round(seconds))}s", "--timeout", "20s", "-s", str(script)]
    command += [f"http://127.0.0.1:{target.port}{target.path}", "--", target.body(FAST, False)]
    command += [f"{name}: {value}" for name, value in target.headers.items()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
    if done.returncode or not last.startswith("{"):
        raise Failed(f"wrk: {done.stderr or done.stdout}")
    return msgspec.convert(json.loads(last), Seen)


def drain(target: Target) -> None:
    """Until it has done what a generator has left behind that did not wait."""
    generate(target, FAST, False, requests=1, connections=1)


def find_wrk() -> str:
    return shutil.which("wrk") or ""
