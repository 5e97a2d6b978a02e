"""The part of a network that sees frames, apart from what comes after it: run alone, or passed by."""
import hashlib
from contextlib import contextmanager
from typing import Any, Dict, Iterator, Tuple

import torch
from torch import Tensor, nn

from terminal.errors import UserError

WITHOUT = {"mamba": "its spatial and temporal layers alternate, so no part comes after a backbone",
           "mska": "it reads keypoints, and no frames"}


class FrameBackbone:
    """conv2d of SlowFastSign and of VAC's family: [B, 3, T, H, W] -> [B, C, T]"""

    name = "conv2d"
    lacks = ""              # what cannot be learnt from its features
    idle: Tuple[str, ...] = ()      # parts of the network that then have no say

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.module: nn.Module = network.get_submodule(self.name)

    def features(self, inputs: Tuple[Tensor, ...]) -> Tensor:
        """A batch of one -> [T, C]"""
        return self.module(*inputs)[0].transpose(0, 1)

    def inputs(self, features: Tensor) -> Tuple[Tensor, ...]:
        """[B, T, C] -> what the network is given instead of frames."""
        return (features.transpose(1, 2),)

    def passed(self, *inputs: Tensor) -> Any:
        """What the backbone then gives."""
        return inputs[0]

    @contextmanager
    def passed_by(self) -> Iterator[None]:
        """Within, the backbone gives the features that it is given; its weights stay where they are."""
        self.module.forward = self.passed       # type: ignore[method-assign,assignment]
        try:
            yield
        finally:
            del self.module.forward

    def digest(self) -> str:
        """Of its weights and statistics: the same wherever they came from."""
        digest = hashlib.sha256()
        for key, value in sorted(self.module.state_dict().items()):
            digest.update(f"{key} {tuple(value.shape)}".encode())
            digest.update(value.detach().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()

    def freeze(self) -> None:
        """And whatever else has nothing to learn from."""
        for module in (self.module, *map(self.network.get_submodule, self.idle)):
            module.requires_grad_(False)


class TwoStreams(FrameBackbone):
    """Both streams' last level, pooled: [T / 4, C of the frames' + C of the keypoints']"""

    name = "recognition_network.visual_backbone_twostream"
    lacks = "the pyramid's heads and losses, which need maps"
    idle = ("recognition_network.visual_head_remain", "recognition_network.visual_head_keypoint_remain")

    def features(self, inputs: Tuple[Tensor, ...]) -> Tensor:
        rgb, pose = self.module(*inputs)
        return torch.cat([levels[-1].mean(dim=(3, 4))[0] for levels in (rgb, pose)]).transpose(0, 1)

    def inputs(self, features: Tensor) -> Tuple[Tensor, ...]:
        rgb, pose = features.transpose(1, 2)[..., None, None].chunk(2, dim=1)
        return rgb, pose

    def passed(self, *inputs: Tensor) -> Any:
        rgb, pose = inputs
        return [rgb], [pose]


def find_backbone(architecture: Dict[str, Any], network: nn.Module) -> FrameBackbone:
    model = architecture["model"]
    if model in WITHOUT:
        raise UserError(f"{model} can't be trained from stored features: {WITHOUT[model]}")
    return TwoStreams(network) if model == "twostream" else FrameBackbone(network)
