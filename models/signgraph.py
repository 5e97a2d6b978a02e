"""SignGraph: Gan et al., "SignGraph: A Sign Sequence is Worth Graphs of Nodes", CVPR 2024."""
from dataclasses import replace
from typing import Any, Dict, Mapping, Tuple

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from datasets.clip import Clip
from glosses.vocabulary import GlossVocabulary
from models.frame_graphs import LocalGraph, TemporalGraph
from models.frame_resnet import FrameResNet, over_clips, resnet_of, spatial_sizes
from models.padded import PaddedRecogniser
from models.vac import TIED, VAC, FrameNetwork, class_count, frame_layers

NEAREST = {2: 3, 3: 4}      # behind which stage (layer1 is 0) graphs stand, and how many cells each is paired with


class GraphedResNet(FrameResNet):
    """A ResNet of frames; what both graphs find behind layer3 and layer4 is added, times its alpha."""

    def __init__(self, a: Dict[str, Any]) -> None:
        super().__init__(a["depth"], a["width"], over_clips)
        sides = spatial_sizes(a["size"])
        self.graphs: Dict[int, Tuple[str, str]] = {}
        for number, (stage, nearest) in enumerate(NEAREST.items()):
            channels, side = self.stage_channels[stage], sides[stage]
            names = self.graphs[stage] = tuple(f"{kind}{number + 1 if number else ''}"  # type: ignore[assignment]
                                               for kind in ("localG", "temporalG"))
            self.add_module(names[0], LocalGraph(channels, side, nearest))
            self.add_module(names[1], TemporalGraph(channels, side * side, a["temporal_edges"]))
        self.alpha = nn.Parameter(torch.zeros(2 * len(NEAREST)))
        self.outputs = {name: stage for layer, stage in self.outputs.items()
                        for name in (layer, *self.graphs.get(stage, ()))}
        self.mixed = tuple(self.outputs)[list(self.outputs).index("localG"):]       # a pair may lie anywhere

    def after(self, stage: int, x: Tensor) -> Tensor:
        for index, name in enumerate(self.graphs.get(stage, ())):
            alpha = self.alpha[2 * list(self.graphs).index(stage) + index].to(x.dtype)
            x = x + alpha * getattr(self, name)(x)
        return x


class SignGraph(PaddedRecogniser):
    name, title = "signgraph", "SignGraph"
    signature = "conv2d.temporalG.gconv.lin.weight"
    tied = TIED
    network: FrameNetwork
    default_layers, gloss_layers, factors = VAC.default_layers, VAC.gloss_layers, VAC.factors

    def __init__(self, architecture: Dict[str, Any], vocabulary: GlossVocabulary) -> None:
        super().__init__(architecture, vocabulary)
        a = architecture
        self.network = FrameNetwork(GraphedResNet(a), a, "normalised")
        layers = frame_layers(self.network, a)
        for name, probe in layers.items():
            if isinstance(probe.module, LocalGraph):
                layers[name] = replace(probe, attention=taken_by_others, asked_as="graph", details=pairs_and_shares)
        self.layers = self.with_input(layers)

    @classmethod
    def fit(cls, architecture: Dict[str, Any], weights: Mapping[str, Any]) -> Dict[str, Any]:
        return dict(architecture, **resnet_of(weights), **class_count(weights, 1))

    def seen(self, clip: Clip) -> np.ndarray:
        """The middle of the frames as they were taken, made square here; of others it is told that they were before."""
        if clip.tall_frames is None:
            return super().seen(clip)
        frames = squared(clip.tall_frames, self.architecture["frame"])
        top, bottom, left, right = self.crop.box(*frames.shape[1:3])
        return frames[:, top:bottom, left:right]

    def clip_notes(self, clip: Clip) -> Tuple[str, ...]:
        if clip.whole is not None:
            return ()                       # of those the corpus tells
        if clip.tall_frames is None:
            height, width = clip.frames.shape[1:3]
            return (f"read from frames of {width}x{height} that were made square before; it was trained on those of "
                    "210x260, made square by Lanczos's kernel",)
        height, width = clip.tall_frames.shape[1:3]
        return (f"read from frames of {width}x{height}, made square by Lanczos's kernel",)


def taken_by_others(block: nn.Module, arguments: Tuple[Any, ...], output: Any) -> Tensor:
    """[B, T, H, W]: of each cell, the shares in which the others of its frame take from it."""
    assert isinstance(block, LocalGraph)
    x: Tensor = arguments[0]
    picks, shares = block.shares(x)
    own = torch.arange(picks.shape[2], device=x.device)[:, None]
    given = shares.masked_fill(picks == own, 0).flatten(2)
    return shares.new_zeros(picks.shape[:3]).scatter_add(2, picks.flatten(2), given).unflatten(2, tuple(x.shape[3:]))


def pairs_and_shares(block: nn.Module, arguments: Tuple[Any, ...], output: Any) -> Dict[str, Tensor]:
    """Both [B, T, N, K], cells counted row by row, a cell itself first."""
    assert isinstance(block, LocalGraph)
    picks, shares = block.shares(arguments[0])
    return {"neighbours": picks.to(torch.int16), "shares": shares}


def squared(frames: np.ndarray, side: int) -> np.ndarray:
    """uint8 [T, H, W, 3] -> [T, side, side, 3], as the authors resize: their sides alone, by Lanczos's kernel."""
    return np.stack([cv2.resize(frame, (side, side), interpolation=cv2.INTER_LANCZOS4) for frame in frames])
