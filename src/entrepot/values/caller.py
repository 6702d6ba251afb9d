"""Who is calling."""

from __future__ import annotations

from typing import Literal

import msgspec

KeyKind = Literal["live", "test", "management"]
Reset = Literal["daily", "weekly", "monthly"]


class Caller(msgspec.Struct, frozen=True):
    """What a key grants. `key_hash` (64 hex) names the key everywhere; the plain key is never kept."""

    key_hash: str
    kind: KeyKind
    name: str
    label: str
    """masked, as `sk-ep-v1…abc`"""
    workspace: str
    expires_ms: int | None = None
    disabled: bool = False
    created_ms: int = 0
    limit_nano: int | None = None
    """what it may spend in each of its windows, nano-dollars; None: as much as the workspace may"""
    limit_reset: Reset | None = None
    """when its window begins anew (UTC); None: it never does"""
