"""Intervals whose ends are known."""
import numpy as np
import pytest

from results.interval import of_mean, of_sums


def test_values_that_are_all_the_same_leave_no_doubt() -> None:
    assert of_mean([2.0] * 8) == (2, 2, 2)


def test_the_ends_are_about_two_standard_errors_off() -> None:
    values = np.random.default_rng(0).normal(5, 1, 100)
    interval = of_mean(values.tolist())
    assert interval.value == pytest.approx(values.mean())
    assert interval.high - interval.low == pytest.approx(4 * values.std() / 10, rel=0.25)


def test_one_value_has_no_interval_and_is_above_nothing() -> None:
    interval = of_mean([3.0])
    assert interval.value == 3 and np.isnan(interval.low) and not interval.above(0) and not interval.below(9)


def test_what_is_not_known_is_left_out() -> None:
    assert of_mean([1.0, float("nan"), 3.0]).value == 2 and np.isnan(of_mean([]).value)


def test_ratios_are_of_sums_so_long_clips_weigh_more() -> None:
    interval = of_sums(np.array([[1.0, 1.0], [0.0, 9.0]]), lambda sums: sums[..., 0] / sums[..., 1])
    assert interval.value == pytest.approx(0.1) and (interval.low, interval.high) == (0, 1)
