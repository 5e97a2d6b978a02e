"""Where a layer's cells look, by what moves them: the centroid of a cell's gradient in the network's input.

Weights are positive, pools are means and norms of channels left out, so that a gradient is the sum of all ways from a
pixel to the cell.
"""
from typing import Any, Dict, Iterator, List, Tuple

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.arcface import ArcFace
from models.contract import Explainable, Probe
from models.mamba import MambaSLR
from models.vac import VAC
from tests.kit import networks
from tests.kit.tiers import in_full

# Kernels and paddings as published, few channels and blocks.
CHANGES: Dict[str, Dict[str, Any]] = {
    "slowfast": {"stem_kernel": 7, "fast_kernels": [5, 3, 3, 3, 3], "fusion_kernel": 5, "strides": [1, 2, 2, 2]},
    "twostream": {"stem_kernel": 7, "lateral_kernel": [7, 3, 3]},
    "vac": {"size": 224}, "mamba": {"size": 224}, "arcface": {"size": 112},
}
# Channels, frames and side of each input, large beside what a cell sees: edges must not pull its centroid.
SHAPES = {"slowfast": ((3, 64, 256),), "twostream": ((3, 32, 352), (79, 32, 176)), "vac": ((3, 1, 512),),
          "mamba": ((3, 0, 352),), "arcface": ((3, 0, 384),)}
LEAST = {"slowfast": 8, "twostream": 8, "vac": 4, "mamba": 2, "arcface": 8}


@pytest.fixture
def linear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(F, "max_pool2d", lambda x, kernel, stride, padding: F.avg_pool2d(x, kernel, stride, padding))
    monkeypatch.setattr(F, "max_pool1d", lambda x, kernel, *rest, **more: F.avg_pool1d(x, kernel, kernel))
    monkeypatch.setattr(nn.LayerNorm, "forward", lambda self, x: x)


def positive(name: str) -> Explainable:
    make = networks.embedder if name == "arcface" else networks.recogniser
    made = make(name, **CHANGES[name])
    for module in made.network.modules():
        if isinstance(module, (nn.modules.conv._ConvNd, nn.Linear)):
            nn.init.constant_(module.weight, 1 / module.weight[0].numel())
        elif isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.reset_parameters()
            nn.init.ones_(module.weight)
    for key, value in made.network.state_dict().items():
        if key.endswith("weight_f"):
            value.fill_(0)          # a slow frame is repeated in the fast path: it lies where that path itself looks
    return made


def pictured(made: Explainable, given: Tuple[Tensor, ...]) -> None:
    """As far as there are places: what stands behind takes pictures of one size alone, or mixes all of them."""
    network: Any = made.network
    if isinstance(made, ArcFace):
        x = network.prelu(network.bn1(network.conv1(*given)))
        for stage in (network.layer1, network.layer2, network.layer3, network.layer4):
            x = stage(x)
    elif isinstance(made, MambaSLR):
        network.patch_embed(*given)
    else:
        getattr(network, "conv2d" if isinstance(made, VAC) else "forward")(*given)


def inputs(name: str) -> Tuple[Tensor, ...]:
    shapes = ((1, channels, *([frames] if frames else []), side, side) for channels, frames, side in SHAPES[name])
    return tuple(torch.ones(shape, requires_grad=True) for shape in shapes)


def activations(made: Explainable, given: Tuple[Tensor, ...]) -> Iterator[Tuple[str, Probe, Tensor]]:
    probed: List[Tuple[str, Probe, Tensor]] = []

    def note(name: str, probe: Probe) -> Any:
        return probe.module.register_forward_hook(
            lambda module, taken, output: probed.append((name, probe, probe.arrange(probe.select(output))[0])))

    handles = [note(*each) for each in made.layers.items()]
    pictured(made, given)
    for handle in handles:
        handle.remove()
    yield from probed


@pytest.mark.parametrize("name", [in_full(name) if name in ("twostream", "slowfast") else name for name in CHANGES])
def test_every_cell_is_centred_where_its_layer_says(name: str, linear: None) -> None:
    given = inputs(name)
    seen = []
    for title, probe, activation in activations(positive(name), given):
        if not probe.spatial:
            continue                                    # the LSTM and the heads look at more than their step
        cell = [size // 2 for size in activation.shape[1:]]
        gradients = torch.autograd.grad(activation[:, cell[0], cell[1], cell[2]].sum(), given, retain_graph=True,
                                        allow_unused=True)
        own = gradients[0] if not title.startswith("pose") else gradients[1]
        pulls = own[0].sum(0).double().view(-1, *own.shape[-2:])        # [T, H, W]; a picture is one frame
        for dimension, (axis, index) in enumerate(zip(probe.cells, cell)):
            if dimension == 0 and not SHAPES[name][0][1]:
                continue
            others = tuple(other for other in range(3) if other != dimension)
            line = pulls.sum(others)
            centroid = float(line @ torch.arange(len(line)).double() / line.sum())
            assert centroid == pytest.approx(axis.first + axis.stride * index, abs=0.25), (title, dimension)
            if dimension == 1 and name == "slowfast":
                assert int((line > 0).sum()) == axis.seen, title    # TwoStream's streams also meet on the way
        seen.append(title)
    assert len(seen) >= LEAST[name]
