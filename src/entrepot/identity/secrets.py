"""Keys as text and as keyed hashes. The plain key is shown once and never kept."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import zlib
from collections.abc import Callable
from pathlib import Path

from entrepot.values.caller import KeyKind

_PREFIX: dict[KeyKind, str] = {"live": "sk-ep-", "test": "sk-ep-test-", "management": "sk-ep-mgmt-"}
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM = 43
"""Characters of base 62: 256 bits."""
_CHECK = 5


def new_key(kind: KeyKind) -> str:
    """Prefix, 43 random characters and 5 that check them, so that a slip of the pen is told from an unknown key."""
    body = _PREFIX[kind] + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
    return body + _check(body)


def kind_of(key: str) -> KeyKind | None:
    """None: not one of our keys at all."""
    for kind in ("test", "management", "live"):
        if key.startswith(_PREFIX[kind]):
            return kind
    return None


def is_well_formed(key: str) -> bool:
    kind = kind_of(key)
    if kind is None or len(key) != len(_PREFIX[kind]) + _RANDOM + _CHECK or not key.isascii():
        return False
    return hmac.compare_digest(key[-_CHECK:], _check(key[:-_CHECK]))


def label_of(key: str) -> str:
    kind = kind_of(key)
    prefix = _PREFIX[kind] if kind else ""
    return f"{prefix}{key[len(prefix) :][:3]}...{key[-3:]}"


def key_hash(key: str, server_secret: bytes) -> str:
    """64 hexadecimal digits that are worth nothing without the server's secret."""
    return hasher(server_secret)(key).hex()


def hasher(server_secret: bytes) -> Callable[[str], bytes]:
    """Gives the 32 bytes that `key_hash` writes as digits: HMAC with SHA-256, the secret taken in once."""
    begun = hmac.new(server_secret, digestmod=hashlib.sha256)

    def digest(key: str) -> bytes:
        keyed = begun.copy()
        keyed.update(key.encode())
        return keyed.digest()

    return digest


def server_secret(data_dir: Path) -> bytes:
    """The secret of this installation, made at the first start; readable by its owner only. raises OSError, ValueError"""
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / "secret"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(32))
    for _ in range(100):
        found = path.read_bytes()
        if len(found) == 32:
            return found
        if found:
            break
    raise ValueError(f"{path} is not a server secret of 32 bytes; restore it, or remove it to make all keys invalid")


def _check(body: str) -> str:
    value = zlib.crc32(body.encode())
    digits = ""
    for _ in range(_CHECK):
        value, digit = divmod(value, 62)
        digits += _ALPHABET[digit]
    return digits
