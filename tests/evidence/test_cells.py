"""A layer of a made-up network that reads one cell: silencing tells which."""
from types import SimpleNamespace
from typing import Optional, Tuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from evidence.cells import Holding, hold, touched_cells
from geometry.axis import Axis
from geometry.laid import Cells
from geometry.skeleton import Joints
from geometry.viewport import Viewport
from models.recogniser import Inputs, Probe


class OneCell(nn.Module):
    """[1, 1, T, 4, 4] -> logits [1, T, 2], class 1 as high as the cell is at its place; and as that of a certain step,
    if told."""

    def __init__(self, cell: Tuple[int, int], step: Optional[int] = None) -> None:
        super().__init__()
        self.layer, self.cell, self.step = nn.Identity(), cell, step

    def forward(self, inputs: Inputs) -> Tensor:
        row, column = self.cell
        seen = self.layer(inputs.tensors[0].clone())[:, 0, :, row, column]
        if self.step is not None:
            seen = seen + seen[:, self.step:self.step + 1]
        return torch.stack((torch.zeros_like(seen), seen), dim=2)


class MadeUp(SimpleNamespace):
    def __call__(self, inputs: Inputs) -> Tensor:
        return self.network(inputs)


def held_by(cell: Tuple[int, int], region: np.ndarray, step: Optional[int] = None) -> Holding:
    network = OneCell(cell, step)
    frames = torch.full((1, 1, 6, 4, 4), -5.0)
    frames[0, 0, 2:4] = 5                       # the gloss
    frames[0, 0, 5] = -2                        # not the mean of all, which silence is
    vocabulary = SimpleNamespace(blank=0, decode=lambda ids: ["SONNE"] * len(list(ids)))
    recogniser = MadeUp(network=network, layers={"layer": Probe(network.layer, "layer", 1, view=(4, 4))},
                        viewport=Viewport(), prepare=lambda clip: Inputs((frames,), 6), decode_ids=lambda logits: [1],
                        name="made up", vocabulary=vocabulary)
    holding = Holding()
    hold(holding, recogniser, None, region, "layer")        # type: ignore[arg-type]
    return holding


@pytest.fixture
def region() -> np.ndarray:
    marked = np.zeros((6, 40, 40), bool)
    marked[2:4, 12:18, 12:18] = True            # within cell 1, 1
    return marked


def test_cells_that_touch_the_region_are_found(region: np.ndarray) -> None:
    grid = 4.5 + 10 * np.arange(4)              # each of 4 x 4 cells in the middle of its 10 pixels
    touched = touched_cells(region, Cells(0.5 + 2 * np.arange(3), grid, grid), (0, 6))
    assert touched.nonzero().tolist() == [[1, 1, 1]]


def test_a_cell_takes_the_pixels_nearest_to_its_centre(region: np.ndarray) -> None:
    grid = 10.0 * np.arange(4)
    touched = touched_cells(region, Cells(2.0 * np.arange(3), grid, grid), (0, 6))
    assert touched.nonzero().tolist() == [[step, row, column] for step in (1, 2) for row in (1, 2) for column in (1, 2)]


def test_frames_that_were_not_seen_touch_nothing(region: np.ndarray) -> None:
    grid = 4.5 + 10 * np.arange(4)
    assert not touched_cells(region, Cells(0.5 + 2 * np.arange(3), grid, grid), (4, 6)).any()


def test_a_layer_read_on_the_articulators_holds_all_there(region: np.ndarray) -> None:
    holding = held_by((1, 1), region)
    assert holding.on == pytest.approx(holding.both) and holding.on > 1 and holding.off == 0
    assert (holding.steps, holding.touched, holding.cells, holding.ratio) == (2, 2, 32, 16)
    mean = (3 * -5 + 2 * 5 - 2) / 6             # of all steps: what a silent cell is
    assert holding.both == pytest.approx(2 * (np.log1p(np.exp(-mean)) - np.log1p(np.exp(-5))), rel=1e-4)


def test_a_layer_read_elsewhere_holds_nothing_there(region: np.ndarray) -> None:
    holding = held_by((3, 3), region)
    assert holding.on == 0 and holding.off > 1 and holding.ratio == 0


def test_only_steps_in_which_a_gloss_is_signed_are_silenced(region: np.ndarray) -> None:
    """What is read in others is nobody's: neither on the articulators nor off them."""
    beside, alone = held_by((3, 3), region, step=5), held_by((1, 1), region, step=5)
    assert beside.on == 0 and beside.off == pytest.approx(beside.both) and beside.off > 1
    assert alone.off == 0 and alone.on == pytest.approx(alone.both)
    assert beside.cells == 2 * 16


def test_a_joint_touches_the_region_where_its_point_lies_on_it(region: np.ndarray) -> None:
    points = np.full((6, 3, 2), 14.6, np.float32)           # in the region, that is empty but for frames 2 and 3
    points[3, 0] = 11.4                                     # just outside it
    points[:, 2] = 500                                      # outside the picture
    touched = touched_cells(region, Cells(np.arange(6.0), joints=Joints(np.arange(3), points)), (0, 6))
    assert touched.nonzero().tolist() == [[2, 0], [2, 1], [3, 1]]


def test_a_layer_of_joints_is_silenced_at_its_joints(region: np.ndarray) -> None:
    layer = nn.Identity()
    values = torch.full((1, 1, 6, 3), -5.0)                 # [B, C, T, J]
    values[0, 0, 2:4] = 5
    keypoints = np.full((6, 133, 3), 500, np.float32)
    keypoints[:, 5, :2] = np.array([14, 14]) * (210 / 40, 260 / 40)     # in pixels of 210 x 260, on the region

    def read(inputs: Inputs) -> Tensor:
        joint = layer(inputs.tensors[0].clone())[:, 0, :, 1]
        return torch.stack((torch.zeros_like(joint), joint), dim=2)

    probe = Probe(layer, "layer", 1, joints=(0, 5, 9), cells=(Axis(),))
    vocabulary = SimpleNamespace(blank=0, decode=lambda ids: ["SONNE"] * len(list(ids)))
    made = MadeUp(network=read, layers={"layer": probe}, viewport=Viewport(), prepare=lambda clip: Inputs((values,), 6),
                  decode_ids=lambda logits: [1], name="made up", vocabulary=vocabulary)
    holding, clip = Holding(), SimpleNamespace(keypoints=keypoints)
    hold(holding, made, clip, region, "layer")              # type: ignore[arg-type]
    assert holding.on == pytest.approx(holding.both) and holding.on > 1 and holding.off == 0
    assert (holding.touched, holding.cells) == (2, 6)
