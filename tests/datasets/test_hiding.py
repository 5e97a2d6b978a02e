"""A clip with places hidden: every kind of picture it has, and its keypoints."""
from dataclasses import replace

import cv2
import numpy as np
import pytest

from datasets.clip import Clip, Whole
from datasets.hiding import (
    GONE,
    blurred,
    hidden,
    hide_keypoints,
    mean_colour,
    median_picture,
    mixed,
    moves,
    stand_in,
)
from geometry.viewport import Viewport
from records.hiding import BLUR, MEAN, REST, STILL, WAYS, Hiding

RED = np.array([200, 10, 10], np.uint8)


def clip() -> Clip:
    points = np.zeros((2, 133, 3), np.float32)
    points[:, 0] = 50, 60, 1            # in pixels of 210 x 260: the upper left quarter
    points[:, 1] = 150, 60, 1
    points[:, 2] = -20, 60, 1           # left of the picture
    return Clip("c", "dev", np.zeros((2, 8, 8, 3), np.uint8), keypoints=points,
                tall_frames=np.zeros((2, 26, 20, 3), np.uint8))


def red() -> Clip:
    """What stands in."""
    made = stand_in(clip(), Hiding(MEAN))
    assert made.tall_frames is not None
    return replace(made, frames=np.broadcast_to(RED, made.frames.shape),
                   tall_frames=np.broadcast_to(RED, made.tall_frames.shape))


def upper_left(height: int, width: int) -> np.ndarray:
    """Of the second frame."""
    cover = np.zeros((2, height, width), bool)
    cover[1, :height // 2, :width // 2] = True
    return cover


def everything(height: int, width: int) -> np.ndarray:
    return np.ones((2, height, width), bool)


def test_pictures_of_each_size_are_hidden_in_the_same_place() -> None:
    made = hidden(clip(), upper_left, red())
    assert made.tall_frames is not None
    for frames in (made.frames, made.tall_frames):
        height, width = frames.shape[1:3]
        assert (frames[1, :height // 2, :width // 2] == RED).all() and int(frames.any(3).sum()) == height * width // 4


def test_keypoints_under_what_is_hidden_leave_the_picture() -> None:
    made = hidden(clip(), upper_left, red()).keypoints
    assert made is not None
    gone = (made == np.array(GONE)).all(2)
    assert gone[:, :3].tolist() == [[False] * 3, [True, False, True]]


def test_a_cover_of_parts_mixes() -> None:
    frames = np.full((1, 2, 2, 3), 100, np.uint8)
    cover = np.array([[[0, 0.5], [0.25, 1]]], np.float32)
    assert mixed(frames, cover, RED)[0, ..., 0].tolist() == [[100, 150], [125, 200]]


@pytest.mark.parametrize("way", WAYS)
def test_all_hidden_is_what_stands_in(way: str) -> None:
    given = clip()
    given.frames[0] = 90
    standing = stand_in(given, Hiding(way))
    made = hidden(given, everything, standing)
    np.testing.assert_array_equal(made.frames, standing.frames)
    assert not given.frames[1].any() and made.keypoints is not None and (made.keypoints == np.array(GONE)).all()


def test_still_is_each_pixel_s_median_and_mean_the_mean_colour() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (5, 6, 7, 3)).astype(np.uint8)
    given = Clip("c", "dev", frames)
    still, mean = (stand_in(given, Hiding(way)).frames for way in (STILL, MEAN))
    assert (still == np.median(frames, axis=0)).all() and (mean == mean_colour(frames)).all()
    assert still.shape == mean.shape == frames.shape


def test_blur_leaves_the_mean_and_takes_detail() -> None:
    frames = np.zeros((1, 64, 64, 3), np.uint8)
    frames[:, ::2] = 200                # stripes
    made = stand_in(Clip("c", "dev", frames), Hiding(BLUR)).frames
    assert abs(int(made.mean()) - 100) <= 1 and int(made.max()) - int(made.min()) < 10


def test_keypoints_at_rest_are_where_they_are_seen_most() -> None:
    points = np.zeros((5, 133, 3), np.float32)
    points[:, 0] = [(10, 20, 0.9), (12, 22, 0.9), (60, 90, 0.9), (900, 900, 0.1), (900, 900, 0.1)]
    given = replace(clip(), keypoints=points, frames=np.zeros((5, 8, 8, 3), np.uint8), tall_frames=None)
    made = stand_in(given, Hiding(STILL, REST)).keypoints
    assert made is not None and (made == made[:1]).all()
    np.testing.assert_allclose(made[0, 0], (12, 22, 0.9))


def test_what_does_not_move_is_known() -> None:
    given = clip()
    assert not moves(given, stand_in(given, Hiding(STILL)))
    given.frames[1, 2, 3] = 9
    assert moves(given, stand_in(given, Hiding(STILL)))


def test_of_two_middle_values_the_smaller_is_what_stands_still() -> None:
    frames = np.array([30, 10, 20, 40], np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8)
    assert (median_picture(frames) == 20).all()


def test_the_blur_is_a_twelfth_of_the_longer_side() -> None:
    frames = np.zeros((1, 12, 48, 3), np.uint8)
    frames[:, :, 24] = 255
    np.testing.assert_array_equal(blurred(frames)[0], cv2.GaussianBlur(frames[0], (0, 0), 4.0))


def test_what_is_mixed_is_rounded() -> None:
    frames = np.full((1, 1, 2, 3), 100, np.uint8)
    cover = np.array([[[0.007, 0.003]]], np.float32)
    assert mixed(frames, cover, RED)[0, 0, :, 0].tolist() == [101, 100]


@pytest.mark.parametrize("share, gone", [(0.4, False), (0.6, True)])
def test_a_keypoint_is_hidden_where_more_than_half_of_the_picture_is(share: float, gone: bool) -> None:
    made = hidden(clip(), lambda height, width: np.full((2, height, width), share, np.float32), red()).keypoints
    assert made is not None and bool((made == np.array(GONE)).all()) is gone


def test_keypoints_are_hidden_by_the_pixel_they_lie_on_whatever_the_picture_s_size() -> None:
    points = np.array([[[10, 131, 1], [106, 129, 1], [104, 131, 1], [106, 131, 1]]], np.float32)
    chosen = np.zeros((1, 52, 42), bool)
    chosen[:, 26:, 21:] = True                          # from 130 down and 105 to the right, of 260 x 210
    under = (hide_keypoints(points, chosen) == np.array(GONE)).all(2)
    assert under.tolist() == [[False, False, False, True]]


def test_beyond_the_frames_all_that_was_filmed_is_hidden_as_at_their_edge() -> None:
    filmed = Whole(np.zeros((2, 8, 8, 3), np.uint8), Viewport(0.25, 0.25, 0.75, 0.75))
    given = Clip("c", "dev", np.zeros((2, 4, 4, 3), np.uint8), whole=filmed)
    instead = replace(given, frames=given.frames + 9, whole=replace(filmed, frames=filmed.frames + 9))
    made = hidden(given, upper_left, instead).whole
    assert made is not None
    expected = np.zeros((8, 8), bool)
    expected[:4, :4] = True
    np.testing.assert_array_equal(made.frames[1, ..., 0] == 9, expected)
    assert not made.frames[0].any()
