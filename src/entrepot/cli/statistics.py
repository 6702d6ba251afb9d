"""`entrepot statistics`: sums of what was used, made anew from the records."""

from __future__ import annotations

from cyclopts import App
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from entrepot.cli.common import Json, Place, err, out, print_json
from entrepot.cli.reading import reading
from entrepot.records.rebuild import days_to_rebuild, rebuild_day
from entrepot.values.clock import Clock

app = App(name="statistics", help="Sums of what was used, by minute, hour and day.")


@app.command
def rebuild(*, json: Json = False, place: Place = Place()) -> None:
    """Make the statistics anew from the records. A server may go on meanwhile.

    Needed once for records from before there were statistics. Days that lost records to their retention stay as they are.
    """
    settings, now_ms = place.settings(), Clock().now_ms()
    counted = 0
    with reading(place) as db, _progress() as progress:
        days = days_to_rebuild(db, all_days=not settings.storage.retention_days)
        task = progress.add_task("days", total=len(days))
        for day in days:
            counted += rebuild_day(db, day, now_ms)
            progress.advance(task)
    if json:
        print_json({"days": len(days), "records": counted})
    else:
        out.print(f"{counted:,} records of {len(days):,} days are counted.")


def _progress() -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=err)
