"""Mamba-SLR's stem: each frame alone, channels last, from pixels to a grid of tokens."""
from typing import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

SLICE = 4       # frames at once where no gradient is wanted: what is between layers then stays in the cache
LEARNED = 32    # frames at once whose layers are computed again in the backward


def channels_last_conv(conv: nn.Conv2d, x: Tensor) -> Tensor:
    """x [F, H, W, C] -> [F, H', W', C']"""
    return conv(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1).contiguous()


class StemBlock(nn.Module):
    """What a pixel sees of its neighbours, then of its own channels."""

    def __init__(self, width: int, expand: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.dwconv = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.norm2 = nn.LayerNorm(width)
        self.pwconv1 = nn.Linear(width, expand * width)
        self.pwconv2 = nn.Linear(expand * width, width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + channels_last_conv(self.dwconv, self.norm1(x))
        return x + self.pwconv2(F.gelu(self.pwconv1(self.norm2(x))))


class Downsample(nn.Module):
    def __init__(self, width: int, wider: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.downsample = nn.Conv2d(width, wider, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return channels_last_conv(self.downsample, self.norm(x))


class Stem(nn.Module):
    """frames [F, 3, H, W] -> tokens [F, H/16, W/16, C] (at a first stride of 4)

    recompute: of more frames than so many, what is between layers is computed again in training's backward; of two
    clips of 200 frames it would be 20 GB.
    """

    def __init__(self, widths: Sequence[int], blocks: int, stride: int, expand: int, recompute: int) -> None:
        super().__init__()
        self.recompute = recompute
        first, second, third = widths

        def stage(width: int) -> nn.Sequential:
            return nn.Sequential(*(StemBlock(width, expand) for _ in range(blocks)))

        self.stem = nn.Conv2d(3, first, 7, stride, padding=3)
        self.stage1 = stage(first)
        self.downsample1 = Downsample(first, second)
        self.stage2 = stage(second)
        self.downsample2 = Downsample(second, third)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, std=module.weight[0].numel() ** -0.5)
                nn.init.zeros_(module.bias)         # type: ignore[arg-type]
            elif isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)

    def forward(self, frames: Tensor) -> Tensor:
        learning = torch.is_grad_enabled() and any(parameter.requires_grad for parameter in self.parameters())
        if self.stage1._forward_hooks or learning and len(frames) <= self.recompute:
            return self._tokens(frames)                 # who looks at a stage must see it run once
        if learning:
            return torch.cat([checkpoint(self._tokens, part, use_reentrant=False) for part in frames.split(LEARNED)])
        return torch.cat([self._tokens(part) for part in frames.split(SLICE)])

    def _tokens(self, frames: Tensor) -> Tensor:
        x = self.stage1(self.stem(frames).permute(0, 2, 3, 1).contiguous())
        return self.downsample2(self.stage2(self.downsample1(x)))
