"""Histograms are added without loss, and tell quantiles within their error."""

import math
import random

from hypothesis import given
from hypothesis import strategies as st

from entrepot.records.histogram import ERROR, count, histogram, pack, quantiles, unpack

FIGURES = st.lists(st.floats(0.2, 3e6), min_size=1, max_size=200)


@given(FIGURES, st.sampled_from([0.01, 0.5, 0.9, 0.99, 1.0]))
def test_a_quantile_is_off_by_two_in_a_hundred_at_most(figures: list[float], share: float) -> None:
    (told,) = quantiles(histogram(figures), (share,))
    exact = sorted(figures)[max(1, math.ceil(share * len(figures))) - 1]
    assert abs(told - exact) <= exact * ERROR * 1.001


@given(FIGURES, FIGURES)
def test_two_added_are_one_of_all_figures(some: list[float], more: list[float]) -> None:
    assert histogram(some) + histogram(more) == histogram(some + more)
    assert count(histogram(some + more)) == len(some) + len(more)


@given(FIGURES, st.sampled_from([1, 300, 70_000]))
def test_what_is_stored_is_read_back_whatever_the_largest_count(figures: list[float], times: int) -> None:
    assert unpack(pack(histogram(figures) * times)) == histogram(figures) * times


def test_a_minute_of_one_endpoint_is_small() -> None:
    dice = random.Random(1)
    assert len(pack(histogram(dice.lognormvariate(6, 0.5) for _ in range(1000)))) < 120


def test_nothing_measured_is_no_bytes_and_no_quantiles() -> None:
    assert (pack(0), unpack(b""), quantiles(0, (0.5,)), count(0)) == (b"", 0, (), 0)


def test_what_is_out_of_bounds_is_held_at_the_border() -> None:
    low, high = quantiles(histogram([0.0, 1e12]), (0.5, 1.0))
    assert low < 0.11
    assert high > 3.8e6
