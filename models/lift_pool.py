"""Temporal lift pooling: Hu et al., "Temporal Lift Pooling for Continuous Sign Language Recognition", ECCV 2022.

Odd steps are predicted from even ones; what is left over (the detail) corrects the even ones (the smooth part). Each
part is weighed by a gate that is normalised over the whole clip: every step that comes out depends on every step that
goes in.
"""
from typing import Tuple

import torch
from torch import Tensor, nn

LEAST = 2           # steps that are to come out: over one alone, a norm over time has nothing to compare
GATE_TAPS = 5


class Weighing(nn.Module):
    """v -> v * (0.5 + sigmoid(norm(conv(v)))), each channel's norm over the steps of its clip, in evaluation too."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, GATE_TAPS, padding=GATE_TAPS // 2)
        self.insnorm = nn.InstanceNorm1d(channels, affine=True)
        nn.init.zeros_(self.conv.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x * (0.5 + torch.sigmoid(self.insnorm(self.conv(x))))


class LiftPool(nn.Module):
    """[B, C, T] -> [B, C, T / 2], T even and at least 4. `taps` of the depth-wise convolutions."""

    windows = ((2, 2, 0),)      # where its steps are centred: kernel, stride and padding of the pool it stands for

    def __init__(self, channels: int, taps: int = 3) -> None:
        super().__init__()
        self.predictor = _from_neighbours(channels, taps)
        self.updater = _from_neighbours(channels, taps)
        self.weight1, self.weight2 = Weighing(channels), Weighing(channels)

    def forward(self, x: Tensor) -> Tensor:
        even, odd = self.halves(x)
        smooth, detail = self.lifted(even, odd)
        return self.merged(smooth, detail)

    def with_costs(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        """Pooled, and [2] what training keeps low: how far the smooth part is from the odd steps, and the detail's
        size; each one 2-norm of the whole batch."""
        even, odd = self.halves(x)
        smooth, detail = self.lifted(even, odd)
        costs = torch.stack([(smooth.float() - odd.float()).norm(), detail.float().norm()])
        return self.merged(smooth, detail), costs

    @staticmethod
    def halves(x: Tensor) -> Tuple[Tensor, Tensor]:
        """The even steps, counted from 0, and the odd ones, [B, C, T / 2] each."""
        if x.shape[2] % 2 or x.shape[2] < 2 * LEAST:
            raise ValueError(f"{x.shape[2]} steps: expected an even number from {2 * LEAST} on")
        return x[:, :, ::2], x[:, :, 1::2]

    def lifted(self, even: Tensor, odd: Tensor) -> Tuple[Tensor, Tensor]:
        """The smooth part and the detail."""
        detail = odd - self.predictor(even)
        return even + self.updater(detail), detail

    def merged(self, smooth: Tensor, detail: Tensor) -> Tensor:
        return self.weight1(smooth) + self.weight2(detail)


def _from_neighbours(channels: int, taps: int) -> nn.Sequential:
    made = nn.Sequential(nn.Conv1d(channels, channels, taps, padding=(taps - 1) // 2, groups=channels), nn.ReLU(),
                         nn.Conv1d(channels, channels, 1), nn.Tanh())
    nn.init.zeros_(made[2].weight)      # type: ignore[arg-type]
    return made
