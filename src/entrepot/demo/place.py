"""The demo's directory: marked as such, made whole or not at all, and never one that holds other data."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

import msgspec

from entrepot.settings import DEMO_MARK


class Mark(msgspec.Struct, frozen=True):
    """What a demo's directory says of itself.

    since_s, until_s   from when to when its history goes, seconds since 1970
    reached_s          how far calls have come since
    """

    seed: int
    days: float
    scale: float
    since_s: float
    until_s: float
    reached_s: float
    calls: int = 0
    made_by: str = "entrepot demo"


State = Mark | Literal["empty", "other"]


def look(folder: Path) -> State:
    """What is there: a demo, nothing, or something else that is to be left alone. raises OSError"""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return "empty"
    try:
        return msgspec.json.decode((folder / DEMO_MARK).read_bytes(), type=Mark)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return "other"


def stump_of(folder: Path) -> Path:
    """Where a demo is while it is being made: beside its place, so that it moves there in one step."""
    return folder.with_name(folder.name + ".filling")


def begin(folder: Path, mark: Mark) -> bool:
    """Makes the place to fill; true when what was left of an earlier run had to go. raises FileExistsError, OSError"""
    stump = stump_of(folder)
    found = look(stump)
    if found == "other":
        raise FileExistsError(17, "is in the way and was not made by `entrepot demo`", str(stump))
    if found != "empty":
        shutil.rmtree(stump)
    stump.mkdir(parents=True, exist_ok=True)
    write(stump, mark)
    return found != "empty"


def finish(folder: Path, mark: Mark) -> None:
    """What was filled becomes the demo. raises OSError"""
    stump = stump_of(folder)
    write(stump, mark)
    if folder.exists():
        folder.rmdir()
    stump.rename(folder)


def write(folder: Path, mark: Mark) -> None:
    (folder / DEMO_MARK).write_bytes(msgspec.json.format(msgspec.json.encode(mark), indent=2) + b"\n")
