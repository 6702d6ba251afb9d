"""The folder of a process's journal, told apart from every other one, also from one of the same name in another container."""

from __future__ import annotations

import contextlib
import os
import socket
import uuid
from pathlib import Path

_NAME = "place"


def place_of(folder: Path) -> str:
    """The same for all processes of a machine on this folder, and for no others. The folder is marked when it is first used."""
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / _NAME
    if not mark.exists():
        drawn = uuid.uuid4().hex
        whole = folder / f"{_NAME}-{drawn}"
        whole.write_text(drawn, encoding="ascii")
        with contextlib.suppress(FileExistsError):
            os.link(whole, mark)
        whole.unlink()
    return f"{socket.gethostname()}:{mark.read_text(encoding='ascii')}"
