"""From a layer's steps to the frames: exactly where the network looked, and nothing where there is nothing."""
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cams.frames import Placed, finished, flags, joined, normalised
from models.recogniser import Probe
from models.viewport import Viewport

MIDDLE = Viewport(1 / 16, 1 / 16, 15 / 16, 15 / 16)


def probe(stride: int, padded: bool = True, spatial: bool = True) -> Probe:
    return Probe(nn.Identity(), "", stride, padded=padded, spatial=spatial)


def test_a_point_lands_on_its_pixels() -> None:
    """Position (2, 5) of a 7 x 7 map over the middle 224 of 256 pixels is centred on (16 + 2.5 * 32, 16 + 5.5 * 32)."""
    raw = torch.zeros(3, 7, 7)
    raw[:, 2, 5] = 1
    drawn, found = finished(raw, probe(4), 0, 12, (256, 256), MIDDLE, False)
    weight = drawn[6].double()
    rows = (weight.sum(1) * (torch.arange(256) + 0.5)).sum() / weight.sum()
    columns = (weight.sum(0) * (torch.arange(256) + 0.5)).sum() / weight.sum()
    assert found == () and abs(rows - 96) < 0.01 and abs(columns - 192) < 0.01


def test_nothing_lies_outside_the_viewport() -> None:
    drawn, _ = finished(torch.rand(3, 7, 7), probe(4), 0, 12, (256, 256), MIDDLE, False)
    inside = drawn[:, 16:240, 16:240]
    assert drawn.sum(dtype=torch.float64) == inside.sum(dtype=torch.float64) and inside.max() == 1


def test_padding_is_cut_from_the_resized_map() -> None:
    raw = torch.rand(10, 5, 5)
    drawn, _ = finished(raw, probe(4), 6, 26, (10, 10), Viewport(), False)
    full = F.interpolate(raw[None, None], (40, 10, 10), mode="trilinear", align_corners=False)[0, 0, 6:32]
    assert torch.allclose(drawn.float(), (full - full.min()) / (full.max() - full.min()), atol=1e-3)


def test_time_only_steps_start_with_the_clip() -> None:
    drawn, _ = finished(torch.tensor([0.0, 0, 1, 0, 0, 0, 0]), probe(4, False, False), 6, 26, (8, 8), MIDDLE, False)
    assert drawn.shape == (26,) and drawn.max() == 1 and set(drawn.float().topk(2).indices.tolist()) == {9, 10}


def test_frames_the_network_cut_have_no_map() -> None:
    drawn, _ = finished(1 + torch.rand(3, 5, 5), probe(2, False), -4, 11, (5, 5), Viewport(), True)
    assert not drawn[:4].any() and not drawn[10:].any() and drawn[4:10].flatten(1).any(1).all()


def test_normalised_over_the_clip_or_each_frame() -> None:
    values = torch.tensor([[[1.0, 2]], [[3, 5]], [[4, 4]]])
    assert normalised(values, False).flatten().tolist() == [0, 0.25, 0.5, 1, 0.75, 0.75]
    assert normalised(values, True).flatten().tolist() == [0, 1, 0, 1, 0, 0]


def test_tiny_maps_are_normalised_as_large_ones_are() -> None:
    values = torch.rand(2, 3, 3)
    assert torch.allclose(normalised(values * 1e-12, False).view(2, 3, 3), normalised(values, False).view(2, 3, 3))


@pytest.mark.parametrize("values,flag", [
    (torch.zeros(4, 5, 5), "all-zero"), (torch.full((4, 5, 5), 0.3), "constant"),
    (0.3 + 1e-7 * torch.rand(4, 5, 5), "constant"), (torch.tensor([1.0, float("nan"), 2]), "non-finite"),
    (torch.tensor([1.0, float("inf"), 2]), "non-finite")])
def test_void_maps_are_flagged_and_zero(values: torch.Tensor, flag: str) -> None:
    layer = probe(1, spatial=values.dim() == 3)
    drawn, found = finished(values, layer, 0, len(values), (5, 5), Viewport(), False)
    assert found == (flag,) and not drawn.any()


def test_a_map_that_says_everywhere_is_flagged_and_shown() -> None:
    values = torch.ones(4, 5, 5)
    values[0, 0, 0] = 0
    drawn, found = finished(values, probe(1), 0, 4, (5, 5), Viewport(), False)
    assert found == ("saturated",) and drawn.any()


def test_a_good_map_has_no_flag() -> None:
    assert flags(torch.rand(4, 5, 5)) == ()


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
