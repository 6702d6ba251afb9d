"""The vocabularies of bpe-openai, as its extension module has it.

The package around that module reads three vocabularies into Python dictionaries when it is imported, which takes 70 MiB and most
of two seconds, and refuses texts of a million characters or of 200,000 tokens. The extension alone does neither, so it is loaded
without the package.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Protocol, cast

_PACKAGE = "bpe_openai"
_EXTENSION = "bpe_openai._bindings"


class Tokenizer(Protocol):
    def encode(self, text: str) -> list[int]: ...

    def count(self, text: str) -> int: ...

    def decode(self, tokens: list[int]) -> str:
        """raises ValueError, where they end within a character"""
        ...


@functools.cache
def o200k() -> Tokenizer:
    return cast(Tokenizer, _extension().tokenizer_for_encoding("o200k_base"))


@functools.cache
def cl100k() -> Tokenizer:
    """The vocabulary of OpenAI's embedding models (its cookbook, read 2026-11)."""
    return cast(Tokenizer, _extension().tokenizer_for_encoding("cl100k_base"))


def _extension() -> ModuleType:
    """Known under its name afterwards, since it can be loaded only once in a process."""
    if _EXTENSION in sys.modules:
        return sys.modules[_EXTENSION]
    package = importlib.util.find_spec(_PACKAGE)
    found = PathFinder.find_spec(_EXTENSION, package.submodule_search_locations) if package else None
    if found is None or found.loader is None:
        raise ImportError(f"{_EXTENSION} is not installed", name=_EXTENSION)
    module = sys.modules[_EXTENSION] = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module
