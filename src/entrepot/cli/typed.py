"""The command as its reader can type it here: `.venv/bin/entrepot` in a clone, `entrepot` where it is installed."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

from entrepot.settings import Settings
from entrepot.values.command import Command

_NAME = "entrepot"


def command_here(config: Path | None, settings: Settings) -> Command:
    """config  the file that was named, if any"""
    options = ["--config", str(config)] if config is not None else []
    if settings.data_dir != Settings().data_dir:
        options += ["--data-dir", settings.data_dir]
    return Command(_program_here(), shlex.join(options))


def as_typed_here(text: str) -> str:
    """A text that tells of commands, as `entrepot keys list`, with the program as it is typed here."""
    return text.replace(f"`{_NAME} ", f"`{_program_here()} ")


def _program_here() -> str:
    return program(sys.argv[0], sys.executable, shutil.which(_NAME), Path.cwd())


def program(started_as: str, python: str, found: str | None, here: Path) -> str:
    """started_as  the first word of the command line that runs
    python      the interpreter that runs it
    found       what a shell runs for `entrepot`, if anything
    here        the folder in which commands are typed
    """
    script = Path(os.path.abspath(started_as))  # noqa: PTH100 - a link stays a link: it is what people type
    if script.stem != _NAME or not script.is_file():
        script = Path(python).parent / _NAME
    if not script.is_file():
        return f"{_shown(Path(python), here)} -m {_NAME}"
    if found is not None and script.samefile(found):
        return _NAME
    return _shown(script, here)


def _shown(path: Path, here: Path) -> str:
    """From here if it lies below, otherwise whole."""
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))
