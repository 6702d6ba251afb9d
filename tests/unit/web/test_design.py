"""What the design page names is what the style sheet has."""

import re
from pathlib import Path

from entrepot.web.design import COLOURS

SHEET = (Path(__file__).parents[3] / "web" / "src" / "site.css").read_text(encoding="utf8")
PAIRS = dict(re.findall(r"--(\w+): light-dark\((#\w{6}, #\w{6})\);", SHEET))


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_colour_is_shown() -> None:
    assert {colour.name for colour in COLOURS} == set(PAIRS)


def test_text_has_a_contrast_of_at_least_4_5_light_and_dark() -> None:
    for colour in COLOURS:
        for ground in colour.on:
            for one, other in zip(PAIRS[colour.name].split(", "), PAIRS[ground].split(", "), strict=True):
                high, low = sorted((luminance(one), luminance(other)), reverse=True)
                assert (high + 0.05) / (low + 0.05) >= 4.5, (colour.name, ground, one)
