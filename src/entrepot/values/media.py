"""What a request carries beside text."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class Media(msgspec.Struct, frozen=True):
    """How many pictures, sounds and videos there are, and the `kinds` that occur, files among them."""

    images: int = 0
    audio: int = 0
    video: int = 0
    kinds: frozenset[str] = frozenset()


NO_MEDIA = Media()


def media_of(kinds: Sequence[str]) -> Media:
    """kinds  of each thing that is no text: image, audio, video, file"""
    if not kinds:
        return NO_MEDIA
    return Media(kinds.count("image"), kinds.count("audio"), kinds.count("video"), frozenset(kinds))
