"""A ResNet that sees every frame of a clip alone: He et al., "Deep Residual Learning for Image Recognition", 2016.

Module names are torchvision's. A frame's convolution has a weight of [out, in, k, k] in the checkpoints of VAC and TLP
and of [out, in, 1, k, k] in those of CorrNet, CorrNet+ and SEN.
"""
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Tuple

import torch
from torch import Tensor, nn

from models.cells import Axes, after
from models.convolution import Conv3d, FrameConv, MaxPool3d, channels_last
from models.imagenet import torchvision_weights
from models.inplace import add_, relu_
from terminal.errors import UserError

STAGES = ("layer1", "layer2", "layer3", "layer4")
BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}
DIVISOR = 16                # of a width: siblings look through a sixteenth of the channels
ALONG = ("conv1", "bn1", "conv2", "bn2", "conv3", "bn3")     # of a block's parts, those on its main way

Convolve = Callable[[int, int, int, int], nn.Module]    # inputs, outputs, kernel, stride


def over_images(inputs: int, outputs: int, kernel: int, stride: int = 1) -> FrameConv:
    return FrameConv(inputs, outputs, kernel, stride, kernel // 2, bias=False)


def over_clips(inputs: int, outputs: int, kernel: int, stride: int = 1) -> Conv3d:
    return Conv3d(inputs, outputs, (1, kernel, kernel), (1, stride, stride), (0, kernel // 2, kernel // 2), bias=False)


class Skip(nn.Sequential):
    """A projection where a block changes the size; otherwise what goes in."""

    conv_bn = (("0", "1"),)

    def __init__(self, convolve: Convolve, inputs: int, outputs: int, stride: int) -> None:
        needed = stride != 1 or inputs != outputs
        super().__init__(*((convolve(inputs, outputs, 1, stride), nn.BatchNorm3d(outputs)) if needed else ()))


class Basic(nn.Module):
    """Two 3 x 3 convolutions and a skip."""

    conv_bn = (("conv1", "bn1"), ("conv2", "bn2"))
    widening = 1

    def __init__(self, convolve: Convolve, inputs: int, inner: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = convolve(inputs, inner, 3, stride), nn.BatchNorm3d(inner)
        self.conv2, self.bn2 = convolve(inner, inner, 3, 1), nn.BatchNorm3d(inner)
        self.downsample = Skip(convolve, inputs, inner, stride)

    def forward(self, x: Tensor) -> Tensor:
        residual = self.bn2(self.conv2(self.between(relu_(self.bn1(self.conv1(x))))))
        return relu_(add_(residual, self.downsample(x)))

    def between(self, x: Tensor) -> Tensor:
        """What a sibling does between the two convolutions."""
        return x


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3 (which carries the stride), 1 x 1, and a skip."""

    conv_bn = (("conv1", "bn1"), ("conv2", "bn2"), ("conv3", "bn3"))
    widening = 4

    def __init__(self, convolve: Convolve, inputs: int, inner: int, stride: int) -> None:
        super().__init__()
        outputs = self.widening * inner
        self.conv1, self.bn1 = convolve(inputs, inner, 1, 1), nn.BatchNorm3d(inner)
        self.conv2, self.bn2 = convolve(inner, inner, 3, stride), nn.BatchNorm3d(inner)
        self.conv3, self.bn3 = convolve(inner, outputs, 1, 1), nn.BatchNorm3d(outputs)
        self.downsample = Skip(convolve, inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        residual = relu_(self.bn1(self.conv1(x)))
        residual = self.bn3(self.conv3(relu_(self.bn2(self.conv2(residual)))))
        return relu_(add_(residual, self.downsample(x)))


class FrameResNet(nn.Module):
    """[B, 3, T, H, W] -> [B, channels, T]"""

    conv_bn = (("conv1", "bn1"),)
    kinds: Dict[int, Any] = {18: Basic, 34: Basic, 50: Bottleneck}     # by depth

    def __init__(self, depth: int, width: int = 64, convolve: Convolve = over_images) -> None:
        """width: channels of the stem, and inside the first stage's blocks."""
        super().__init__()
        if depth not in self.kinds:
            raise UserError(f"depth {depth} is unknown; choose from {', '.join(map(str, self.kinds))}")
        if width % DIVISOR:
            raise UserError(f"width {width}: expected a multiple of {DIVISOR}, 64 as published")
        block = self.kinds[depth]
        self.conv1, self.bn1 = convolve(3, width, 7, 2), nn.BatchNorm3d(width)
        self.maxpool = MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1))
        self.stage_channels: List[int] = []
        channels = width
        for number, (name, count) in enumerate(zip(STAGES, BLOCKS[depth])):
            blocks = []
            for index in range(count):
                blocks.append(block(convolve, channels, width * 2 ** number, 2 if number and not index else 1))
                channels = block.widening * width * 2 ** number
            self.add_module(name, nn.Sequential(*blocks))
            self.stage_channels.append(channels)
        self.channels = channels
        self.outputs = {name: number for number, name in enumerate(STAGES)}     # in order: what can be seen, its stage
        self.mixed: Tuple[str, ...] = ()        # those whose cells are reached by their whole frame
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Conv3d)):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, clips: Tensor) -> Tensor:
        x = self.maxpool(relu_(self.bn1(self.conv1(channels_last(clips)))))
        for number, name in enumerate(STAGES):
            x = self.after(number, getattr(self, name)(x))
        return x.mean(dim=(3, 4))

    @staticmethod
    def arrange(x: Tensor) -> Tensor:
        """A stage's output -> [B, C, T, H, W], as it is."""
        return x

    def after(self, stage: int, x: Tensor) -> Tensor:
        """What a sibling does between two stages."""
        return x

    def cells(self) -> List[Axes]:
        """Where the cells of each stage's output are centred."""
        centred: List[Axes] = []
        axes = after([self.conv1, self.maxpool])
        for name in STAGES:
            for block in getattr(self, name):
                axes = after([module for title, module in block.named_children() if title in ALONG], axes)
            centred.append(axes)
        return centred

    def load_imagenet(self, path: Path) -> None:
        """Weights as torchvision publishes them, without its classifier; what it does not know stays as it was."""
        own = {key: value for key, value in self.state_dict().items() if _torchvisions(key)}
        given = torchvision_weights(path, "fc.")
        # torchvision's first files were written before batch norms counted their batches
        given.update({key: own[key] for key in own if key.endswith("num_batches_tracked") and key not in given})
        odd = sorted(set(own) ^ set(given)) or [key for key in own if own[key].numel() != given[key].numel()]
        if odd:
            raise UserError(f"{path}: not weights of this ResNet ({odd[0]} does not fit); "
                            "give those of its depth and width")
        with torch.no_grad():
            for key, value in own.items():
                value.copy_(given[key].view_as(value))


def _torchvisions(key: str) -> bool:
    first, *rest = key.split(".")
    return first in ("conv1", "bn1") or first in STAGES and rest[1] in (*ALONG, "downsample")


def resnet_of(weights: Mapping[str, Any]) -> Dict[str, int]:
    """{"depth": , "width": } of a checkpoint's ResNet, the width where it says."""
    stem = weights.get("conv2d.conv1.weight")
    width = {} if stem is None or not len(stem.shape) else {"width": stem.shape[0]}
    return {"depth": _depth_of(weights), **width}


def _depth_of(weights: Mapping[str, Any]) -> int:
    third = {key.split(".")[2] for key in weights if key.startswith("conv2d.layer3.")}
    if "conv2d.layer1.0.conv3.weight" in weights:
        return 50
    return 34 if len(third) > BLOCKS[18][2] else 18


def spatial_sizes(size: int) -> List[int]:
    """Height and width after each stage of frames of that size."""
    sizes = [_halved(_halved(size))]
    for _ in STAGES[1:]:
        sizes.append(_halved(sizes[-1]))
    return sizes


def _halved(side: int) -> int:
    return -(-side // 2)
