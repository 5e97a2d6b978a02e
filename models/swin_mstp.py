"""Swin-MSTP: Alyami, Luqman, "Swin-MSTP: Swin transformer with multi-scale temporal perception for continuous sign
language recognition", Neurocomputing 617 (2025).
"""
from typing import Any, Dict, Mapping, Optional

import torch
from torch import Tensor, nn

from geometry.axis import Axis
from glosses.vocabulary import GlossVocabulary
from models.padded import LiftedRecogniser
from models.recogniser import Probe
from models.swin import FrameSwin, received
from models.vac import TIED, FrameNetwork, class_count, frame_layers, taps_of

DILATIONS = (1, 2, 3, 4)        # of the branches that look at three frames
TAPS = 3
BRANCHES = len(DILATIONS) + 2   # and one of their largest value, and one of the frame alone


class Dilated(nn.Module):
    """Over time, frames apart."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, (TAPS, 1), padding=(dilation, 0), dilation=(dilation, 1))
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.bn(self.conv(x))


class MultiScale(nn.Module):
    """[B, inputs, T] -> [B, BRANCHES * branch, T]: what is seen over windows of several lengths, side by side."""

    def __init__(self, inputs: int, branch: int) -> None:
        super().__init__()
        self.channels = BRANCHES * branch
        over_time = (*(Dilated(branch, dilation) for dilation in DILATIONS),
                     nn.MaxPool2d((TAPS, 1), (1, 1), (TAPS // 2, 0)))
        branches = [nn.Sequential(*_pointwise(inputs, branch), nn.ReLU(inplace=True), last) for last in over_time]
        self.branches = nn.ModuleList([*branches, _pointwise(inputs, branch)])

    def forward(self, features: Tensor) -> Tensor:
        x = features[..., None]
        return torch.cat([branch(x) for branch in self.branches], dim=1)[..., 0]


def _pointwise(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1), nn.BatchNorm2d(outputs))


class SwinNetwork(FrameNetwork):
    """State dict as published: conv2d, conv1d_MS, conv1d, temporal_model, classifier."""

    def __init__(self, a: Dict[str, Any]) -> None:
        conv2d = FrameSwin(a)
        super().__init__(conv2d, a, "normalised", a["lift_taps"], BRANCHES * a["branch"])
        self.conv1d_MS = MultiScale(conv2d.channels, a["branch"])

    def frame_features(self, frames: Tensor, lengths: Optional[Tensor]) -> Tensor:
        return self.conv1d_MS(self.conv2d(frames))


class SwinMSTP(LiftedRecogniser):
    name, title = "swin", "Swin-MSTP"
    signature = "conv1d_MS.branches.0.0.weight"
    frame_by_frame = True
    tied = TIED
    network: SwinNetwork
    default_layers = ("conv2d.features.3", "conv2d.features.5", "conv2d.features.7", "conv1d.temporal_conv",
                      "temporal_model")
    factors = ("conv2d.features.1", "conv2d.features.3", "conv2d.features.5")
    gloss_layers = ("conv2d.features.7", "conv1d.temporal_conv")

    def __init__(self, architecture: Dict[str, Any], vocabulary: GlossVocabulary) -> None:
        super().__init__(architecture, vocabulary)
        self.network = SwinNetwork(architecture)
        self.layers = self.with_input(_layers(self.network, architecture))

    @classmethod
    def fit(cls, architecture: Dict[str, Any], weights: Mapping[str, Any]) -> Dict[str, Any]:
        shapes = {key: value.shape for key, value in weights.items()}
        fitted = {**architecture, **taps_of(weights), **class_count(weights, 1)}
        first, patches = shapes.get(cls.signature, ()), shapes.get("conv2d.features.0.0.weight", ())
        if len(first) == 4:
            fitted["branch"] = first[0]
            fitted["features"] = first[1] if "conv2d.head.weight" in shapes else 0
        if len(patches) == 4:
            fitted["width"], fitted["patch"] = patches[0], patches[2]
        return {**fitted, **_stages(shapes)}


def _stages(shapes: Mapping[str, Any]) -> Dict[str, Any]:
    """How many blocks each stage has, and how many heads they have, as far as the keys say."""
    depths, heads = [], []
    table = "conv2d.features.{}.{}.attn.relative_position_bias_table".format
    stage = 1
    while table(stage, 0) in shapes and len(shapes[table(stage, 0)]) == 2:
        heads.append(shapes[table(stage, 0)][1])
        depths.append(next(number for number in range(len(shapes)) if table(stage, number) not in shapes))
        stage += 2
    return {"depths": depths, "heads": heads} if depths else {}


def _layers(network: SwinNetwork, a: Dict[str, Any]) -> Dict[str, Probe]:
    """The blocks of the last stage can be asked for their attention: one window is the whole of a frame there."""
    layers = frame_layers(network, a)
    last = f"conv2d.features.{2 * len(a['depths']) - 1}"
    whole = layers[last]
    blocks = {}
    for number, block in network.get_submodule(last).named_children():
        name = f"{last}.{number}"
        blocks[name] = Probe(block, name, 1, padded=True, channels=whole.channels, size=whole.size, cells=whole.cells,
                             view=whole.view, arrange=whole.arrange, attention=received)
    after_them = {"conv1d_MS": Probe(network.conv1d_MS, "conv1d_MS", 1, padded=True, spatial=False,
                                     channels=network.conv1d_MS.channels, cells=(Axis(),))}
    spatial = {name: probe for name, probe in layers.items() if probe.spatial}
    return {**spatial, **blocks, **after_them, **layers}
