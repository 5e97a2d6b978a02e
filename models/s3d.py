"""S3D up to Mixed_4f: separable 3-D convolutions and Inception blocks (Xie et al., "Rethinking Spatiotemporal
Feature Learning", 2018), with the top-down pyramid that TwoStream-SLR trains on. Module names as published.
"""
from typing import Iterable, List, Tuple

import torch
from torch import Tensor, nn

from models.convolution import Conv3d, MaxPool3d, OverBackground, channels_last
from models.inplace import relu_

EPS = 1e-3
# Channels of the Inception blocks: 1x1; 1x1 then 3x3x3; the same, thinner; pool then 1x1.
MIXED = {
    5: (64, 96, 128, 16, 32, 32), 6: (128, 128, 192, 32, 96, 64),
    8: (192, 96, 208, 16, 48, 64), 9: (160, 112, 224, 24, 64, 64), 10: (128, 128, 256, 24, 64, 64),
    11: (112, 144, 288, 32, 64, 64), 12: (256, 160, 320, 32, 128, 128),
}
LEVELS = (0, 3, 6, 12)      # base.i whose outputs are c1..c4


def norm(channels: int) -> nn.BatchNorm3d:
    return nn.BatchNorm3d(channels, eps=EPS)


class Pointwise(nn.Module):
    conv_bn = (("conv", "bn"),)

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = Conv3d(inputs, outputs, 1, bias=False)
        self.bn = norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return relu_(self.bn(self.conv(x)))


class Separable(nn.Module):
    """1 x k x k over space, then k x 1 x 1 over time. `background` is what the input is almost everywhere."""

    conv_bn = (("conv_s", "bn_s"), ("conv_t", "bn_t"))

    def __init__(self, inputs: int, outputs: int, k: int, stride: int = 1, background: float = 0.0) -> None:
        super().__init__()
        sizes = (1, k, k), (1, stride, stride), (0, k // 2, k // 2)
        self.conv_s = (OverBackground(inputs, outputs, *sizes, bias=False, background=background) if background
                       else Conv3d(inputs, outputs, *sizes, bias=False))
        self.bn_s = norm(outputs)
        self.conv_t = Conv3d(outputs, outputs, (k, 1, 1), (stride, 1, 1), (k // 2, 0, 0), bias=False)
        self.bn_t = norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = relu_(self.bn_s(self.conv_s(x)))
        return relu_(self.bn_t(self.conv_t(x)))


class Mixed(nn.Module):
    def __init__(self, inputs: int, c: Tuple[int, ...]) -> None:
        super().__init__()
        self.branch0 = nn.Sequential(Pointwise(inputs, c[0]))
        self.branch1 = nn.Sequential(Pointwise(inputs, c[1]), Separable(c[1], c[2], 3))
        self.branch2 = nn.Sequential(Pointwise(inputs, c[3]), Separable(c[3], c[4], 3))
        self.branch3 = nn.Sequential(MaxPool3d((3, 3, 3), (1, 1, 1), (1, 1, 1)), Pointwise(inputs, c[5]))

    def forward(self, x: Tensor) -> Tensor:
        return channels_last(torch.cat((self.branch0(x), self.branch1(x), self.branch2(x), self.branch3(x)), dim=1))


def s3d(inputs: int, width: float, stem: int, background: float) -> Tuple[nn.ModuleList, List[int]]:
    """base.0..12 and the channels after each: [B, inputs, T, H, W] -> [B, 832 * width, T/4, H/16, W/16]."""
    def scaled(channels: int) -> int:
        return max(1, round(channels * width))

    first, second = scaled(64), scaled(192)
    layers = [Separable(inputs, first, stem, 2, background), MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
              Pointwise(first, first), Separable(first, second, 3), MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1))]
    channels = [first, first, first, second, second]
    for i in range(5, 13):
        if i == 7:
            layers.append(MaxPool3d((3, 3, 3), (2, 2, 2), (1, 1, 1)))
            channels.append(channels[-1])
        else:
            c = tuple(scaled(n) for n in MIXED[i])
            layers.append(Mixed(channels[-1], c))
            channels.append(c[0] + c[2] + c[4] + c[5])
    return nn.ModuleList(layers), channels


class Upsample(nn.Module):
    """Twice the height and width, and `time` times the steps."""

    def __init__(self, inputs: int, outputs: int, time: int) -> None:
        super().__init__()
        self.conv_trans_s = nn.ConvTranspose3d(inputs, outputs, (1, 3, 3), (1, 2, 2), (0, 1, 1), (0, 1, 1), bias=False)
        self.bn_s = norm(outputs)
        self.conv_trans_t = nn.ConvTranspose3d(outputs, outputs, (3, 1, 1), (time, 1, 1), (1, 0, 0), (time - 1, 0, 0),
                                            bias=False)
        self.bn_t = norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = relu_(self.bn_s(self.conv_trans_s(x)))
        return relu_(self.bn_t(self.conv_trans_t(x)))


class Stream(nn.Module):
    """One input's S3D (`backbone.base`) and pyramid."""

    def __init__(self, inputs: int, width: float, stem: int, background: float = 0.0) -> None:
        super().__init__()
        base, self.channels = s3d(inputs, width, stem, background)
        self.backbone = nn.ModuleDict({"base": base})
        c2, c3, c4 = (self.channels[i] for i in LEVELS[1:])
        self.pyramid = nn.ModuleDict({"upsample_layers": nn.ModuleList([Upsample(c4, c3, 2), Upsample(c3, c2, 1)])})

    @property
    def base(self) -> Iterable[nn.Module]:
        return self.backbone["base"].children()

    def top_down(self, c2: Tensor, c3: Tensor, c4: Tensor) -> List[Tensor]:
        """c2 and c3 with what lies above them added; in training only."""
        to_c3, to_c2 = self.pyramid["upsample_layers"].children()
        c3 = c3 + _cut(to_c3(c4), c3)
        return [c2 + _cut(to_c2(c3), c2), c3]


def _cut(x: Tensor, like: Tensor) -> Tensor:
    """An odd height and width, halved and doubled, comes back one too large."""
    return x[..., :like.shape[3], :like.shape[4]]
