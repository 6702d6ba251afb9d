"""`make bench`: requests/s, latency added, CPU per request and per chunk, memory; side by side with what else is installed.

python -m bench [SECTION ...] [--full] [--rounds N] [--streams N] [--only NAME ...] [--json FILE] [--own-generator]
python -m bench keys [COUNT]      a server with very many keys
python -m bench filled            a store with the traffic of months
python -m bench rollups           what statistics cost
python -m bench client            the upstream client alone
python -m bench translate         what it costs to translate between dialects
python -m bench money             what holds, limits and settlement cost
"""

from __future__ import annotations

import argparse
import json
import os
import runpy
import signal
import sys
import tempfile
from pathlib import Path

import msgspec
from rich.console import Console

from bench import report, sections
from bench.processes import raise_file_limit
from bench.rounds import PEERS, Bench, Results

_SECTIONS = [*sections.ROUNDS, *sections.ALONE]
_APART = ("keys", "client", "translate", "filled", "rollups", "money")
_WIDTH = 150
"""Of the table where no terminal says how wide it is."""


def main() -> int:
    if sys.argv[1:2] and sys.argv[1] in _APART:
        runpy.run_module(f"bench.{sys.argv.pop(1)}", run_name="__main__")
        return 0
    asked = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    files, busy = raise_file_limit(), os.getloadavg()[0]
    tools = _tools(asked)
    try:
        results = _measured(asked, tools)
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 130
    report.show(results, console)
    console.print(_conditions(tools, files, busy), highlight=False)
    if asked.json:
        asked.json.write_text(json.dumps({"cpus": os.cpu_count(), "load": busy} | report.as_json(results), indent=2) + "\n")
    return 1 if "entrepot" in results.missing else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"any of {', '.join(_SECTIONS)}; all of them")
    parser.add_argument("--full", action="store_true", help="10,000 streams, 200,000 requests, more and longer rounds")
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of plain and stream")
    parser.add_argument("--streams", type=int, metavar="N", help="streams to keep open")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round there as well")
    parser.add_argument("--only", nargs="+", choices=list(PEERS), metavar="NAME", help=", ".join(PEERS))
    parser.add_argument("--own-generator", action="store_true", help="as if wrk were not installed")
    asked = parser.parse_args()
    if unknown := [name for name in asked.sections if name not in _SECTIONS]:
        parser.error(f"{unknown[0]!r} is not a section; there are {', '.join(_SECTIONS)}")
    return asked


def _tools(asked: argparse.Namespace) -> sections.Tools:
    size = sections.FULL if asked.full else sections.Size()
    size = msgspec.structs.replace(size, rounds=asked.rounds or size.rounds, streams=asked.streams or size.streams)
    return sections.Tools(size, "" if asked.own_generator else sections.find_wrk())


def _measured(asked: argparse.Namespace, tools: sections.Tools) -> Results:
    progress = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="entrepot-bench-") as folder, progress.status("starting") as status:
        bench = Bench(asked.only or list(PEERS), asked.sections or _SECTIONS, tools, Path(folder), status.update)
        return bench.run()


def _conditions(tools: sections.Tools, files: int, busy: float) -> str:
    generator = "wrk" if tools.wrk else "our own generator, which may itself be the limit (wrk is in apt)"
    return (
        f"Medians of {tools.size.rounds} alternating rounds ± half of their spread, over loopback. {os.cpu_count()} CPUs, "
        f"{files:,} files, load {busy:.1f} before and {os.getloadavg()[0]:.1f} after. Throughput by {generator}."
    )


if __name__ == "__main__":
    sys.exit(main())
