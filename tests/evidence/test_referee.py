"""A referee's agreement with maps that are made to agree, or not to."""
import numpy as np
import pytest

from evidence.referee import SIDE, STEPS, Bench, pooled

BOX = (0, 32, 0, 32)


@pytest.fixture
def maps() -> np.ndarray:
    return np.random.default_rng(0).random((3 * STEPS, 32, 32)).astype(np.float32)


def test_maps_are_compared_as_means_over_the_same_places(maps: np.ndarray) -> None:
    grid = pooled(maps, BOX)
    assert grid.shape == (3, SIDE, SIDE)
    assert grid[1, 2, 3] == pytest.approx(maps[8:16, 8:12, 12:16].mean(), rel=1e-5)


def test_a_map_in_the_referee_s_order_agrees_and_its_reverse_does_not(maps: np.ndarray) -> None:
    bench, verdicts = Bench(), {"occlusion": pooled(maps, BOX)}
    bench.judge("m", "same", "x", maps * 2, verdicts, BOX)
    bench.judge("m", "reverse", "x", 1 - maps, verdicts, BOX)
    assert bench.agreement["m", "same", "x", "occlusion"] == [pytest.approx(1)]
    assert bench.agreement["m", "reverse", "x", "occlusion"] == [pytest.approx(-1)]


def test_no_referee_judges_itself_and_a_flat_map_has_no_agreement(maps: np.ndarray) -> None:
    bench, verdicts = Bench(), {"rise": pooled(maps, BOX)}
    bench.judge("m", "input", "rise", maps, verdicts, BOX)
    bench.judge("m", "flat", "x", np.ones_like(maps), verdicts, BOX)
    assert list(bench.agreement) == [("m", "flat", "x", "rise")]
    assert np.isnan(bench.agreement["m", "flat", "x", "rise"][0])
