from typing import List, Tuple

import numpy as np
import pytest

from drawing.gloss_strip import FRAMES, chosen_frames, gloss_strip
from records.explanation import LayerMap
from records.style import Style
from tests.kit import records
from tests.kit.maps import laid


@pytest.mark.parametrize("span, wanted", [((10, 30), [10, 15, 20, 24, 29]), ((10, 12), [9, 10, 11, 12, 13]),
                                          ((0, 1), [0, 1, 2, 3, 4]), ((48, 50), [45, 46, 47, 48, 49])])
def test_five_frames_are_shown_across_the_gloss(span: Tuple[int, int], wanted: List[int]) -> None:
    assert chosen_frames(*span, 50) == wanted


def test_a_clip_of_fewer_frames_shows_what_there_is() -> None:
    assert chosen_frames(0, 2, 3) == [0, 1, 2]


def test_the_strip_has_a_row_for_each_layer_and_the_frames_of_the_gloss() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (20, 64, 80, 3)).astype(np.uint8)
    zero = laid(np.zeros((20, 64, 80)))
    about = records.gloss(1, "REGEN", (4, 12), verdict="right", true_gloss="REGEN")
    one, two = (gloss_strip(frames, about, "SlowFastSign", layers, Style()) for layers in (
        {"where": LayerMap(zero)}, {"where": LayerMap(zero), "again": LayerMap(zero)}))
    assert two.shape[0] > one.shape[0] + 64 and one.shape[1] == 28 + FRAMES * 80 + (FRAMES - 1) * 8
    for number, frame in enumerate(chosen_frames(4, 12, 20)):
        left = 14 + number * 88
        rows = [row for row in range(one.shape[0] - 64)
                if np.array_equal(one[row:row + 64, left:left + 80], frames[frame])]
        assert len(rows) == 1           # where the map is zero the frame is itself
