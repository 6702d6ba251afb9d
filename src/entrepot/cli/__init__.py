"""The command line, one file for each verb or noun. `app` is the tree of commands, `main` the program.

Exit codes: 0 done, 1 failed, 2 not a command we know, 3 the configuration is wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError, Parameter

from entrepot import __version__
from entrepot.cli.common import CONFIGURATION, FAILED, USAGE, explain

_COMMANDS = (
    "serve:serve",
    "keys:app",
    "workspaces:app",
    "credit:app",
    "prices:app",
    "ledger:app",
    "statistics:app",
    "payments:app",
    "codes:app",
    "reconcile:reconcile",
    "models:app",
    "providers:app",
    "endpoints:app",
    "catalog:app",
    "chat:chat",
    "check:check",
    "doctor:doctor",
    "demo:demo",
)
"""Modules and what in them is the command. One is imported when it is called for: all of them take a second."""
_ALSO = {"credit": "credits"}


def _shown_default(value: object) -> str | None:
    """That a switch is off, or that nothing is asked for, goes without saying."""
    return None if value in (None, False, "") else str(value)


app = App(
    name="entrepot",
    help="The trading port for language models: one API and one key in front of every model and provider.",
    version=__version__,
    help_format="markdown",
    default_parameter=Parameter(show_default=_shown_default),
)
for _path in _COMMANDS:
    _name = _path.partition(":")[0]
    app.command(f"entrepot.cli.{_path}", name=_name, alias=_ALSO.get(_name))


@app.command
def version() -> None:
    """Print the version."""
    print(__version__)


def main(arguments: Sequence[str] | None = None) -> None:
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs one command line and gives its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words in ([], ["--help"], ["-h"]):
        _import_all()
    try:
        code = app(words, exit_on_error=False, result_action="return_value")
    except CycloptsError:
        return USAGE
    except KeyboardInterrupt:
        return FAILED
    except BrokenPipeError:
        # Whoever read our output has gone, as `| head` does.
        sys.stderr.close()
        return FAILED
    except Exception as error:
        return explain(error)
    return code if isinstance(code, int) else 0


def _import_all() -> None:
    """The help of `entrepot` itself has a line of each command's own."""
    for name in app:
        app[name]


__all__ = ["CONFIGURATION", "FAILED", "USAGE", "app", "main", "run"]
