"""Gates of the family of VAC and CorrNet: how much of each feature is let through, from -0.5 to 0.5, decided by its
surroundings at several scales.

A gate is sigmoid(g) - 0.5 and nothing that is only nearly so: where a checkpoint's g has sunk below float32's steps
beside 0.5, it is exactly nothing.
"""
from typing import Iterable

import torch
from torch import Tensor, nn

from models.convolution import Conv3d

REDUCTION = 16                  # channels for each of a gate's own
SCALES = 3
AROUND = (9, 3, 3)              # frames, rows, columns that a scale's convolution looks at, dilated in space


def gate(x: Tensor) -> Tensor:
    return torch.sigmoid(x) - 0.5


def shares(count: int) -> nn.Parameter:
    return nn.Parameter(torch.full((count,), 1 / count))


def weighted(parts: Iterable[nn.Module], weights: Tensor, x: Tensor) -> Tensor:
    """What each part makes of x, times its weight, added."""
    seen = [part(x) * weight.to(x.dtype) for part, weight in zip(parts, weights)]
    return sum(seen[1:], seen[0])


def around(channels: int, scale: int) -> nn.Conv3d:
    """Of each channel alone, every scale further apart in space."""
    return nn.Conv3d(channels, channels, AROUND, padding=(AROUND[0] // 2, scale, scale), dilation=(1, scale, scale),
                     groups=channels)


class SpatialEmphasis(nn.Module):
    """x times the gate of its surroundings in space and time, [B, C, T, H, W]."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        thin = channels // REDUCTION
        self.conv_transform = Conv3d(channels, thin, 1)
        self.conv_enhance = nn.ModuleList(around(thin, scale) for scale in range(1, SCALES + 1))
        self.weights = shares(SCALES)
        self.conv_back = Conv3d(thin, channels, 1)
        self.alpha = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        opened = gate(self.conv_back(weighted(self.conv_enhance, self.weights, self.conv_transform(x))))
        return x * opened * self.alpha.to(x.dtype)


class TemporalEmphasis(nn.Module):
    """x times the gate of its frame among the frames around it, [B, C, T, H, W]."""

    def __init__(self, channels: int, scales: int) -> None:
        super().__init__()
        thin = channels // REDUCTION
        self.conv_transform = nn.Conv1d(channels, thin, 1)
        self.conv_enhance = nn.ModuleList(nn.Conv1d(thin, thin, 3, padding=scale, dilation=scale, groups=thin)
                                          for scale in range(1, scales + 1))
        self.weights = shares(scales)
        self.conv_back = nn.Conv1d(thin, channels, 1)
        self.alpha = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        opened = gate(self.frames(x.mean(dim=(3, 4)))) * self.alpha.to(x.dtype)
        return x * opened[..., None, None]

    def frames(self, x: Tensor) -> Tensor:
        """[B, C, T] -> the same"""
        return self.conv_back(weighted(self.conv_enhance, self.weights, self.conv_transform(x)))
