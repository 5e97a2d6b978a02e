"""The noise that max-sensitivity asks maps to bear."""
import numpy as np
import pytest

from datasets.clip import Clip
from evidence.sensitivity import NOISE, _noisy


def test_noise_is_even_up_to_its_bound_on_either_side_and_stays_in_range() -> None:
    grey = Clip("a", "dev", np.full((6, 40, 40, 3), 120, np.uint8), tall_frames=np.zeros((6, 260, 210, 3), np.uint8))
    noisy = _noisy(grey, np.random.default_rng(0))
    off = noisy.frames.astype(int) - 120
    assert off.max() == NOISE and off.min() == -NOISE and abs(off.mean()) < 0.1
    assert off.std() == pytest.approx(NOISE / np.sqrt(3), rel=0.03) and noisy.tall_frames is None
    ends = Clip("a", "dev", np.concatenate([np.zeros((3, 8, 8, 3), np.uint8), np.full((3, 8, 8, 3), 255, np.uint8)]))
    far = _noisy(ends, np.random.default_rng(0)).frames
    assert far[:3].max() <= NOISE and far[3:].min() >= 255 - NOISE
