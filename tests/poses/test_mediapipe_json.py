"""What people write of MediaPipe's results as JSON, read as the 133."""
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from poses.keypoint_file import read_keypoints
from tests.kit.foreign_poses import landmarks, mediapipe

FRAMES = 6


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def read(path: Path) -> np.ndarray:
    return read_keypoints(path, "clip").keypoints


@pytest.mark.parametrize("shape", [{}, {"camel": True}, {"nested": True}])
def test_mediapipe_s_landmarks_are_parts_of_the_picture(tmp_path: Path, shape: Any) -> None:
    points = np.random.default_rng(0).uniform(0.1, 0.9, (FRAMES, 543, 3))
    path = written(tmp_path / "a.json", json.dumps(
        {"fps": 12.5, "frames": [mediapipe(frame, **shape) for frame in points]}).encode())
    brought = read_keypoints(path, "clip")
    assert brought.rate == 12.5
    on = brought.on((200, 100), path)
    np.testing.assert_allclose(on[:, 9], np.c_[points[:, 15, 0] * 200 - 0.5, points[:, 15, 1] * 100 - 0.5,
                                               points[:, 15, 2]], rtol=1e-5)
    assert (on[:, 91:, 2] == 1).all()


def test_landmarks_may_be_lists_of_numbers(tmp_path: Path) -> None:
    """x, y, z and visibility, or without it; what is said of the film may stand beside the frames."""
    points = np.random.default_rng(0).uniform(0.1, 0.9, (2, 33, 4))
    for numbers, seen in ((4, points[:, 15, 3]), (3, np.ones(2))):
        frames = [{"pose_landmarks": frame[:, :numbers].tolist()} for frame in points]
        path = written(tmp_path / "a.json", json.dumps(
            {"metadata": {"fps": 12.5, "width": 640, "height": 360}, "frames": frames}).encode())
        brought = read_keypoints(path, "clip")
        np.testing.assert_allclose(brought.keypoints[:, 9], np.c_[points[:, 15, :2], seen])
        assert brought.rate == 12.5


def test_a_body_of_which_nothing_is_seen_is_not_seen(tmp_path: Path) -> None:
    points = np.random.default_rng(0).uniform(0.1, 0.9, (2, 543, 3))
    points[:, :33, 2] = 0
    keypoints = read(written(tmp_path / "a.json", json.dumps([mediapipe(frame) for frame in points]).encode()))
    assert (keypoints[:, :23, 2] == 0).all() and (keypoints[:, 91:, 2] == 1).all()


def test_a_visibility_of_nothing_says_nothing_of_hands(tmp_path: Path) -> None:
    """MediaPipe tells it of the pose alone, and writes 0 elsewhere."""
    points = np.random.default_rng(0).uniform(0.1, 0.9, (2, 543, 3))
    frames = [{**mediapipe(frame), "left_hand_landmarks": landmarks(frame[501:522] * (1, 1, 0), True)}
              for frame in points]
    assert (read(written(tmp_path / "a.json", json.dumps(frames).encode()))[:, 91:112, 2] == 1).all()


def test_a_hand_that_is_not_there_goes_with_its_wrist_and_is_unseen(tmp_path: Path) -> None:
    points = np.random.default_rng(0).uniform(0.1, 0.9, (3, 543, 3))
    frames = [mediapipe(points[0]), mediapipe(points[1], hands=False), mediapipe(points[2])]
    keypoints = read(written(tmp_path / "a.json", json.dumps(frames).encode()))
    assert keypoints[:, 91:112, 2].min(axis=1).tolist() == [1, 0, 1]
    away = keypoints[:, 91:112, :2] - keypoints[:, 9:10, :2]
    np.testing.assert_allclose(away[1], (away[0] + away[2]) / 2)
