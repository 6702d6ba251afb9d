"""What stands for an end user at a provider."""

from __future__ import annotations

import hashlib


def pseudonym(user: str, salt: bytes) -> str:
    """A keyed digest of an end user's name: the same for the same user, and telling nothing; "" when none was told."""
    return hashlib.blake2b(user.encode(errors="replace"), key=salt[:64], digest_size=16).hexdigest() if user else ""
