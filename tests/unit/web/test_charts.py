"""Drawings: what is drawn is what the table says."""

import random
import re
from pathlib import Path

import pytest

from entrepot.values.times import DAY_MS, HOUR_MS
from entrepot.web import figures
from entrepot.web.charts import Chart, Series, chart

START = 20_000 * DAY_MS


def drawn(*values: tuple[float | None, ...], kind: str = "line", each: int = DAY_MS) -> Chart:
    at = [START + each * n for n in range(len(values[0]))]
    series = [Series(f"line {n}", one) for n, one in enumerate(values)]
    return chart("Speed", "tokens a second", at, series, figures.speed, kind=kind)  # type: ignore[arg-type]


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", path)]


def test_a_line_is_as_high_as_its_values_on_a_round_scale() -> None:
    one = drawn((0.0, 30.0, 60.0)).series[0]
    assert points(one.path) == [(166.7, 1000.0), (500.0, 500.0), (833.3, 0.0)]
    assert [tick.label for tick in drawn((0.0, 30.0, 60.0)).heights] == ["0", "20", "40", "60"]


def test_where_nothing_was_measured_the_line_breaks_and_a_value_alone_is_a_dot() -> None:
    one = drawn((1.0, 2.0, None, 4.0, None)).series[0]
    assert one.path.count("M") == 1
    assert len(points(one.path)) == 2
    assert points(one.dots) == [(700.0, 0.0)]
    assert one.shown == ("1.0", "2.0", "–", "4.0", "–")


def test_bars_stand_on_one_another() -> None:
    low, high = drawn((10, 0, 5), (10, 20, 0), kind="bars").series
    assert points(low.path) == [(26.7, 1000.0), (693.3, 1000.0)]
    assert points(high.path) == [(26.7, 500.0), (360.0, 1000.0)]


def test_nothing_is_drawn_outside_whatever_the_values() -> None:
    dice = random.Random(seed := random.randrange(2**32))
    values = tuple(dice.choice([None, 0.0, dice.lognormvariate(0, 6)]) for _ in range(dice.randrange(1, 200)))
    for kind in ("line", "bars"):
        one = drawn(values, kind=kind, each=HOUR_MS)
        assert all(0 <= x <= 1000 and 0 <= y <= 1000 for x, y in points(one.series[0].path + one.series[0].dots)), seed
        assert 2 <= len(one.heights) <= 5, seed
        assert len(one.times) <= 7, seed
        assert [row[1][0] for row in one.newest_first] == list(one.series[0].shown)[::-1], seed


def test_who_does_not_see_it_is_told_the_range_and_the_last_value() -> None:
    assert drawn((1.0, 9.0, None)).summary == "Speed, tokens a second: line 0 from 1.0 to 9.0, last 9.0."
    assert drawn((None, None)).summary.endswith("nothing measured.")


@pytest.mark.parametrize("values", [(None, None), (0, 0), ()])
def test_what_has_no_figures_is_empty(values: tuple[float | None, ...]) -> None:
    assert drawn(values).empty


def test_each_line_that_can_be_drawn_has_a_colour_of_its_own_and_what_is_left_a_quiet_one() -> None:
    styles = (Path(__file__).parents[3] / "web" / "src" / "charts.css").read_text()
    for name in [f"c{place}" for place in range(1, 11)] + ["others"]:
        assert f".{name} {{ --colour: var(--{name}); }}" in styles
    colours = re.findall(r"--(?:c\d+|others): light-dark\((#\w+), (#\w+)\)", styles)
    assert len({light for light, _ in colours}) == len({dark for _, dark in colours}) == len(colours) == 11
