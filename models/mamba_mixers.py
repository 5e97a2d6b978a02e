"""What Mamba-SLR's blocks are made of: state spaces over the tokens of a frame and over the frames of a token."""
import math
from dataclasses import dataclass
from typing import List, Sequence, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.state_space import scan

DIRECTIONS = 4      # rows, rows backwards, columns, columns backwards


@dataclass(frozen=True)
class Clips:
    """A batch of clips, their frames one after the other."""

    lengths: Tuple[int, ...]
    numbers: Tensor         # [F] int32, the clip each frame is of
    turned: Tensor          # [F] int64, the frames with each clip's time turned round

    @staticmethod
    def of(lengths: Sequence[int], device: torch.device) -> "Clips":
        numbers = [torch.full((count,), clip, dtype=torch.int32, device=device) for clip, count in enumerate(lengths)]
        starts = [sum(lengths[:clip]) for clip in range(len(lengths))]
        turned = [torch.arange(start + count - 1, start - 1, -1, device=device)
                  for start, count in zip(starts, lengths)]
        return Clips(tuple(lengths), torch.cat(numbers), torch.cat(turned))


def reading_orders(grid: int) -> Tensor:
    """[4, grid * grid + 1] int64: the order in which each direction reads the tokens; the class token is last."""
    rows = torch.arange(grid * grid)
    columns = rows.view(grid, grid).t().reshape(-1)
    last = rows.new_tensor([grid * grid])
    return torch.stack([torch.cat((order, last)) for order in (rows, rows.flip(0), columns, columns.flip(0))])


class StateSpace(nn.Module):
    """The heads' own: how fast each forgets (A), how long a step is at rest, and what goes past the state (D)."""

    def __init__(self, heads: int) -> None:
        super().__init__()
        step = torch.exp(torch.empty(heads).uniform_(math.log(0.001), math.log(0.1)))
        self.dt_bias = nn.Parameter(step + torch.log(-torch.expm1(-step)))      # softplus gives the step back
        self.A_log = nn.Parameter(torch.empty(heads).uniform_(1, 16).log())
        self.D = nn.Parameter(torch.ones(heads))

    def steps(self, raw: Tensor) -> Tensor:
        """Never in half precision: they add up over a clip."""
        return F.softplus(raw.to(self.dt_bias.dtype) + self.dt_bias)


def out_projection(inputs: int, outputs: int, depth: int, bias: bool) -> nn.Linear:
    """Smaller the deeper the network: three of them a block add up."""
    made = nn.Linear(inputs, outputs, bias)
    nn.init.kaiming_uniform_(made.weight, a=math.sqrt(5))
    with torch.no_grad():
        made.weight /= math.sqrt(3 * depth)
    if bias:
        nn.init.zeros_(made.bias)
    return made


class SpatialScan(StateSpace):
    """Over the tokens of a frame [F, L, C], in four directions, each with a quarter of the channels."""

    scan_indices: Tensor
    inverse_scan_indices: Tensor

    def __init__(self, width: int, inner: int, head: int, states: int, grid: int, depth: int) -> None:
        super().__init__(inner // head)
        self.grid, self.head = grid, head
        self.parts = (inner, DIRECTIONS * states, DIRECTIONS * states)      # x, B, C
        orders = reading_orders(grid)
        self.register_buffer("scan_indices", orders)
        self.register_buffer("inverse_scan_indices", orders.argsort(1))
        self.in_proj = nn.Linear(width, sum(self.parts) + inner // head, bias=False)
        self.conv2d = nn.Conv2d(sum(self.parts), sum(self.parts), 3, padding=1, groups=sum(self.parts))
        self.norm = nn.LayerNorm(inner)
        self.out_proj = out_projection(inner, width, depth, bias=False)

    def forward(self, tokens: Tensor, clips: Clips) -> Tensor:
        x, dt, b, c = self.read(tokens)
        y = scan(x, dt, -self.A_log.exp(), b, c, self.D).unflatten(2, (DIRECTIONS, -1))
        y = torch.stack([y[:, :, i].index_select(1, order) for i, order in enumerate(self.inverse_scan_indices)], 2)
        return self.out_proj(self.norm(y.flatten(2)))

    def read(self, tokens: Tensor) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
        """x [F, L, H, P], dt [F, L, H], B and C [F, L, 4, N], each direction in its order."""
        raw, dt = self.in_proj(tokens).split([sum(self.parts), self.A_log.numel()], dim=2)
        grid = raw[:, :-1].unflatten(1, (self.grid, self.grid)).permute(0, 3, 1, 2)
        grid = F.silu(self.conv2d(grid).permute(0, 2, 3, 1).flatten(1, 2))
        mixed = torch.cat((grid, raw[:, -1:]), dim=1)       # the class token goes through neither
        x, b, c, dt = (self._ordered(part) for part in (*mixed.split(self.parts, dim=2), self.steps(dt)))
        return x.flatten(2).unflatten(2, (-1, self.head)), dt.flatten(2), b, c

    def _ordered(self, part: Tensor) -> Tensor:
        """[F, L, 4 * W] -> [F, L, 4, W]"""
        part = part.unflatten(2, (DIRECTIONS, -1))
        return torch.stack([part[:, :, i].index_select(1, order) for i, order in enumerate(self.scan_indices)], 2)


class SpatialAttention(nn.Module):
    """Softmax attention over the tokens of a frame [F, L, C]."""

    def __init__(self, width: int, heads: int, depth: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj = nn.Linear(width, 3 * width)
        nn.init.zeros_(self.in_proj.bias)
        self.out_proj = out_projection(width, width, depth, bias=True)

    def forward(self, tokens: Tensor, clips: Clips) -> Tensor:
        weights, values = self.weights(tokens)
        return self.out_proj((weights @ values).transpose(1, 2).flatten(2))

    def weights(self, tokens: Tensor) -> Tuple[Tensor, Tensor]:
        """[F, heads, L, L], and the values [F, heads, L, C / heads]"""
        queries, keys, values = self.in_proj(tokens).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        scores = (queries * queries.shape[-1] ** -0.5) @ keys.transpose(2, 3)
        return scores.softmax(3), values


class TemporalScan(StateSpace):
    """Over the frames of each token [F, L, C], forward and backward in time, each with half of the channels."""

    def __init__(self, width: int, inner: int, head: int, states: int, kernel: int, depth: int) -> None:
        super().__init__(inner // head)
        self.head = head
        self.parts = (inner // 2, states, states)           # x, B, C of one direction
        channels = sum(self.parts)
        self.in_proj = nn.Linear(width, 2 * channels + inner // head, bias=False)
        self.conv1d_fwd = nn.Conv1d(channels, channels, kernel, groups=channels)
        self.conv1d_bwd = nn.Conv1d(channels, channels, kernel, groups=channels)
        self.norm = nn.LayerNorm(inner)
        self.out_proj = out_projection(inner, width, depth, bias=False)

    def forward(self, tokens: Tensor, clips: Clips) -> Tensor:
        x, dt, b, c = self.read(tokens, clips)
        y = scan(x, dt, -self.A_log.exp(), b, c, self.D, clips.numbers).flatten(2)
        ahead, back = y.chunk(2, dim=2)
        y = torch.cat((ahead, back.index_select(1, clips.turned)), dim=2)
        return self.out_proj(self.norm(y)).transpose(0, 1)

    def read(self, tokens: Tensor, clips: Clips) -> Tuple[Tensor, Tensor, Tensor, Tensor]:
        """x [L, F, H, P], dt [L, F, H], B and C [L, F, 2, N]: forward, and backward with time turned round."""
        channels, heads = sum(self.parts), self.A_log.numel() // 2
        raw = self.in_proj(tokens.transpose(0, 1))
        ahead, back, dt = raw.split([channels, channels, 2 * heads], dim=2)
        ahead = self._convolved(ahead, self.conv1d_fwd, clips)
        back = self._convolved(back.index_select(1, clips.turned), self.conv1d_bwd, clips)
        dt = self.steps(dt)
        dt = torch.cat((dt[..., :heads], dt[..., heads:].index_select(1, clips.turned)), dim=2)
        x, b, c = (torch.stack(pair, 2) for pair in zip(ahead.split(self.parts, 2), back.split(self.parts, 2)))
        return x.flatten(2).unflatten(2, (-1, self.head)), dt, b, c

    @staticmethod
    def _convolved(x: Tensor, conv: nn.Conv1d, clips: Clips) -> Tensor:
        """[L, F, C]: each channel with its own last frames, zeros before a clip's first."""
        taps = conv.weight[:, :, None]                      # [C, 1, 1, K]
        parts: List[Tensor] = []
        for clip in x.split(clips.lengths, dim=1):
            wide = F.pad(clip, (0, 0, taps.shape[3] - 1, 0)).permute(2, 0, 1)[None]         # [1, C, L, F + K - 1]
            parts.append(F.conv2d(wide, taps, conv.bias, groups=len(taps))[0].permute(1, 2, 0))
        return F.silu(torch.cat(parts, dim=1) if len(parts) > 1 else parts[0])
