"""A gloss's own map against evidence made up so that the right numbers are known."""
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from evidence.gloss_maps import MARGIN, Own, _late, seen_box
from signer.evidence import Evidence
from tests.kit.maps import laid, on_grid

FRAMES, SIDE = 40, 64


def evidence() -> Evidence:
    """Gloss 0 in frames 5 to 9 in the top left quarter, gloss 1 in frames 25 to 29 in the bottom right one."""
    active, region = np.full(FRAMES, -1, np.int16), np.zeros((FRAMES, SIDE, SIDE), bool)
    active[5:10], active[25:30] = 0, 1
    region[5:10, :32, :32] = region[25:30, 32:, 32:] = True
    return Evidence(("A", "B"), active, region)


def own(values: np.ndarray, gloss: int = 0) -> Own:
    made = Own()
    made.add(laid(values), evidence(), gloss)
    return made


def test_an_even_map_is_chance() -> None:
    time, area, swap = own(np.ones((FRAMES, SIDE, SIDE))).means()
    assert time == pytest.approx(1) and area == pytest.approx(1) and swap == pytest.approx(1)


def test_all_of_the_map_in_the_gloss_s_frames() -> None:
    values = np.zeros((FRAMES, SIDE, SIDE))
    values[5:10] = 1
    assert own(values).time == [pytest.approx(FRAMES / (5 + 2 * MARGIN))]


def test_all_of_the_map_on_its_articulators() -> None:
    values = np.zeros((FRAMES, SIDE, SIDE))
    values[5:10, :32, :32] = 1
    assert own(values).area == [pytest.approx(4)] and own(values).swap[0] > 100


def test_a_map_of_the_other_gloss_is_told() -> None:
    values = np.zeros((FRAMES, SIDE, SIDE))
    values[5:10, :32, :32], values[25:30, 32:, 32:] = 0.1, 1
    assert own(values, 0).swap == [pytest.approx(0.1)] and own(values, 1).swap == [pytest.approx(10)]


def test_only_what_was_seen_counts() -> None:
    """Of a network that sees the left half, rows 8 to 55 of 128."""
    box = seen_box(on_grid(np.zeros((2, 4, 4), np.float32), 1, 2, (128, 64), (8, 56, 0, 32)))
    assert (box[4:28, :32] == 1).all() and box.sum() == 24 * 32


def test_a_layer_without_space_is_judged_in_time_alone() -> None:
    when = np.zeros(FRAMES)
    when[7] = 1
    made = own(when)
    assert made.time[0] > 3 and made.area == [] and np.isnan(made.means()[2])


@pytest.mark.parametrize("start,stop,frames,late", [(5, 10, 1, 0), (2, 4, 4, 4.5), (0, 2, 2.5, -5), (7, 8, 1, 0)])
def test_lateness_is_from_the_middle_of_the_frames_to_the_middle_of_the_steps(start: int, stop: int, frames: float,
                                                                              late: float) -> None:
    """Gloss 0 is signed in frames 5 to 9, whose middle is 7.5 from the first one's beginning."""
    gloss: Any = SimpleNamespace(about=SimpleNamespace(steps=(start, stop)))
    assert _late(gloss, 0, frames, evidence()) == late
