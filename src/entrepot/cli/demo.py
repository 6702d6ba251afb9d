"""`entrepot demo`: a gateway with a past, to look at."""

from __future__ import annotations

import asyncio
import gc
import time
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from entrepot.app import App
from entrepot.cli.common import Failure, err, out
from entrepot.cli.typed import command_here
from entrepot.demo import fill, place, rhythm
from entrepot.demo.clock import HistoryClock
from entrepot.demo.doubles import Doubles
from entrepot.demo.place import Mark
from entrepot.server import bind, run, url_of
from entrepot.server import serve as serve_http
from entrepot.settings import Log, Settings
from entrepot.telemetry import logs
from entrepot.values.times import to_the_minute

_MOST_DAYS = 366
_CATCHES_UP_DAYS = 30


def demo(
    *,
    data_dir: Annotated[Path, Parameter(help="Where the demo lives; it must be empty, or a demo.")] = Path("entrepot-demo"),
    days: Annotated[int, Parameter(help="How many days of history are made.")] = 30,
    seed: Annotated[int, Parameter(help="The same seed asks for the same things.")] = 1,
    scale: Annotated[float, Parameter(help="Multiplies all traffic; 1 is about 32,000 calls in 30 days.")] = 1.0,
    host: Annotated[str, Parameter(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="Port to listen on; 0 takes a free one.")] = 8080,
    serve: Annotated[bool, Parameter(negative="--no-serve", help="Serve it when it is there.")] = True,
) -> None:
    """Fill a directory of its own with simulated traffic through the real path, and serve it.

    People, apps and providers are simulated in this process, and nothing leaves it.
    """
    if not 1 <= days <= _MOST_DAYS or not 0 < scale <= 100:
        raise Failure(f"A demo has 1 to {_MOST_DAYS} days, and a scale above 0 and up to 100.")
    logs.set_up(Log())
    found = place.look(data_dir)
    if found == "other":
        raise Failure(f"{data_dir} holds something else than a demo. Give another directory with --data-dir.")
    if serve:
        # A port that is taken is found before a history is made, which takes minutes.
        bind(host, port).close()
    mark = found if isinstance(found, Mark) else _make(data_dir, days, seed, scale)
    if found is mark:
        out.print(f"{escape(str(data_dir))} is a demo already: {mark.calls:,} calls up to {_day(mark.reached_s)}.")
    if serve:
        mark = _catch_up(data_dir, mark)
        try:
            run(_serve(data_dir, fill.settings_of(data_dir, host=host, port=port), mark))
        finally:
            place.write(data_dir, msgspec.structs.replace(mark, reached_s=time.time()))


def _make(folder: Path, days: int, seed: int, scale: float) -> Mark:
    until_s = float(int(time.time()))
    plan = rhythm.plan(until_s - days * rhythm.DAY_S, until_s, seed, scale)
    mark = Mark(seed, days, scale, plan.since_s, until_s, until_s, plan.calls)
    if place.begin(folder, mark):
        out.print("An earlier run was stopped half-way; what it left is gone, and this one starts anew.")
    started = time.monotonic()
    _fill(place.stump_of(folder), plan, mark, HistoryClock(plan.since_s), "calls", new=True)
    place.finish(folder, mark)
    took_s = time.monotonic() - started
    out.print(f"{plan.calls:,} calls in {took_s:.0f} s, {plan.calls / took_s:,.0f} a second, in {escape(str(folder))}.")
    return mark


def _catch_up(folder: Path, mark: Mark) -> Mark:
    """What has happened since it was looked at last. When that is stopped half-way, the next time goes on from there."""
    now_s = float(int(time.time()))
    since_s = max(mark.reached_s, now_s - _CATCHES_UP_DAYS * rhythm.DAY_S)
    plan = rhythm.plan(since_s, now_s, mark.seed, mark.scale, (mark.since_s, mark.until_s))
    if not plan.calls:
        return mark
    clock = HistoryClock(since_s)
    try:
        _fill(folder, plan, mark, clock, "calls since then", new=False)
    finally:
        mark = msgspec.structs.replace(mark, reached_s=clock.now_ms() / 1000, calls=mark.calls + plan.calls)
        place.write(folder, mark)
    return mark


def _fill(folder: Path, plan: rhythm.Plan, mark: Mark, clock: HistoryClock, what: str, *, new: bool) -> None:
    # So much is made and dropped at once that looking for circles after each seven hundred things is a tenth of the time.
    gc.set_threshold(50_000, 50, 50)
    with _progress() as progress:
        task = progress.add_task(what, total=plan.calls)
        watch = fill.Watch(lambda more: progress.advance(task, more), lambda now: progress.update(task, description=now))
        run(fill.fill(folder, plan, mark, clock, watch, examines=new))
        progress.update(task, completed=plan.calls)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn(compact=True))
    return Progress(*columns, console=err)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s")


async def _serve(folder: Path, settings: Settings, mark: Mark) -> None:
    clock = HistoryClock(mark.reached_s)
    clock.arrive()
    doubles = Doubles(mark.since_s, mark.until_s, mark.seed)
    key = fill.visitors_key(settings, clock.now_ms())
    with bind(settings.server.host, settings.server.port) as listening:
        command = command_here(None, settings)
        with fill.office_in(folder, settings, mark, clock) as office:
            front = fill.Front(office, await asyncio.to_thread(office.open))
            async with App(settings, clock, command, transport=doubles) as app:
                people = asyncio.create_task(fill.keep_going(app, mark, front))
                try:
                    await serve_http(app, settings.server, listening, ready=lambda: _greet(url_of(listening), key))
                finally:
                    people.cancel()


def _greet(url: str, key: str) -> None:
    out.print(
        f"The demo is at [bold cyan]{url}[/], where people go on calling. All that is measured is simulated. Ctrl-C ends it."
    )
    out.print(f"A test key for the chat and the samples, good for a week: [bold]{key}[/]")


def _day(seconds: float) -> str:
    return f"{to_the_minute(int(seconds * 1000))} UTC"
