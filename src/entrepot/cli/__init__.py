"""The command line, one file for each verb or noun. `app` is the tree of commands, `main` the program.

Exit codes: 0 done, 1 failed, 2 not a command we know, 3 the configuration is wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from entrepot import __version__
from entrepot.cli import (
    catalog,
    chat,
    check,
    codes,
    credit,
    demo,
    doctor,
    endpoints,
    keys,
    ledger,
    models,
    payments,
    prices,
    providers,
    reconcile,
    serve,
    statistics,
    workspaces,
)
from entrepot.cli.common import CONFIGURATION, FAILED, USAGE, explain

app = App(
    name="entrepot",
    help="The trading port for language models: one API and one key in front of every model and provider.",
    version=__version__,
    help_format="markdown",
)
app.command(serve.serve)
app.command(keys.app)
app.command(workspaces.app)
app.command(credit.app)
app.command(prices.app)
app.command(ledger.app)
app.command(statistics.app)
app.command(payments.app)
app.command(codes.app)
app.command(reconcile.reconcile)
app.command(models.app)
app.command(providers.app)
app.command(endpoints.app)
app.command(catalog.app)
app.command(chat.chat)
app.command(check.check)
app.command(doctor.doctor)
app.command(demo.demo)


@app.command
def version() -> None:
    """Print the version."""
    print(__version__)


def main(arguments: Sequence[str] | None = None) -> None:
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs one command line and gives its exit code."""
    try:
        code = app(arguments, exit_on_error=False, result_action="return_value")
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


__all__ = ["CONFIGURATION", "FAILED", "USAGE", "app", "main", "run"]
