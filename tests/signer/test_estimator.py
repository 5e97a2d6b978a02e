"""Estimated keypoints fail where an estimator is known to, and nowhere else."""
import pickle
from pathlib import Path
from typing import Tuple

import numpy as np
import pytest

from signer.estimator import ESTIMATOR, FACE, HANDS, estimated, lasting, speeds
from signer.evidence import read_exact_keypoints
from signer.synthetic import KEYPOINTS, make_workspace
from terminal.errors import UserError

FRAMES = 4000


def posed(speed: float = 0., at: Tuple[float, float] = (40., 180.), other: Tuple[float, float] = (170., 180.),
          ) -> np.ndarray:
    """A face at the top, the right hand going back and forth at so many pixels a frame, the left one still."""
    points = np.ones((FRAMES, 133, 3), np.float32)
    points[:, :, :2] = 105, 150
    points[:, FACE, 0] = 105 + np.linspace(-24, 24, 68)
    points[:, FACE, 1] = 60
    grid = np.stack(np.meshgrid(np.arange(7.), np.arange(3.)), -1).reshape(21, 2) * 3
    swing = speed * np.abs(np.arange(FRAMES) % 8 - 4)
    points[:, HANDS[0], :2] = grid + other
    points[:, HANDS[1], :2] = grid + at + np.stack([0 * swing, swing], 1)[:, None]
    return points


def off(exact: np.ndarray, hand: int) -> np.ndarray:
    """[T]: how far the middle of a hand is off."""
    made = estimated(exact, np.random.default_rng(0))
    return np.linalg.norm((made - exact)[:, HANDS[hand], :2].mean(1), axis=-1)


def lost(exact: np.ndarray, hand: int) -> float:
    return float((estimated(exact, np.random.default_rng(0))[:, HANDS[hand], 2].mean(1) < 0.6).mean())


def test_a_resting_hand_is_found_and_a_fast_one_lost() -> None:
    assert lost(posed(), 1) < 0.02
    assert lost(posed(speed=ESTIMATOR.fast), 1) == pytest.approx(1 - np.exp(-1), abs=0.05)
    assert lost(posed(speed=ESTIMATOR.fast), 0) < 0.02


def test_jitter_grows_with_speed() -> None:
    offsets = [off(posed(speed=speed), 1) for speed in (0, 4, 8)]
    middles = [float(np.median(off_by[off_by < 15])) for off_by in offsets]
    assert middles[0] < middles[1] < middles[2] and middles[0] == pytest.approx(ESTIMATOR.hand * 1.18, rel=0.15)


def test_hands_are_lost_before_the_face_and_at_the_other_hand() -> None:
    assert lost(posed(at=(96., 57.)), 1) == pytest.approx(ESTIMATOR.at_face, abs=0.05)
    both = posed(at=(160., 180.))
    assert lost(both, 1) == pytest.approx(ESTIMATOR.at_hand, abs=0.05) == lost(both, 0)


def test_a_lost_hand_is_at_the_other_or_where_it_was() -> None:
    exact = posed(speed=ESTIMATOR.fast)
    made = estimated(exact, np.random.default_rng(0))
    gone = made[:, HANDS[1], 2].mean(1) < 0.6
    to_other = np.linalg.norm((made[:, HANDS[1], :2] - exact[:, HANDS[0], :2]).mean(1), axis=-1) < 6
    assert to_other[gone].mean() == pytest.approx(ESTIMATOR.swapped, abs=0.06) and not to_other[~gone].any()
    assert np.abs(made[:, 10, :2] - made[:, HANDS[1], :2][:, 0])[gone].mean() < 2       # the wrist goes with it


def test_every_point_is_given_and_the_face_hardly_moves() -> None:
    made = estimated(posed(speed=9), np.random.default_rng(0))
    assert made.dtype == np.float32 and made.shape == (FRAMES, 133, 3) and np.isfinite(made).all()
    assert made[..., 2].min() > 0 and made[..., 2].max() <= 1
    assert (made - posed(speed=9))[:, FACE, :2].std() == pytest.approx(ESTIMATOR.face, rel=0.05)


def test_exact_keypoints_stay_beside_the_evidence(tmp_path: Path) -> None:
    roots = [make_workspace(tmp_path / kind, {"dev": 1}, frame_sizes=(), keypoints=kind) for kind in KEYPOINTS]
    given, hidden = zip(*((next(iter(pickle.loads((root / "keypoints/keypoints.pkl").read_bytes()).values())),
                           read_exact_keypoints(next((root / "evidence").iterdir()))) for root in roots))
    assert (hidden[0] == hidden[1]).all() and (given[0] == hidden[0]).all() and (given[1] != hidden[1]).any()
    with pytest.raises(UserError, match="unknown keypoints 'guessed'"):
        make_workspace(tmp_path, {"dev": 1}, keypoints="guessed")
    old = tmp_path / "old.npz"
    np.savez(old, active=np.zeros(1))
    with pytest.raises(UserError, match="drawn by an earlier version"):
        read_exact_keypoints(old)


def test_errors_last_and_speeds_are_pixels_a_frame() -> None:
    noise = lasting(np.random.default_rng(0), (20000, 2), 0.6)
    assert noise.std() == pytest.approx(1, abs=0.03)
    assert np.corrcoef(noise[1:, 0], noise[:-1, 0])[0, 1] == pytest.approx(0.6, abs=0.03)
    assert speeds(np.array([[0., 0], [3, 4], [3, 4]])).tolist() == [5, 2.5, 0]
