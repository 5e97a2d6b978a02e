from typing import Tuple

import numpy as np
import pytest

from evidence.metrics import pointing_hits
from evidence.tally import Tally, chosen_pixels, kept, mean, rank_accuracy, rank_correlation

WHOLE = (0, 40, 0, 40)


def hand_masks() -> np.ndarray:
    masks = np.zeros((3, 40, 40), bool)
    masks[:2, 10:20, 10:20] = True              # the last frame lies between glosses
    return masks


def tally(maps: np.ndarray, box: Tuple[int, int, int, int] = WHOLE) -> Tally:
    total = Tally()
    total.add(maps, hand_masks(), box)
    return total


def test_an_even_map_has_mass_ratio_one() -> None:
    assert tally(np.ones((3, 40, 40))).mass_ratio == pytest.approx(1)


def test_a_map_on_the_hand_alone_has_the_largest_mass_ratio() -> None:
    assert tally(hand_masks().astype(float)).mass_ratio == pytest.approx(16)


def test_what_lies_outside_the_viewport_neither_helps_nor_harms() -> None:
    inner = np.zeros((3, 40, 40))
    inner[:, 5:35, 5:35] = 1
    assert tally(inner, (5, 35, 5, 35)).mass_ratio == pytest.approx(1)


def test_pointing_counts_frames_whose_peak_is_near_the_hand() -> None:
    maps = np.zeros((3, 40, 40))
    maps[0, 15, 15] = maps[1, 39, 39] = 1
    assert tally(maps).pointing == 0.5
    assert pointing_hits(maps, hand_masks(), tolerance=40) == 2


def test_of_as_many_highest_places_as_the_hand_has_those_on_it_count() -> None:
    maps = hand_masks().astype(float)
    maps[:, 15:, :] *= 0.1
    maps[:2, 30:35, 10:20] = 1              # as large as the half of the hand that is low
    assert tally(maps).figure(rank_accuracy) == 0.5


def test_a_flat_map_points_nowhere() -> None:
    assert pointing_hits(np.ones((3, 40, 40)), hand_masks(), tolerance=15) == 0


def test_most_and_least_salient_pixels_are_opposite_ends() -> None:
    maps = np.arange(3 * 40 * 40, dtype=np.float32).reshape(3, 40, 40)
    most, least = (chosen_pixels(maps, 0.1, which, WHOLE) for which in (True, False))
    assert most.sum() == least.sum() == 480
    assert maps[most].min() > maps[least].max()


@pytest.mark.parametrize("most", [True, False])
def test_pixels_of_equal_salience_are_chosen_evenly(most: bool) -> None:
    chosen = chosen_pixels(np.zeros((4, 40, 40), np.float32), 0.25, most, WHOLE)
    assert chosen.sum() == 1600
    for part in (chosen[:2], chosen[2:], chosen[:, :20], chosen[:, 20:], chosen[:, :, :20], chosen[:, :, 20:]):
        assert part.sum() == pytest.approx(800, abs=100)


def test_chance_decides_among_equals_alone() -> None:
    maps = np.zeros((1, 40, 40), np.float32)
    maps[0, 5, 5:15] = 1e-5
    assert chosen_pixels(maps, 10 / 1600, True, WHOLE)[0, 5, 5:15].all()


def test_of_a_box_its_own_share_is_chosen_and_nothing_beside_it() -> None:
    maps = np.random.default_rng(0).random((2, 40, 40)).astype(np.float32)
    chosen = chosen_pixels(maps, 0.5, True, (10, 30, 5, 25))
    assert chosen.sum() == 400 and not chosen[:, :10].any() and not chosen[:, :, 25:].any()
    assert not chosen_pixels(maps, 0.0, True, WHOLE).any() and chosen_pixels(maps, 1.0, False, WHOLE).all()


def test_ties_share_their_mean_rank() -> None:
    assert rank_correlation(np.array([1, 1, 2, 3]), np.array([1, 2, 3, 4])) == pytest.approx(
        np.corrcoef([1.5, 1.5, 3, 4], [1, 2, 3, 4])[0, 1])


def test_sums_of_clips_weigh_as_their_frames_do() -> None:
    one = tally(hand_masks().astype(float))
    one.add(np.ones((3, 40, 40)), hand_masks(), WHOLE)
    assert one.frames == 4 and one.pixels == 4 * 1600 and one.area == 400
    assert one.mass_ratio == pytest.approx((400 / 3400) / (400 / 6400))


def test_what_is_not_known_has_no_part_in_a_mean() -> None:
    assert mean([None, float("nan"), 2.0, 4.0]) == 3 and np.isnan(mean([None]))


def test_kept_follows_the_order_of_glosses() -> None:
    assert kept(["A", "B", "C"], ["A", "X", "C"]) == pytest.approx(2 / 3)
    assert kept(["A", "B"], ["B", "A"]) == 0.5


def test_rank_correlation_sees_order_only() -> None:
    values = np.random.RandomState(0).rand(500)
    assert rank_correlation(values, np.exp(values)) == pytest.approx(1)
    assert rank_correlation(values, -values) == pytest.approx(-1)
    assert rank_correlation(values, np.zeros(500)) is None
