"""`entrepot serve`: the server."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Annotated

from cyclopts import Parameter
from rich.markup import escape

from entrepot import __version__
from entrepot.app import App
from entrepot.catalog.stock import providers_on
from entrepot.cli.common import Place, out
from entrepot.cli.typed import command_here
from entrepot.cli.workers import Crew
from entrepot.server import bind, raise_file_limit, run, url_of
from entrepot.server import serve as serve_http
from entrepot.settings import Settings
from entrepot.telemetry import logs
from entrepot.values.command import Command

_AT_MOST = 6


def serve(
    *,
    host: Annotated[str | None, Parameter(help="Address to listen on [127.0.0.1].")] = None,
    port: Annotated[int | None, Parameter(help="Port to listen on; 0 takes a free one [8080].")] = None,
    workers: Annotated[int | None, Parameter(help="Processes that share the port [1].")] = None,
    place: Place = Place(),
) -> int:
    """Run the gateway until Ctrl-C or SIGTERM: generations under way may finish then. A second one stops at once."""
    settings = place.settings(server__host=host, server__port=port, server__workers=workers)
    logs.set_up(settings.log)
    raise_file_limit()
    with bind(settings.server.host, settings.server.port) as listening:
        command = command_here(place.config, settings)
        if settings.server.workers == 1:
            run(_serve(settings, listening, command))
            return 0
        return Crew(settings.server.workers, lambda number, ready: run(_serve(settings, listening, command, number, ready))).run()


async def _serve(
    settings: Settings, listening: socket.socket, command: Command, number: int = 0, ready: Callable[[], None] = lambda: None
) -> None:
    async with App(settings, command=command) as app:

        def up() -> None:
            ready()
            if number == 0:
                _greet(app, url_of(listening), command)

        def stopping() -> None:
            _say_goodbye(len(app.pipeline.live), settings.server.drain_s, alone=settings.server.workers == 1)

        await serve_http(app, settings.server, listening, ready=up, stopping=stopping)


def _say_goodbye(live: int, drain_s: float, *, alone: bool) -> None:
    """On the way out. Of several processes only those say something that have something to finish."""
    if live:
        what = "1 generation" if live == 1 else f"{live} generations"
        out.print(f"\nStopping: {what} may finish, for at most {drain_s:g} s. Ctrl-C again stops at once.")
    elif alone:
        out.print("\nStopping.")


def _greet(app: App, url: str, command: Command) -> None:
    on = [configured.provider.name for configured in providers_on(app.providers)]
    off = len(app.providers) - len(on)
    shown = ", ".join(on[:_AT_MOST]) + (f" and {len(on) - _AT_MOST} more" if len(on) > _AT_MOST else "")
    out.print(f"[bold]Entrepot {__version__}[/] is listening on [bold cyan]{url}[/]")
    out.print(
        f"{len(app.catalog.models)} models. Providers on: {escape(shown) or 'none yet'}; {off} off "
        f"(`{escape(command.typed('providers list'))}` says how to switch them on)."
    )
    if app.first_test_key is not None:
        _first_steps(url, app.first_test_key, command)


def _first_steps(url: str, key: str, command: Command) -> None:
    """Shown once, on the very first start."""
    out.print("\nYour test key, shown this once. It needs no provider and costs nothing:\n")
    out.print(f"    [bold]{key}[/]\n")
    out.print("A first answer:\n")
    body = '{"model": "openai/gpt-5.1", "messages": [{"role": "user", "content": "Hello!"}]}'
    out.print(
        f"    curl {url}/api/v1/chat/completions -H 'Authorization: Bearer {key}' \\\n"
        f"      -H 'Content-Type: application/json' -d '{escape(body)}'\n"
    )
    out.print(f"A live key for real models: {escape(command.typed('keys create --name NAME'))}")
