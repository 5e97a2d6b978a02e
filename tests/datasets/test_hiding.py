"""A clip with places hidden: every kind of picture it has, and its keypoints."""
import numpy as np

from datasets.clip import Clip
from datasets.hiding import GONE, all_hidden, coloured, hidden, mean_colour

RED = np.array([200, 10, 10], np.uint8)


def clip() -> Clip:
    points = np.zeros((2, 133, 3), np.float32)
    points[:, 0] = 50, 60, 1            # in pixels of 210 x 260: the upper left quarter
    points[:, 1] = 150, 60, 1
    points[:, 2] = -20, 60, 1           # left of the picture
    return Clip("c", "dev", np.zeros((2, 8, 8, 3), np.uint8), keypoints=points,
                tall_frames=np.zeros((2, 26, 20, 3), np.uint8))


def upper_left(height: int, width: int) -> np.ndarray:
    """Of the second frame."""
    cover = np.zeros((2, height, width), bool)
    cover[1, :height // 2, :width // 2] = True
    return cover


def test_pictures_of_each_size_are_hidden_in_the_same_place() -> None:
    made = hidden(clip(), upper_left, RED)
    assert made.tall_frames is not None
    for frames in (made.frames, made.tall_frames):
        height, width = frames.shape[1:3]
        assert (frames[1, :height // 2, :width // 2] == RED).all() and int(frames.any(3).sum()) == height * width // 4


def test_keypoints_under_what_is_hidden_leave_the_picture() -> None:
    made = hidden(clip(), upper_left, RED).keypoints
    assert made is not None
    gone = (made == np.array(GONE)).all(2)
    assert gone[:, :3].tolist() == [[False] * 3, [True, False, True]]


def test_a_cover_of_parts_mixes() -> None:
    frames = np.full((1, 2, 2, 3), 100, np.uint8)
    cover = np.array([[[0, 0.5], [0.25, 1]]], np.float32)
    assert coloured(frames, cover, RED)[0, ..., 0].tolist() == [[100, 150], [125, 200]]


def test_nothing_of_a_clip_that_is_all_hidden_is_left() -> None:
    given = clip()
    given.frames[0] = 90
    made = all_hidden(given, mean_colour(given.frames))
    assert (made.frames == 45).all() and not given.frames[1].any()
    assert made.keypoints is not None and (made.keypoints == np.array(GONE)).all()
