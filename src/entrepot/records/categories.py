"""What applications are for, as they say themselves in `X-OpenRouter-Categories` (contract 7.1, read 2026-08-22).

The words are those of the contract's marketplace and of its `/models?category=`; others are dropped without a word. What counts
for a category counts for the one that it is part of too, once, so that `coding` is no sum when an application names two parts.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

PARTS: Mapping[str, tuple[str, ...]] = {
    "coding": ("cli-agent", "ide-extension", "cloud-agent", "programming-app", "native-app-builder"),
    "creative": ("creative-writing", "video-gen", "image-gen", "audio-gen"),
    "productivity": ("writing-assistant", "general-chat", "personal-agent", "legal"),
    "entertainment": ("roleplay", "game"),
    "marketing": ("marketing/seo",),
}
LABELS: Mapping[str, str] = {
    "coding": "Coding",
    "cli-agent": "Agents in a terminal",
    "ide-extension": "Editor extensions",
    "cloud-agent": "Agents in the cloud",
    "programming-app": "Programming apps",
    "native-app-builder": "App builders",
    "creative": "Creative",
    "creative-writing": "Creative writing",
    "video-gen": "Making films",
    "image-gen": "Making pictures",
    "audio-gen": "Making sound",
    "productivity": "Productivity",
    "writing-assistant": "Writing assistants",
    "general-chat": "Chat",
    "personal-agent": "Personal agents",
    "legal": "Law",
    "entertainment": "Entertainment",
    "roleplay": "Roleplay",
    "game": "Games",
    "academia": "Academia",
    "finance": "Finance",
    "health": "Health",
    "marketing": "Marketing",
    "marketing/seo": "Search engines",
    "science": "Science",
    "technology": "Technology",
    "translation": "Translation",
    "trivia": "Trivia",
}
"""Every category, in the order in which pages name them."""
ALSO = {"programming": "coding"}
"""Other words for a category: the first is what `/models?category=` calls it."""
_WHOLE = {part: whole for whole, parts in PARTS.items() for part in parts}
_OF_A_REQUEST = 2
_LONGEST = 200
_MOST_WORDS = 10


@functools.lru_cache(4096)
def categories_of(header: str) -> tuple[str, ...]:
    """The first two that are known, in small letters and each once."""
    words = (word.strip().lower() for word in header[:_LONGEST].split(",", _MOST_WORDS)[:_MOST_WORDS])
    known = (known_as(word) for word in words)
    return tuple(dict.fromkeys(word for word in known if word))[:_OF_A_REQUEST]


def known_as(word: str) -> str:
    """The category that a word stands for; "" for none."""
    word = ALSO.get(word, word)
    return word if word in LABELS else ""


def parts_of(category: str) -> tuple[str, ...]:
    """What it is divided into; of "" those that are part of no other."""
    return PARTS.get(category, ()) if category else tuple(word for word in LABELS if word not in _WHOLE)


def whole_of(category: str) -> str:
    """What it is part of; "" when it is no part."""
    return _WHOLE.get(category, "")


@functools.lru_cache(1024)
def counted(categories: tuple[str, ...]) -> tuple[str, ...]:
    """Those that count, which are they and those that they are part of."""
    return tuple(sorted({*categories, *(whole for category in categories if (whole := whole_of(category)))}))
