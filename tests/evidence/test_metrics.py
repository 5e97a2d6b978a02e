"""Each measure on a case worked by hand, and beside Quantus where that is installed."""
import numpy as np
import pytest

from evidence.metrics import (
    area_under,
    drop,
    increase,
    mass_accuracy,
    max_sensitivity,
    pointing_hits,
    rank_accuracy,
    sparseness,
)

MAP = np.array([[4.0, 3.0], [2.0, 1.0]])
LEFT = np.array([[True, False], [True, False]])


def test_mass_accuracy_is_the_share_within() -> None:
    assert mass_accuracy(MAP, LEFT) == pytest.approx(6 / 10)
    assert np.isnan(mass_accuracy(np.zeros((2, 2)), LEFT))


def test_rank_accuracy_counts_as_many_of_the_highest_as_the_mask_has() -> None:
    assert rank_accuracy(MAP, LEFT) == 0.5                  # 4 lies in it and 3 does not
    assert rank_accuracy(MAP, MAP > 2) == 1 and rank_accuracy(MAP, MAP < 3) == 0


def test_gini_is_zero_where_all_is_even_and_near_one_at_a_single_place() -> None:
    assert sparseness(np.ones((5, 5))) == pytest.approx(0)
    assert sparseness(np.eye(1, 100)) == pytest.approx(0.99)
    assert sparseness(MAP) == pytest.approx((-3 * 1 - 1 * 2 + 1 * 3 + 3 * 4) / (4 * 10))


def test_max_sensitivity_is_of_the_map_that_lies_farthest_off() -> None:
    assert max_sensitivity(np.array([3.0, 4.0]), [np.array([3.0, 4.5]), np.array([0.0, 0.0])]) == pytest.approx(1)
    assert max_sensitivity(np.array([3.0, 4.0]), [np.array([3.0, 4.5])]) == pytest.approx(0.1)


def test_confidence_that_grows_is_no_drop() -> None:
    assert drop(0.8, 0.6) == pytest.approx(0.25) and drop(0.5, 0.6) == 0
    assert increase(0.5, 0.6) == 1 and increase(0.6, 0.6) == 0


def test_the_area_of_a_curve_is_its_mean_height() -> None:
    assert area_under((0.0, 0.1, 0.4), (1.0, 0.0, 0.0)) == pytest.approx(0.05 / 0.4)
    assert area_under((0.0, 0.1, 0.4), (0.7, 0.7, 0.7)) == pytest.approx(0.7)


def test_quantus_computes_the_same() -> None:
    quantus = pytest.importorskip("quantus")
    draws = np.random.default_rng(0)
    maps, mask = draws.random((1, 1, 24, 24)), np.zeros((1, 1, 24, 24), bool)
    mask[..., 5:15, 8:20] = True
    quiet = {"abs": False, "normalise": False, "disable_warnings": True}
    given = {"model": None, "x_batch": maps.copy(), "y_batch": np.zeros(1, int)}

    def score(metric: str, **more: object) -> float:
        return float(getattr(quantus, metric)(**quiet)(**given, a_batch=maps.copy(), **more)[0])

    assert score("RelevanceMassAccuracy", s_batch=mask) == pytest.approx(mass_accuracy(maps, mask))
    assert score("RelevanceRankAccuracy", s_batch=mask) == pytest.approx(rank_accuracy(maps, mask))
    assert score("PointingGame", s_batch=mask) == pointing_hits(maps[0], mask[0], tolerance=0)
    assert score("Sparseness") == pytest.approx(sparseness(maps), abs=1e-5)
