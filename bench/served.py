"""One gateway process for `bench.money`: python -m bench.served CONFIG DATA_DIR [bare] prints the port that it listens on.

`bare` leaves out what money takes: nothing is held, nothing is recorded or posted. Nobody should run a gateway so.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from entrepot.app import App
from entrepot.ledger.purses import Hold
from entrepot.pipeline import Rooms
from entrepot.routing.plan import Plan
from entrepot.server import bind, run, serve
from entrepot.settings import load
from entrepot.values.caller import Caller
from entrepot.values.generation import Generation
from entrepot.values.request import Request


class Bare(App):
    def _rooms(self) -> Rooms:
        return msgspec.structs.replace(super()._rooms(), reserve=_hold_nothing, settle=_settle_nothing)


async def _hold_nothing(request: Request, caller: Caller, plan: Plan, began_ms: int) -> Hold | None:
    return None


async def _settle_nothing(generation: Generation) -> None: ...


async def _serve(kind: type[App], config: Path, data_dir: str) -> None:
    settings = load(config, overrides={"data_dir": data_dir})
    with bind("127.0.0.1", 0) as listening:
        async with kind(settings) as app:
            await serve(
                app,
                settings.server,
                listening,
                ready=lambda: print(listening.getsockname()[1], flush=True),
                stopping=lambda: None,
            )


if __name__ == "__main__":
    run(_serve(Bare if "bare" in sys.argv[3:] else App, Path(sys.argv[1]), sys.argv[2]))
