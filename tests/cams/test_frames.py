"""From a layer's steps to the frames: exactly where the network looked, and nothing where there is nothing."""
from typing import Tuple

import numpy as np
import pytest
import torch
from torch import nn

from cams.frames import Placed, flags, joined, laid, laid_on, most, on_view
from geometry.axis import Axis
from geometry.laid import Cells, Extent
from geometry.viewport import Viewport
from models.recogniser import Probe

MIDDLE = Viewport(1 / 16, 1 / 16, 15 / 16, 15 / 16)


def probe(stride: int, padded: bool = True, spatial: bool = True, first: float = 0, across: Tuple[float, int] = (0, 1),
          view: int = 5) -> Probe:
    space = Axis(across[0], across[1])
    return Probe(nn.Identity(), "", stride, padded=padded, spatial=spatial,
                 cells=(Axis(first, stride), space, space), view=(view, view))


@pytest.mark.parametrize("first,row,column", [(15.5, 96, 192), (0, 80.5, 176.5)])
def test_a_point_lands_on_its_pixels(first: float, row: float, column: float) -> None:
    """Cell (2, 5) of a 7 x 7 map over the middle 224 of 256 pixels: on (16 + 2.5 * 32, 16 + 5.5 * 32) where cells are
    centred on their share of the picture, half a cell to the upper left where they start on the first pixel."""
    raw = torch.zeros(3, 7, 7)
    raw[:, 2, 5] = 1
    drawn = laid(raw, probe(4, across=(first, 32), view=224), 0, (12, 256, 256), MIDDLE)[0].at(6).astype(float)
    places = np.arange(256) + 0.5
    assert abs((drawn.sum(1) @ places) / drawn.sum() - row) < 0.02
    assert abs((drawn.sum(0) @ places) / drawn.sum() - column) < 0.02


def test_nothing_lies_outside_the_viewport() -> None:
    drawn = laid(torch.rand(3, 7, 7), probe(4, across=(0, 32), view=224), 0, (12, 256, 256), MIDDLE)[0].whole()
    inside = drawn[:, 16:240, 16:240]
    assert np.count_nonzero(drawn) == np.count_nonzero(inside) and inside.max() == 1


@pytest.mark.parametrize("first", [0, 1.5])
def test_steps_lie_on_the_frames_they_are_centred_on(first: float) -> None:
    """Of 10 steps of 4 frames, 6 of padding before the clip: each frame is between the two centres around it."""
    raw = torch.rand(10)
    raw[3], raw[7] = 0, 1
    drawn = laid(raw, probe(4, True, False, first), 6, (26, 8, 8), MIDDLE)[0].whole().astype(float)
    expected = np.interp(np.arange(26) + 6, first + 4 * np.arange(10), raw.numpy())
    low, high = expected.min(), expected.max()
    np.testing.assert_allclose(drawn, (expected - low) / (high - low), atol=1e-3)


def test_frames_the_network_cut_have_no_map() -> None:
    drawn = laid(1 + torch.rand(3, 5, 5), probe(2, False), -4, (11, 5, 5), Viewport(), per_frame=True)[0].whole()
    assert not drawn[:4].any() and not drawn[10:].any() and drawn[4:10].reshape(6, -1).any(1).all()


def test_normalised_over_the_clip_or_each_frame() -> None:
    raw, spread = torch.tensor([[[1.0, 2]], [[3, 5]], [[4, 4]]]), probe(1, view=2)
    clip, frame = (laid(raw, spread, 0, (3, 2, 2), Viewport(), per_frame)[0].whole()[:, 0].flatten().tolist()
                   for per_frame in (False, True))
    assert clip == [0, 0.25, 0.5, 1, 0.75, 0.75]
    assert frame == [0, 1, 0, 1, 0, 0]


def test_tiny_maps_are_normalised_as_large_ones_are() -> None:
    raw = torch.rand(2, 3, 3)
    tiny, large = (laid(raw * gain, probe(1, view=3), 0, (2, 3, 3), Viewport())[0].whole() for gain in (1e-12, 1))
    np.testing.assert_allclose(tiny.astype(float), large.astype(float), atol=1e-3)


def test_the_mean_over_parts_of_the_picture_is_that_of_its_pixels() -> None:
    made = laid(torch.rand(3, 7, 7), probe(4, across=(3, 10), view=70), 0, (12, 96, 80), MIDDLE)[0]
    pixels = made.whole().astype(np.float32)
    means = pixels.reshape(12, 16, 6, 16, 5).mean((2, 4))
    np.testing.assert_allclose(made.coarse(16), means, atol=1e-3)


def test_the_few_places_that_stick_out_are_drawn_alike() -> None:
    raw = torch.zeros(1, 10, 10)
    raw[0, 0] = torch.tensor([1.0, 2, 3, 4, 5, 6, 7, 8, 90, 100])
    drawn = laid(raw, probe(1, view=10), 0, (1, 10, 10), Viewport(), alike=0.02)[0].at(0)
    np.testing.assert_allclose(drawn[0].astype(float), [*(np.arange(1, 9) / 8), 1, 1], atol=1e-3)


def test_a_single_place_is_drawn_though_it_sticks_out() -> None:
    raw = torch.zeros(1, 10, 10)
    raw[0, 3, 4] = 7
    assert laid(raw, probe(1, view=10), 0, (1, 10, 10), Viewport(), alike=0.02)[0].at(0)[3, 4] == 1


@pytest.mark.parametrize("values,flag", [
    (torch.zeros(4, 5, 5), "all-zero"), (torch.full((4, 5, 5), 0.3), "constant"),
    (0.3 + 1e-7 * torch.rand(4, 5, 5), "constant"), (torch.tensor([1.0, float("nan"), 2]), "non-finite"),
    (torch.tensor([1.0, float("inf"), 2]), "non-finite")])
def test_void_maps_are_flagged_and_zero(values: torch.Tensor, flag: str) -> None:
    made, raised = laid(values, probe(1, spatial=values.dim() == 3), 0, (len(values), 5, 5), Viewport())
    assert raised == (flag,) and not made.whole().any()


def test_a_map_that_says_everywhere_is_flagged_and_shown() -> None:
    values = torch.ones(4, 5, 5)
    values[0, 0, 0] = 0
    made, raised = laid(values, probe(1), 0, (4, 5, 5), Viewport())
    assert raised == ("saturated",) and made.whole().any()


def test_a_good_map_has_no_flag() -> None:
    assert laid(torch.rand(4, 5, 5), probe(1), 0, (4, 5, 5), Viewport())[1] == ()


@pytest.mark.parametrize("cells,apart,first", [(7, 5.3, -3.2), (4, 11.0, 20.0), (12, 0.7, 2.0), (1, 1.0, 5.0)])
def test_what_is_largest_and_least_is_that_of_all_pixels(cells: int, apart: float, first: float) -> None:
    """Though only those are laid where lines bend; cells may lie beyond what is seen, or closer than pixels."""
    centres, extent = first + apart * np.arange(cells), Extent((9, 40, 37), (0, 9), (2, 33, 5, 36))
    raw, where = torch.rand(3, cells, cells), Cells(4.0 * np.arange(3), centres, centres)
    made = laid_on(raw, where, extent)[0]
    pixels = torch.cat(list(on_view(raw, where, extent))).flatten(1)
    np.testing.assert_allclose(made.lows, pixels.amin(1), atol=1e-6)
    np.testing.assert_allclose(made.highs, pixels.amax(1), atol=1e-6)
    for level in (0.2, 0.5, 0.8):
        assert most(raw, where, extent, level - 1e-6) >= float((pixels >= level).float().mean()) - 1e-6


@pytest.mark.parametrize("stride,padded", [(1, True), (4, True), (4, False)])
def test_windows_join_on_the_layer_s_own_axis(stride: int, padded: bool) -> None:
    """Each step says where in the clip it lies, those that touch padding are wrong: joined, all are right."""
    parts, places = [], []
    for start, stop in ((0, 200), (100, 300), (200, 330)):
        left, right = (6, 6 + (start - stop) % 4) if padded else (0, 0)
        first = torch.arange(-left, stop - start + right, stride)
        part = (first + start).double()
        inner_left = (first < 0) & (start > 0)
        inner_right = (first + stride > stop - start) & (stop < 330)
        part[inner_left | inner_right] = 1e6
        parts.append(part)
        places.append(Placed(start, stop - start, left, right, start == 0, stop == 330))
    whole = joined(parts, places, stride, padded)
    assert whole.tolist() == list(np.arange(-places[0].left, 330 + places[-1].right, stride))


def test_a_window_that_was_not_asked_about_does_not_halve_the_other() -> None:
    places = [Placed(0, 40, 0, 0, True, False), Placed(20, 40, 0, 0, False, True)]
    one, other = torch.ones(40), torch.full((40,), 3.0)
    assert joined([one, other], places, 1, False).tolist() == [1] * 20 + [2] * 20 + [3] * 20
    assert joined([one * 0, other], places, 1, False, [False, True]).tolist() == [0] * 20 + [3] * 40


def test_steps_of_an_unpadded_layer_that_touch_a_windows_padding_are_cut() -> None:
    """Step j of a kernel of 5 and a pool of 2 sees frames 2j - 6 to 2j - 1 of its window."""
    parts = [torch.ones(12), torch.ones(12)]
    parts[0][9:] = 100          # beyond the first window's 16 frames
    parts[1][:3] = 100          # before the second's
    places = [Placed(0, 16, 6, 6, True, False), Placed(8, 16, 6, 6, False, True)]
    assert joined(parts, places, 2, True, lost=4).tolist() == [1] * 16

@pytest.mark.parametrize("full,found", [(0.4, ()), (0.6, ("saturated",))])
def test_a_map_is_saturated_where_more_than_half_of_it_is_as_large_as_can_be(full: float,
                                                                            found: Tuple[str, ...]) -> None:
    """Within a hundredth of the largest."""
    values = torch.full((2, 100), 0.5)
    values[:, :round(100 * full)] = 0.995
    values[:, 0], values[:, -1] = 1, 0
    lows, highs = values.amin(1).numpy(), values.amax(1).numpy()
    assert flags(lows, highs, lambda: [values]) == found
    assert flags(lows, highs, lambda: [values.where(values != 0.995, torch.tensor(0.98))]) == ()
