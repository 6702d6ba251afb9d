"""The reference pages under `docs/look-up/`, made from what they describe: `python -m entrepot.cli.reference docs`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

from cyclopts import App

from entrepot import errors
from entrepot.providers import Quirk, all_providers
from entrepot.settings import describe
from entrepot.upstream import failures

_AVAILABILITY = {
    "model_not_found": "The slug is not in the catalogue. The message names the nearest ones.",
    "no_endpoints": "No provider that could serve the model is switched on here. The message says what each would need.",
    "constraint_filtered": "The request's own preferences removed the last endpoint; `excluded_by` names them.",
    "privacy_restricted": "A data policy that was asked for removed the last endpoint.",
    "capacity_exhausted": "Every provider that was tried limits its rate. Wait for `retry_after`.",
    "temporarily_unavailable": "Every attempt failed or timed out. Trying again helps.",
}


def pages() -> dict[str, str]:
    """File names under `look-up/` to their text."""
    return {"settings.md": _settings(), "commands.md": _commands(), "errors.md": _errors(), "providers.md": _providers()}


def _settings() -> str:
    lines = [
        "# Settings",
        "",
        "In `entrepot.toml`, or as a variable of the environment (`ENTREPOT_SERVER_PORT` for `server.port`).",
        "",
        "| setting | type | default | meaning |",
        "|---|---|---|---|",
    ]
    for knob in describe():
        default = "" if knob.default in (None, "") else f"`{knob.default}`"
        lines.append(f"| `{knob.name}` | {knob.type} | {default} | {knob.meaning} |")
    return "\n".join(lines) + "\n"


def _commands() -> str:
    from entrepot.cli import app

    lines = [
        "# Commands",
        "",
        "Every command says more with `--help`. All take `--data-dir` and `--config`; every listing takes `--json`.",
        "",
    ]
    lines += ["Exit codes: 0 done, 1 failed, 2 not a command we know, 3 the configuration is wrong.", ""]
    lines += ["| command | does |", "|---|---|"]
    lines += [f"| `entrepot {name}` | {what} |" for name, what in commands(app)]
    return "\n".join(lines) + "\n"


def commands(app: App, before: str = "") -> Iterator[tuple[str, str]]:
    """Each command's words and the first line of its help, depth first."""
    for name in app:
        if name.startswith("-"):
            continue
        command = app[name]
        inner = [word for word in command if not word.startswith("-")]
        if inner:
            yield from commands(command, f"{before}{name} ")
        else:
            said = inspect.getdoc(command.default_command) or ""
            yield f"{before}{name}", said.partition("\n")[0]


def _errors() -> str:
    lines = [
        "# Errors",
        "",
        'Every error is `{"error": {"code", "message", "metadata"}}` with a real HTTP status. `metadata.error_type` is stable;',
        "`source` says whether the gateway or the provider refused, `retryable` whether trying again may help.",
        "`field`, `expected` and `received` say what was wrong, and `remedy_hint` what would mend it.",
        "After the first byte of a stream the same comes as a last chunk with `error` and `finish_reason: error`.",
        "",
        "When several providers were tried in vain: if one says that the request is wrong, that is the answer; if all failed",
        "with one status, that status; otherwise 503. The message is that of a failure that may pass, where there is one;",
        "the others are in `previous_errors`.",
        "",
        "Paths that manage, and those of statistics, refuse members and query parameters that they do not know, so that a",
        "mistyped `limit` makes no key without one; a refused change leaves a line in the audit log. Paths that models are asked",
        "on pass over what they do not know, since clients add members of their own.",
        "",
        "```bash",
        'curl http://127.0.0.1:8080/api/v1/keys?ofset=10 -H "Authorization: Bearer $MANAGEMENT_KEY"',
        "```",
        "",
        "```json",
        '{"error": {"code": 400, "message": "There is no query parameter `ofset` here.", "metadata": {',
        '  "error_type": "invalid_request", "source": "gateway", "retryable": false, "field": "ofset", "received": "ofset",',
        '  "expected": "one of: offset, limit, include_disabled, workspace_id", "remedy_hint": "Did you mean `offset`?"}}}',
        "```",
        "",
        "| error | status | error_type | retry | means | mended by |",
        "|---|---|---|---|---|---|",
    ]
    for kind in kinds():
        again = "yes" if kind.retryable else "no"
        means, mended = described(kind)
        lines.append(f"| {kind.__name__} | {kind.status} | `{kind.error_type}` | {again} | {means} | {mended} |")
    lines += ["", "## Why a model cannot be had", "", "`error.metadata.availability.code`:", ""]
    for code, what in _AVAILABILITY.items():
        lines += [f"### `{code}`", "", what, ""]
    return "\n".join(lines).rstrip() + "\n"


def described(kind: type[errors.GatewayError]) -> tuple[str, str]:
    """What an error means, and what mends it; "" where its docstring does not say."""
    means, _, mended = inspect.cleandoc(kind.__dict__.get("__doc__") or "").partition("Mended by: ")
    return means.partition("\n")[0].partition(". ")[0].rstrip("."), " ".join(mended.split()).rstrip(".")


def kinds() -> list[type[errors.GatewayError]]:
    """Every error that a caller can meet."""
    found = [*vars(errors).values(), *vars(failures).values()]
    kinds = [kind for kind in found if isinstance(kind, type) and issubclass(kind, errors.GatewayError)]
    roots = (errors.GatewayError, errors.CallerError, errors.UpstreamError)
    return [kind for kind in dict.fromkeys(kinds) if kind not in roots]


def _providers() -> str:
    lines = ["# Providers", "", "Shipped declarations; each is one file in `src/entrepot/providers/`.", ""]
    lines += ["| provider | slug | switched on by | departs from the dialect | source |", "|---|---|---|---|---|"]
    for slug, provider in all_providers().items():
        ports = ", ".join(str(port) for port in provider.local_ports)
        names = [*provider.auth.environment[:1], *provider.variables.values()]
        on = " and ".join(f"`{name}`" for name in names) or f"found on port {ports}"
        quirks = ", ".join(f"`{quirk}`" for quirk in sorted(provider.quirks)) or "no"
        lines.append(f"| {provider.name} | `{slug}` | {on} | {quirks} | {provider.source}, {provider.as_of} |")
    lines += ["", "## Departures", "", "Under `quirks` of a provider in `entrepot.toml`.", "", "| name | means |", "|---|---|"]
    source = inspect.getsource(Quirk)
    for quirk in Quirk:
        lines.append(f"| `{quirk}` | {source.partition(f'{quirk.name} = ')[2].split(chr(34) * 3)[1]} |")
    return "\n".join(lines) + "\n"


def write(docs: Path) -> None:
    folder = docs / "look-up"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
