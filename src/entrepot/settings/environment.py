"""What is read of the environment beside knobs: credentials, references to secrets, proxies. Nothing else of ours reads it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def secret(reference: str, environment: Mapping[str, str] | None = None) -> str:
    """The value behind "env:NAME" or "file:PATH"; "" for "". Other text is itself.

    raises  KeyError for an unset variable, OSError for an unreadable file
    """
    if reference.startswith("env:"):
        return given_or_own(environment)[reference[4:]].strip()
    if reference.startswith("file:"):
        return Path(reference[5:]).read_text(encoding="utf8").strip()
    return reference


def environment_credential(name: str, environment: Mapping[str, str] | None = None) -> str:
    """A provider's usual variable, or "" when it is not set."""
    return given_or_own(environment).get(name, "").strip()


def proxy_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The usual proxy variables that are set, under lower-case names."""
    names = ("https_proxy", "http_proxy", "all_proxy", "no_proxy")
    return {name.lower(): value for name, value in given_or_own(environment).items() if name.lower() in names and value}


def given_or_own(environment: Mapping[str, str] | None) -> Mapping[str, str]:
    """This process's environment, where no other is handed in."""
    return os.environ if environment is None else environment
