"""How much of the picture moves one position, of a layer whose weights are known."""
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from evidence.receptive_field import field_of_view
from models.recogniser import Inputs, Probe

PULLS = (0.02, 0.45, 0.35, 0.15, 0.03)      # of what moves a position, by the pixels beside one another


def test_it_is_the_share_that_holds_nine_tenths_of_what_moves_the_middle() -> None:
    layer = nn.Conv3d(1, 1, (1, 1, 5), padding=(0, 0, 2), bias=False)
    layer.weight.data = torch.tensor(PULLS).sqrt().view(1, 1, 1, 1, 5)
    frames = torch.from_numpy(np.random.default_rng(0).random((1, 1, 3, 8, 10), np.float32))

    class MadeUp(SimpleNamespace):
        def __call__(self, inputs: Inputs) -> Any:
            return layer(inputs.tensors[0])

    made: Any = MadeUp(layers={"it": Probe(layer, "it", 1)}, prepare=lambda clip: Inputs((frames,), 3))
    clip: Any = None
    pixels = field_of_view(made, clip, "it") * 80
    assert pixels == pytest.approx(2) or pixels == pytest.approx(3)     # the third reaches across nine tenths
    assert not layer._forward_hooks
