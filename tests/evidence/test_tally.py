from typing import Tuple

import numpy as np
import pytest

from evidence.tally import Tally, chosen_pixels, grey_out, hide_keypoints, kept, motion, pointing_hits, rank_correlation

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


def test_a_flat_map_points_nowhere() -> None:
    assert pointing_hits(np.ones((3, 40, 40)), hand_masks()) == 0


def test_most_and_least_salient_pixels_are_opposite_ends() -> None:
    maps = np.arange(3 * 40 * 40, dtype=np.float32).reshape(3, 40, 40)
    most, least = (chosen_pixels(maps, 0.1, which, WHOLE) for which in (True, False))
    assert most.sum() == least.sum() == 480
    assert maps[most].min() > maps[least].max()


def test_greyed_pixels_change_and_others_do_not() -> None:
    frames = np.random.RandomState(0).randint(0, 256, (3, 40, 40, 3), np.uint8)
    chosen = hand_masks()
    out = grey_out(frames, chosen)
    assert (out[~chosen] == frames[~chosen]).all()
    assert len(np.unique(out[chosen], axis=0)) == 1


def test_keypoints_under_grey_pixels_leave_the_picture() -> None:
    keypoints = np.zeros((3, 133, 3), np.float32)
    keypoints[..., :2] = (15 * 210 / 40, 15 * 260 / 40)
    out = hide_keypoints(keypoints, hand_masks())
    assert (out[:2, :, 0] < 0).all() and (out[2] == keypoints[2]).all()


def test_kept_follows_the_order_of_glosses() -> None:
    assert kept(["A", "B", "C"], ["A", "X", "C"]) == pytest.approx(2 / 3)
    assert kept(["A", "B"], ["B", "A"]) == 0.5


def test_rank_correlation_sees_order_only() -> None:
    values = np.random.RandomState(0).rand(500)
    assert rank_correlation(values, np.exp(values)) == pytest.approx(1)
    assert rank_correlation(values, -values) == pytest.approx(-1)
    assert rank_correlation(values, np.zeros(500)) is None


def test_motion_is_zero_where_nothing_moves() -> None:
    frames = np.zeros((3, 40, 40, 3), np.uint8)
    frames[2, 5, 5] = 90
    assert motion(frames)[2, 5, 5] == 90 and motion(frames).sum() == 90
