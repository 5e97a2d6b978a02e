"""How much of a map lies where: sums by hand."""
import numpy as np
import pytest

from poses.regions import SIDE
from results.shares import mass, shares

LABELS = np.zeros((3, SIDE, SIDE), np.uint8)
LABELS[:, :, 32:] = 3
MAPS = np.zeros((3, SIDE, SIDE), np.float32)
MAPS[0, 0, :4] = 1                      # on region 0
MAPS[1, 0, 30:33] = 1                   # two cells on region 0, one on region 3
MAPS[2, 0, 60:] = 9                     # on region 3


def test_mass_is_what_lies_on_each_region_frame_by_frame() -> None:
    assert mass(MAPS, LABELS).tolist() == [[4, 0, 0, 0], [2, 0, 0, 1], [0, 0, 0, 36]]


def test_frames_without_a_signer_are_left_out_of_all() -> None:
    total, over_time = shares(mass(MAPS, LABELS), np.array([True, True, False]))
    assert total == [pytest.approx(6 / 7, abs=1e-4), 0, 0, pytest.approx(1 / 7, abs=1e-4)]
    assert over_time == [[1, 0, 0, 0], [pytest.approx(2 / 3, abs=1e-4), 0, 0, pytest.approx(1 / 3, abs=1e-4)], None]


def test_where_nothing_can_be_shared_out_there_are_no_shares() -> None:
    assert shares(mass(MAPS * 0, LABELS), np.ones(3, bool)) == (None, [None] * 3)
    assert shares(mass(MAPS, LABELS), np.zeros(3, bool)) == (None, [None] * 3)
