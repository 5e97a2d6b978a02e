"""A layer of a made-up network that reads one cell: silencing tells which."""
from types import SimpleNamespace
from typing import Tuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from evidence.cells import Holding, cells, hold
from models.recogniser import Inputs, Probe
from models.viewport import Viewport


class OneCell(nn.Module):
    """[1, 1, T, 4, 4] -> logits [1, T, 2], class 1 as high as the cell is at its place."""

    def __init__(self, place: Tuple[int, int]) -> None:
        super().__init__()
        self.layer, self.place = nn.Identity(), place

    def forward(self, inputs: Inputs) -> Tensor:
        row, column = self.place
        seen = self.layer(inputs.tensors[0].clone())[:, 0, :, row, column]
        return torch.stack((torch.zeros_like(seen), seen), dim=2)


class MadeUp(SimpleNamespace):
    def __call__(self, inputs: Inputs) -> Tensor:
        return self.network(inputs)


def held_by(place: Tuple[int, int], region: np.ndarray) -> Holding:
    network = OneCell(place)
    frames = torch.full((1, 1, 6, 4, 4), -5.0)
    frames[0, 0, 2:4] = 5                       # the gloss
    vocabulary = SimpleNamespace(blank=0, decode=lambda ids: ["SONNE"] * len(list(ids)))
    recogniser = MadeUp(network=network, layers={"layer": Probe(network.layer, "layer", 1)}, viewport=Viewport(),
                        prepare=lambda clip: Inputs((frames,), 6), decode_ids=lambda logits: [1], name="made up",
                        vocabulary=vocabulary)
    holding = Holding()
    hold(holding, recogniser, None, region, "layer")        # type: ignore[arg-type]
    return holding


@pytest.fixture
def region() -> np.ndarray:
    marked = np.zeros((6, 40, 40), bool)
    marked[2:4, 12:18, 12:18] = True            # within cell 1, 1
    return marked


def test_cells_that_touch_the_region_are_found(region: np.ndarray) -> None:
    probe = Probe(nn.Identity(), "layer", 2)
    touched = cells(region, (0, 40, 0, 40), probe, 0, (3, 4, 4))
    assert touched.nonzero().tolist() == [[1, 1, 1]]


def test_padding_before_the_clip_is_no_part_of_it(region: np.ndarray) -> None:
    probe = Probe(nn.Identity(), "layer", 2, padded=True)
    assert cells(region, (0, 40, 0, 40), probe, 4, (6, 4, 4)).nonzero().tolist() == [[3, 1, 1]]


def test_a_viewport_moves_the_cells(region: np.ndarray) -> None:
    probe = Probe(nn.Identity(), "layer", 6)
    assert cells(region, (10, 30, 10, 30), probe, 0, (1, 4, 4)).nonzero().tolist() == [
        [0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1]]


def test_a_layer_read_on_the_articulators_holds_all_there(region: np.ndarray) -> None:
    holding = held_by((1, 1), region)
    assert holding.on == pytest.approx(holding.both) and holding.on > 1 and holding.off == 0
    assert (holding.steps, holding.touched, holding.cells, holding.ratio) == (2, 2, 32, 16)


def test_a_layer_read_elsewhere_holds_nothing_there(region: np.ndarray) -> None:
    holding = held_by((3, 3), region)
    assert holding.on == 0 and holding.off > 1 and holding.ratio == 0
