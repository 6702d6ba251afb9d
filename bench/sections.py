"""What is measured, section by section. Each takes a target and gives its figures by row."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from bench.load import Load, Seen
from bench.processes import Child, Failed, raise_file_limit
from bench.targets import FAST, OPEN, PACED, Target

Figures = dict[str, float]
_MODEST_RATE = 1000
_MIB = 2**20


class Size(msgspec.Struct):
    """How long a run takes."""

    seconds: float = 10
    streams: int = 10_000
    soak: tuple[int, int] = (20_000, 200_000)


QUICK = Size(2, 1_000, (2_000, 20_000))


def plain(target: Target, size: Size) -> Figures:
    """At a modest rate for latency, then as fast as it goes for throughput and the CPU each request takes."""
    _generate(target, FAST, False, seconds=1)
    paced = _generate(target, FAST, False, rate=_MODEST_RATE, seconds=size.seconds, connections=64)
    before = target.child.cpu_s()
    full = _flood(target, size.seconds)
    spent = target.child.cpu_s() - before
    return {
        "requests/s": full.requests / full.seconds,
        f"ms p50 at {_MODEST_RATE}/s": paced.ms_p50,
        f"ms p99 at {_MODEST_RATE}/s": paced.ms_p99,
        "ms p50 at saturation": full.ms_p50,
        "ms p99 at saturation": full.ms_p99,
        "CPU us per plain request": spent / full.requests * 1e6,
        "failed requests": paced.failed + full.failed,
    }


def stream(target: Target, size: Size) -> Figures:
    """Chunks that come one by one, and chunks as fast as they go; the CPU of the request itself is in the figure."""
    found: Figures = {}
    if PACED in target.manners:
        before = target.child.cpu_s()
        paced = _generate(target, PACED, True, connections=64, requests=64 * max(1, round(size.seconds / 2)))
        found["CPU us per chunk, each alone"] = (target.child.cpu_s() - before) / max(paced.chunks, 1) * 1e6
        found["failed streams"] = paced.failed
    before = target.child.cpu_s()
    full = _generate(target, FAST, True, connections=16, seconds=size.seconds)
    found["CPU us per chunk, full speed"] = (target.child.cpu_s() - before) / max(full.chunks, 1) * 1e6
    found["chunks/s"] = full.chunks / full.seconds
    found["failed streams"] = found.get("failed streams", 0) + full.failed
    return found


def open_streams(target: Target, size: Size) -> Figures:
    """Memory while many streams are open that hardly move."""
    if OPEN not in target.manners:
        return {}
    count = min(size.streams, (raise_file_limit() - 500) // 2)
    rest = target.child.rss_bytes()
    with _generator() as child:
        _tell(child, Load(target.port, target.path(OPEN), target.body(OPEN, True), target.key, target.headers, hold=count))
        seen = msgspec.json.decode(child.first_line(), type=Seen)
        time.sleep(1)
        full = target.child.rss_bytes()
    return {
        "streams open": seen.open,
        "MiB with them open": full / _MIB,
        "MiB per 1,000 of them": (full - rest) / _MIB / max(seen.open, 1) * 1000,
    }


def soak(target: Target, size: Size) -> Figures:
    """Memory after many requests, against memory after a tenth of them."""
    first, last = size.soak
    failed = _generate(target, FAST, False, requests=first).failed
    early = target.child.rss_bytes()
    failed += _generate(target, FAST, False, requests=last - first).failed
    late = target.child.rss_bytes()
    return {
        f"MiB after {first:,}": early / _MIB,
        f"MiB after {last:,}": late / _MIB,
        "MiB grown": (late - early) / _MIB,
        "failed in the soak": failed,
    }


SECTIONS: dict[str, Callable[[Target, Size], Figures]] = {"plain": plain, "stream": stream, "open": open_streams, "soak": soak}


def _generate(target: Target, manner: str, streamed: bool, **more: float) -> Seen:
    """One run of our own generator."""
    load = Load(target.port, target.path(manner), target.body(manner, streamed), target.key, target.headers)
    with _generator() as child:
        _tell(child, msgspec.structs.replace(load, **more))
        return msgspec.json.decode(child.first_line(), type=Seen)


def _flood(target: Target, seconds: float) -> Seen:
    """wrk where there is one, our own generator elsewhere."""
    wrk = shutil.which("wrk")
    if wrk is None:
        return _generate(target, FAST, False, connections=64, seconds=seconds)
    script = Path(__file__).with_name("wrk.lua")
    command = [wrk, "-t1", "-c64", f"-d{max(1, round(seconds))}s", "-s", str(script)]
    command += [f"http://127.0.0.1:{target.port}{target.path(FAST)}", "--", target.body(FAST, False)]
    command += [f"{name}: {value}" for name, value in _all_headers(target)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
    if done.returncode or not last.startswith("{"):
        raise Failed(f"wrk: {done.stderr or done.stdout}")
    return msgspec.convert(json.loads(last), Seen)


def _all_headers(target: Target) -> Iterator[tuple[str, str]]:
    if target.key:
        yield "Authorization", f"Bearer {target.key}"
    yield from target.headers.items()


def _generator() -> Child:
    return Child("the load generator", [sys.executable, "-m", "bench.load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _tell(child: Child, load: Load) -> None:
    assert child.process.stdin is not None
    child.process.stdin.write(msgspec.json.encode(load).decode() + "\n")
    child.process.stdin.flush()
