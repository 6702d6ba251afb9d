"""Settings from `entrepot.toml`, the environment (`ENTREPOT_SERVER_PORT` for `server.port`) and the command line.

Later ones win in that order. All of it is checked together, and every problem is reported at once.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from entrepot.settings.environment import given_or_own
from entrepot.settings.knobs import SECTIONS, BadSettings, Settings


def load(
    path: Path | None = None, environment: Mapping[str, str] | None = None, overrides: Mapping[str, Any] | None = None
) -> Settings:
    """Settings from a TOML file, the environment and `overrides` (dotted names), later ones winning.

    path         None: `entrepot.toml` in the working directory, when there is one
    environment  None: this process's
    raises       BadSettings, with every problem
    """
    raw = _read(path)
    for name, value in _from_environment(given_or_own(environment)):
        _put(raw, name, value)
    for name, value in (overrides or {}).items():
        if value is not None:
            _put(raw, name, value)
    return check(raw)


def check(raw: dict[str, Any]) -> Settings:
    """Settings from plain data, or BadSettings with all that is wrong."""
    problems: list[str] = []
    for part in _parts(raw):
        try:
            msgspec.convert(part, Settings, strict=False)
        except msgspec.ValidationError as error:
            problems.append(_in_words(str(error)))
    if problems:
        raise BadSettings(problems)
    return msgspec.convert(raw, Settings, strict=False)


def _read(path: Path | None) -> dict[str, Any]:
    if path is None:
        path = Path("entrepot.toml")
        if not path.exists():
            return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf8"))
    except OSError as error:
        raise BadSettings([f"{path}: cannot be read ({error.strerror})"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings([f"{path}: not valid TOML: {error}"]) from None


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for section, struct in SECTIONS.items():
        for field in struct.__struct_fields__:
            value = environment.get(f"ENTREPOT_{section}_{field}".upper())
            if value is not None:
                yield f"{section}.{field}", value
    if "ENTREPOT_DATA_DIR" in environment:
        yield "data_dir", environment["ENTREPOT_DATA_DIR"]


def _put(raw: dict[str, Any], name: str, value: Any) -> None:
    *sections, last = name.split(".")
    for section in sections:
        raw = raw.setdefault(section, {})
    raw[last] = value


def _parts(raw: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Pieces small enough that each can carry one problem, so that all problems show at once."""
    for section, content in raw.items():
        if section == "endpoints" and isinstance(content, list):
            for entry in content:
                yield {section: [entry]}
        elif isinstance(content, dict):
            for key, value in content.items():
                yield {section: {key: value}}
        else:
            yield {section: content}


_KINDS = {"int": "a whole number", "float": "a number", "bool": "true or false", "str": "text"}


def _in_words(error: str) -> str:
    """msgspec's message with the path first and without its sign for the root, and kinds of values as people call them."""
    message, _, path = error.partition(" - at `$")
    for kind, meaning in _KINDS.items():
        message = message.replace(f"`{kind}`", meaning)
    path = path.rstrip("`").lstrip(".") or "entrepot.toml"
    return f"{path}: {message}"
