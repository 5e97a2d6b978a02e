"""A small U-Net that takes noise off crops, told how much of it there is."""
import math
from typing import Any, Dict, List

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Block(nn.Module):
    """Two convolutions beside a shortcut; the noise level scales and shifts what is between them."""

    def __init__(self, width: int, out: int, embedding: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(_groups(width), width), nn.Conv2d(width, out, 3, padding=1)
        self.level = nn.Linear(embedding, 2 * out)
        self.norm2, self.conv2 = nn.GroupNorm(_groups(out), out), nn.Conv2d(out, out, 3, padding=1)
        self.short = nn.Conv2d(width, out, 1) if width != out else nn.Identity()
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Tensor, level: Tensor) -> Tensor:
        """[B, width, h, w], [B, embedding] -> [B, out, h, w]"""
        scale, shift = self.level(level)[:, :, None, None].chunk(2, 1)
        inside = self.conv1(F.silu(self.norm1(x)))
        inside = self.conv2(F.silu(self.norm2(inside) * (1 + scale) + shift))
        return self.short(x) + inside


class UNet(nn.Module):
    """widths, blocks: of each scale, the finest first, which is the picture in cells of patch x patch pixels."""

    def __init__(self, architecture: Dict[str, Any]) -> None:
        super().__init__()
        widths: List[int] = architecture["widths"]
        blocks: List[int] = architecture["blocks"]
        self.patch, self.frequencies = architecture["patch"], 16
        embedding, cell = architecture["embedding"], 3 * architecture["patch"] ** 2
        self.level = nn.Sequential(nn.Linear(2 * self.frequencies, embedding), nn.SiLU(),
                                   nn.Linear(embedding, embedding), nn.SiLU())
        self.first = nn.Conv2d(cell, widths[0], 3, padding=1)
        self.down, self.shrink = nn.ModuleList(), nn.ModuleList()
        self.up, self.grow = nn.ModuleList(), nn.ModuleList()
        for scale, (width, count) in enumerate(zip(widths, blocks)):
            self.down.append(nn.ModuleList([Block(width, width, embedding) for _ in range(count)]))
            if scale + 1 < len(widths):
                self.shrink.append(nn.Conv2d(width, widths[scale + 1], 2, stride=2))
                self.grow.append(nn.ConvTranspose2d(widths[scale + 1], width, 2, stride=2))
                self.up.append(nn.ModuleList([Block(2 * width if number == 0 else width, width, embedding)
                                              for number in range(count)]))
        self.norm, self.last = nn.GroupNorm(_groups(widths[0]), widths[0]), nn.Conv2d(widths[0], cell, 3, padding=1)
        nn.init.zeros_(self.last.weight)

    def forward(self, x: Tensor, noise: Tensor) -> Tensor:
        """[B, 3, S, S] and the logarithm of its noise [B] -> [B, 3, S, S]"""
        turns = noise[:, None] * torch.exp(torch.linspace(math.log(0.25), math.log(16), self.frequencies,
                                                          device=x.device, dtype=x.dtype))
        level = self.level(torch.cat([turns.sin(), turns.cos()], 1))
        x = self.first(F.pixel_unshuffle(x, self.patch))
        kept: List[Tensor] = []
        for scale, blocks in enumerate(self.down):
            for block in blocks:            # type: ignore[attr-defined]
                x = block(x, level)
            if scale < len(self.shrink):
                kept.append(x)
                x = self.shrink[scale](x)
        for grow, blocks in zip(reversed(list(self.grow)), reversed(list(self.up))):
            x = torch.cat([grow(x), kept.pop()], 1)
            for block in blocks:            # type: ignore[attr-defined]
                x = block(x, level)
        return F.pixel_shuffle(self.last(F.silu(self.norm(x))), self.patch)


def _groups(width: int) -> int:
    """Groups of about 8 channels, as many as divide the width."""
    return next(groups for groups in range(max(width // 8, 1), 0, -1) if width % groups == 0)
