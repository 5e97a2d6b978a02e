"""A Swin transformer that sees every frame of a clip alone: Liu et al., "Swin Transformer: Hierarchical Vision
Transformer using Shifted Windows", ICCV 2021. Module names are torchvision's; a frame's tokens are [H, W, C].
"""
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from models.cells import Axes, after
from models.imagenet import torchvision_weights
from models.transformer import attention_weights, split_heads
from terminal.errors import UserError

APART = -100.0      # added to the score of two cells that only the turning of the frame has brought into one window
MLP = 4             # channels inside for each outside
MERGED = ((0, 0), (1, 0), (0, 1), (1, 1))       # row and column of the four cells that become one, in this order


class WindowAttention(nn.Module):
    """[F, H, W, C] -> the same. Cells attend to those of their own window; `shift` moves the windows."""

    def __init__(self, width: int, heads: int, side: int, shift: int) -> None:
        super().__init__()
        self.heads, self.side, self.shift = heads, side, shift
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * side - 1) ** 2, heads))
        self.register_buffer("relative_position_index", relative_positions(side))
        self.relative_position_index: Tensor
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        high, wide = x.shape[1:3]
        windows, shifts = self.windows(x)
        query, key, value = self.projected(windows)
        weights = attention_weights(query, key, self.bias(x, shifts))
        taken = (weights.to(value.dtype) @ value).transpose(1, 2).flatten(2)                # [F * windows, N, C]
        rows, columns = (_up(size, self.side) for size in (high, wide))
        whole = self.proj(taken).view(len(x), rows // self.side, columns // self.side, self.side, self.side, -1)
        whole = whole.transpose(2, 3).flatten(3, 4).flatten(1, 2)
        return whole.roll(shifts, (1, 2))[:, :high, :wide]

    def received(self, x: Tensor) -> Tensor:
        """[F, H, W]: the weight that each cell is given, mean over heads and over the cells of its window that ask."""
        high, wide = x.shape[1:3]
        windows, shifts = self.windows(x)
        query, key, _ = self.projected(windows)
        weights = attention_weights(query, key, self.bias(x, shifts)).mean(1)               # [F * windows, N, N]
        asking, _ = self.windows(x.new_ones(x.shape[:3])[..., None])                        # filled up, nobody asks
        given = (weights * asking).sum(1) / asking.sum(1)
        rows, columns = (_up(size, self.side) for size in (high, wide))
        whole = given.view(len(x), rows // self.side, columns // self.side, self.side, self.side)
        return whole.transpose(2, 3).flatten(3, 4).flatten(1, 2).roll(shifts, (1, 2))[:, :high, :wide]

    def windows(self, x: Tensor) -> Tuple[Tensor, Tuple[int, int]]:
        """[F * windows, side * side, C] of a frame filled up with zeros and turned, and what turns it back."""
        high, wide = x.shape[1:3]
        x = F.pad(x, (0, 0, 0, -wide % self.side, 0, -high % self.side))
        down, across = (0 if size <= self.side else self.shift for size in x.shape[1:3])
        x = x.roll((-down, -across), (1, 2)).unflatten(2, (-1, self.side)).unflatten(1, (-1, self.side))
        return x.transpose(2, 3).flatten(3, 4).flatten(0, 2), (down, across)

    def projected(self, windows: Tensor) -> List[Tensor]:
        """Queries, keys and values [F * windows, heads, N, C / heads]."""
        return [split_heads(part, self.heads) for part in self.qkv(windows).chunk(3, dim=-1)]

    def bias(self, x: Tensor, shifts: Tuple[int, int]) -> Tensor:
        """What is added to the scores: of two places in a window, and of two cells that lie apart."""
        cells = self.side * self.side
        places = self.relative_position_bias_table[self.relative_position_index].view(cells, cells, -1)
        added = places.permute(2, 0, 1)[None]                                               # [1, heads, N, N]
        if not any(shifts):
            return added
        apart = self.apart((_up(x.shape[1], self.side), _up(x.shape[2], self.side)), shifts).to(added)
        return (added + apart[:, None]).repeat(len(x), 1, 1, 1)

    def apart(self, size: Tuple[int, int], shifts: Tuple[int, int]) -> Tensor:
        """[windows, N, N]: APART for two cells of a window between which the frame's edge lies."""
        sides = []
        for count, shift in zip(size, shifts):
            part = torch.zeros(count, dtype=torch.int64)
            part[count - self.side:] = 1
            part[count - shift:] = 2 if shift else 1
            sides.append(part)
        part = (3 * sides[0][:, None] + sides[1]).unflatten(1, (-1, self.side)).unflatten(0, (-1, self.side))
        part = part.transpose(1, 2).flatten(2).flatten(0, 1)                                # [windows, N]
        return (part[:, :, None] != part[:, None]) * APART


def relative_positions(side: int) -> Tensor:
    """[side ** 4]: for each pair of cells of a window, the row of the table of relative positions."""
    row, column = torch.arange(side * side).div(side, rounding_mode="floor"), torch.arange(side * side) % side
    down, right = (offset[:, None] - offset + side - 1 for offset in (row, column))
    return (down * (2 * side - 1) + right).flatten()


def _up(size: int, side: int) -> int:
    return size + -size % side


class Block(nn.Module):
    """[F, H, W, C] -> the same, a few frames at a time: attention at 56 x 56 cells is larger than the frames."""

    def __init__(self, width: int, heads: int, side: int, shift: int, drop: float, at_once: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = WindowAttention(width, heads, side, shift)
        self.mlp = nn.Sequential(nn.Linear(width, MLP * width), nn.GELU(), nn.Dropout(0.0),
                                 nn.Linear(MLP * width, width), nn.Dropout(0.0))
        self.drop, self.at_once = drop, at_once

    def forward(self, x: Tensor) -> Tensor:
        parts = x.split(self.at_once)
        again = len(parts) > 1 and x.requires_grad and torch.is_grad_enabled()
        run = partial(checkpoint, self._body, use_reentrant=False) if again else self._body
        return torch.cat([run(part) for part in parts])

    def _body(self, x: Tensor) -> Tensor:
        x = x + self._dropped(self.attn(self.norm1(x)))
        return x + self._dropped(self.mlp(self.norm2(x)))

    def _dropped(self, x: Tensor) -> Tensor:
        """In training a branch is left out of some frames at random."""
        if not self.training or not self.drop:
            return x
        kept = torch.rand(len(x), 1, 1, 1, device=x.device) >= self.drop
        return x * kept / (1 - self.drop)


class Merging(nn.Module):
    """[F, H, W, C] -> [F, H / 2, W / 2, 2 C]"""

    windows = ((2, 2, 0), (2, 2, 0))

    def __init__(self, width: int) -> None:
        super().__init__()
        self.reduction, self.norm = nn.Linear(4 * width, 2 * width, bias=False), nn.LayerNorm(4 * width)

    def forward(self, x: Tensor) -> Tensor:
        x = F.pad(x, (0, 0, 0, x.shape[2] % 2, 0, x.shape[1] % 2))
        return self.reduction(self.norm(torch.cat([x[:, row::2, column::2] for row, column in MERGED], dim=3)))


class Patches(nn.Sequential):
    """[F, 3, H, W] -> [F, H / patch, W / patch, C]"""

    def __init__(self, width: int, patch: int) -> None:
        super().__init__(nn.Conv2d(3, width, patch, patch), nn.Identity(), nn.LayerNorm(width))

    def forward(self, x: Tensor) -> Tensor:
        return self[2](self[0](x).permute(0, 2, 3, 1))


class FrameSwin(nn.Module):
    """[B, 3, T, H, W] -> [B, channels, T]: the mean of a frame's last tokens, through `head` where there is one."""

    def __init__(self, a: Dict[str, Any]) -> None:
        super().__init__()
        depths: Sequence[int] = a["depths"]
        width, number = a["width"], 0
        modules: List[nn.Module] = [Patches(width, a["patch"])]
        self.stage_channels: List[int] = []
        for stage, (depth, heads) in enumerate(zip(depths, a["heads"])):
            if width % heads:
                raise UserError(f"swin: {width} channels of stage {stage + 1} are not {heads} heads; change heads or "
                                "width")
            modules += [Merging(width // 2)] if stage else []
            blocks = []
            for index in range(depth):
                drop = a["drop_path"] * number / max(sum(depths) - 1, 1)
                shift = a["attention_window"] // 2 if index % 2 else 0
                blocks.append(Block(width, heads, a["attention_window"], shift, drop, a["recompute"]))
                number += 1
            modules.append(nn.Sequential(*blocks))
            self.stage_channels.append(width)
            width *= 2
        self.features = nn.Sequential(*modules)
        last = self.stage_channels[-1]
        self.norm = nn.LayerNorm(last)
        self.head = nn.Linear(last, a["features"]) if a["features"] else None
        self.channels: int = a["features"] or last
        self.reached = reached(a)
        self.outputs = {f"features.{2 * stage + 1}": stage for stage in range(len(depths))}
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, clips: Tensor) -> Tensor:
        tokens = self.features(clips.transpose(1, 2).flatten(0, 1))
        means = self.norm(tokens).mean(dim=(1, 2))                                          # [B * T, C]
        means = means if self.head is None else self.head(means)
        return means.unflatten(0, (len(clips), -1)).transpose(1, 2)

    @staticmethod
    def arrange(x: Tensor) -> Tensor:
        """[F, H, W, C] -> [1, C, F, H, W]"""
        return x.permute(3, 0, 1, 2)[None]

    def cells(self) -> List[Axes]:
        """Where the cells of each stage's output are centred."""
        outputs = [after([self.features[0]])]
        for merging in list(self.features)[2::2]:
            outputs.append(after([merging], outputs[-1]))
        return [(time, *(replace(axis, seen=seen) for axis in space))
                for (time, *space), seen in zip(outputs, self.reached)]

    def load_imagenet(self, path: Path) -> None:
        """Weights as torchvision publishes them, without its classifier; a head stays as it was."""
        own = {key: value for key, value in self.state_dict().items() if not key.startswith("head.")}
        given = torchvision_weights(path, "head.")
        odd = sorted(set(own) ^ set(given)) or [key for key in own if own[key].shape != given[key].shape]
        if odd:
            raise UserError(f"{path}: not weights of this Swin transformer ({odd[0]} does not fit); give those of its "
                            "size")
        with torch.no_grad():
            for key, value in own.items():
                value.copy_(given[key])


def reached(a: Dict[str, Any]) -> List[int]:
    """How many pixels along a side reach the middle cell of each stage, by patches, windows and mergings."""
    size, patch, side = a["size"], a["patch"], a["attention_window"]
    cells = np.arange(size) // patch == np.arange(size // patch)[:, None]                   # [cells, pixels]
    counts = []
    for stage, depth in enumerate(a["depths"]):
        if stage:
            cells = np.pad(cells, ((0, len(cells) % 2), (0, 0)))
            cells = cells[::2] | cells[1::2]
        for number in range(depth):
            count = _up(len(cells), side)
            shift = side // 2 if number % 2 and count > side else 0
            position = np.arange(len(cells))
            window = (position - shift) % count // side + count * (position < shift)              # over the edge: apart
            cells = (window[:, None] == window).astype(np.float32) @ cells.astype(np.float32) > 0
        counts.append(int(cells[len(cells) // 2].sum()))
    return counts


def received(block: nn.Module, arguments: Tuple[Any, ...], output: Any) -> Tensor:
    """[1, F, H, W]: of the attention of a block's cells, what each cell is given."""
    assert isinstance(block, Block)
    parts: Sequence[Tensor] = arguments[0].split(block.at_once)
    return torch.cat([block.attn.received(block.norm1(part)) for part in parts])[None]
