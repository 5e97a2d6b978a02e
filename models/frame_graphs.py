"""SignGraph's two graphs: of the cells of a frame with those most like them, and of the cells of neighbouring frames.

A frame's N cells are counted row by row.
"""
from typing import Any, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.convolution import Conv3d, FrameConv
from models.inplace import relu_
from terminal.errors import UserError

GROUPS = 4              # of the convolution over pairs: two see the cell, two what the other has more
EDGES = 49              # pairs of cells that link two neighbouring frames
FIRST, CPU_TIES = "first49", "cpu_ties"
# What torch's topk on a CPU takes of 49 x 49 equal values: (a, b) counted as a * 49 + b.
TIED = (*range(1576, 1614), *range(1633, 1643), 1649)


class Normed(nn.Sequential):
    """A convolution and its batch norm."""

    conv_bn = (("0", "1"),)

    def __init__(self, convolution: nn.Module, channels: int) -> None:
        super().__init__(convolution, nn.BatchNorm3d(channels))


class Pairs(Normed):
    """[B, 2C, T, N, K] -> the same: what each pair of cells gives."""

    def forward(self, x: Tensor) -> Tensor:
        return relu_(super().forward(x))


class Holder(nn.Module):
    """Modules under the name that the published keys have them under."""

    def __init__(self, **modules: nn.Module) -> None:
        super().__init__()
        for name, module in modules.items():
            self.add_module(name, module)


class LocalGraph(nn.Module):
    """[B, C, T, H, W] -> the same. Each cell takes, channel by channel, the most that its pairs with the `count` cells
    nearest to it give; it is the first of those itself."""

    def __init__(self, channels: int, side: int, count: int) -> None:
        super().__init__()
        self.count = min(count, side * side)
        self.fc1 = Normed(FrameConv(channels, channels, 1), channels)
        pairs = Pairs(FrameConv(2 * channels, 2 * channels, 1, groups=GROUPS), 2 * channels)
        self.graph_conv = Holder(gconv=Holder(nn=pairs))
        self.fc2 = Normed(FrameConv(2 * channels, channels, 1), channels)
        self.register_buffer("relative_pos", -nearness(side, channels)[None])
        self.relative_pos: Tensor

    def forward(self, x: Tensor) -> Tensor:
        most = self.pairs(x)[0].permute(0, 2, 3, 4, 1).max(3).values                        # [B, T, N, 2C]
        return self.fc2(most.unflatten(2, tuple(x.shape[3:])).permute(0, 4, 1, 2, 3))

    def pairs(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        """What each pair gives [B, 2C, T, N, K], and with whom each is [B, T, N, K]."""
        cells = self.fc1(x).permute(0, 2, 3, 4, 1).flatten(2, 3)                            # [B, T, N, C]
        picks = self.nearest(cells)
        first = torch.arange(cells.shape[0] * cells.shape[1], device=x.device).view(*cells.shape[:2], 1, 1)
        rows = (first * cells.shape[2] + picks).flatten()
        others = cells.flatten(0, 2).index_select(0, rows).view(*picks.shape, -1)           # [B, T, N, K, C]
        own = cells.unsqueeze(3).expand_as(others)
        pairs = torch.cat((own, others - own), dim=4).permute(0, 4, 1, 2, 3)
        return self.graph_conv.gconv.nn(pairs), picks       # type: ignore[union-attr, operator]

    def nearest(self, cells: Tensor) -> Tensor:
        """[B, T, N, C] -> the `count` cells of its frame nearest to each [B, T, N, K], by the direction of their
        features and by where they lie."""
        with torch.no_grad(), torch.autocast(cells.device.type, enabled=False):
            exact = cells.detach().to(torch.promote_types(cells.dtype, torch.float32))
            unit = F.normalize(exact, dim=3)
            square = unit.square().sum(3, keepdim=True)
            apart = square - 2 * unit @ unit.transpose(2, 3) + square.transpose(2, 3)
            return (apart + self.relative_pos.to(apart.dtype)).topk(self.count, largest=False).indices

    def shares(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        """With whom each cell is paired, and in what part of the channels that compare the two that pair gives the
        most: both [B, T, N, K]. Channels that let nothing through are nobody's, so a cell's sum is below 1."""
        given, picks = self.pairs(x)
        most, winner = given[:, given.shape[1] // 2:].max(-1)                               # [B, C, T, N]
        wins = F.one_hot(winner, self.count).permute(0, 4, 1, 2, 3)                         # [B, K, C, T, N]
        return picks, (wins * (most > 0).unsqueeze(1)).to(given.dtype).mean(2).permute(0, 2, 3, 1)


def nearness(side: int, channels: int) -> Tensor:
    """[N, N]: what lies near on a square grid has much in common, a cell with itself 1. Sines and cosines of the column
    and of the row, at a quarter of the channels each."""
    rates = 10000.0 ** (-torch.arange(channels // 4, dtype=torch.float64) * 4 / channels)
    along = torch.arange(side, dtype=torch.float64)[:, None] * rates
    line = torch.cat((along.sin(), along.cos()), dim=1)
    cells = torch.cat((line.repeat(side, 1), line.repeat_interleave(side, dim=0)), dim=1)
    return (2 * cells @ cells.t() / channels).float()


class Graph(nn.Module):
    """A graph convolution (Kipf and Welling, ICLR 2017) [B, T, N, C] -> the same: cell a of each frame and cell b of
    the next are linked both ways, for each pair (a, b). Which pairs was fixed once, by no input."""

    def __init__(self, channels: int, cells: int, edges: str) -> None:
        super().__init__()
        self.lin = nn.Linear(channels, channels, bias=False)
        self.bias = nn.Parameter(torch.zeros(channels))
        pairs = edge_pairs(edges, cells)
        self.register_buffer("earlier", pairs // cells, persistent=False)
        self.register_buffer("later", pairs % cells, persistent=False)
        self.earlier: Tensor
        self.later: Tensor

    def forward(self, x: Tensor) -> Tensor:
        ones = x.new_ones(1, *x.shape[1:3], 1)
        scale = (ones + self.around(ones)).rsqrt()              # of 1 and the number of links
        given = scale * self.lin(x)
        return scale * (given + self.around(given)) + self.bias.to(given.dtype)

    def around(self, x: Tensor) -> Tensor:
        """The sum over the linked cells [B, T, N, C]."""
        nothing = torch.zeros_like(x[:, 1:])
        after = nothing.index_add(2, self.later, x[:, :-1].index_select(2, self.earlier))
        before = nothing.index_add(2, self.earlier, x[:, 1:].index_select(2, self.later))
        return F.pad(after, (0, 0, 0, 0, 1, 0)) + F.pad(before, (0, 0, 0, 0, 0, 1))


def edge_pairs(kind: str, cells: int) -> Tensor:
    """The pairs (a, b), each as a * cells + b. The authors' choice is among equal values, so it is whatever `topk`
    does with those: on a card it takes the first (as PyTorch's source says), on a CPU what is listed above."""
    if kind not in (FIRST, CPU_TIES):
        raise UserError(f"temporal_edges {kind!r} is unknown; choose from {FIRST}, {CPU_TIES}")
    if kind == CPU_TIES and cells not in (49, 196):
        raise UserError(f"temporal_edges {CPU_TIES}: known of frames of 14 x 14 and 7 x 7 cells only; take {FIRST}")
    if kind == CPU_TIES and cells == 49:
        return torch.tensor(TIED)
    return torch.arange(min(EDGES, cells * cells))


class TemporalGraph(nn.Module):
    """[B, C, T, H, W] -> the same: over three frames, over the links, over three frames again."""

    def __init__(self, channels: int, cells: int, edges: str) -> None:
        super().__init__()
        self.down_conv, self.up_conv = (Normed(over_time(channels), channels) for _ in range(2))
        self.gconv = Graph(channels, cells, edges)

    def forward(self, x: Tensor) -> Tensor:
        cells: Any = self.down_conv(x).permute(0, 2, 3, 4, 1)                               # [B, T, H, W, C]
        linked = self.gconv(cells.flatten(2, 3)).view(cells.shape)
        return self.up_conv(linked.permute(0, 4, 1, 2, 3))


def over_time(channels: int) -> Conv3d:
    return Conv3d(channels, channels, (3, 1, 1), padding=(1, 0, 0), bias=False)
