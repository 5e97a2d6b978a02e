"""CorrNet+'s correlation block: what one query for each frame finds in the frames before and after it.

There are no affinities of places to places: a frame asks once. What would be large is a stack of all the neighbours
that it asks, so they are taken one distance at a time, as parts of one tensor.
"""
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.convolution import Conv3d
from models.correlation import GatedCorrelation
from models.gates import REDUCTION, shares


class AttentionPool(nn.Module):
    """[B, T, P, C] -> [B, T, C]: attention of one head over the places of each frame, from one query for all frames.

    The query is fixed, so it is taken into the keys' projection, and what is pooled is projected instead of each place.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.randn(1, 1, channels))
        self.q_proj, self.k_proj, self.v_proj, self.c_proj = (nn.Linear(channels, channels) for _ in range(4))

    def forward(self, places: Tensor) -> Tensor:
        asked = self.q_proj(self.query).flatten() / math.sqrt(places.shape[-1])
        scores = places @ (self.k_proj.weight.t() @ asked) + self.k_proj.bias @ asked
        pooled = (scores.softmax(-1)[..., None, :] @ places).squeeze(-2)
        return self.c_proj(self.v_proj(pooled))


class NeighbourCorrelation(GatedCorrelation):
    """`neighbours` on each side of a frame are asked; beyond the clip's ends there is nothing."""

    def __init__(self, channels: int, neighbours: int) -> None:
        super().__init__(channels)
        self.offsets = [*range(-neighbours, 0), *range(1, neighbours + 1)]
        self.attpool = AttentionPool(channels)
        self.weights2 = shares(len(self.offsets))
        self.weights4 = shares(3)
        # In the published files, and never run: neither in evaluation nor in training.
        self.weights3 = shares(3)
        self.mlp = nn.Sequential(Conv3d(channels, channels // REDUCTION, 1), nn.ReLU(),
                                 Conv3d(channels // REDUCTION, channels, 1))

    def correlated(self, x: Tensor, seen: Tensor) -> Tensor:
        """[B, C, T, 1, 1]: one vector for all places of a frame."""
        places, seen = (tensor.permute(0, 2, 3, 4, 1).flatten(2, 3) for tensor in (x.to(seen.dtype), seen))
        return self.gathered(self.asked(places), seen).transpose(1, 2)[..., None, None]

    def asked(self, places: Tensor) -> Tensor:
        """[B, T, P, C] -> [B, T, C]: a frame's mean, its maximum and what attention takes, weighed."""
        mean, most, taken = self.weights4.to(places.dtype)
        return mean * places.mean(2) + most * places.max(2).values + taken * self.attpool(places)

    def gathered(self, asked: Tensor, seen: Tensor) -> Tensor:
        """asked [B, T, C], seen [B, T, P, C] -> [B, T, C]: all neighbours' features, each times its affinity to what is
        asked (tanh(a / 2) / 2, which is sigmoid(a) - 0.5 and does not cancel). A neighbour's weight is in both."""
        frames = asked.shape[1]
        total = torch.zeros_like(asked)
        for offset, weight in zip(self.offsets, self.weights2.to(seen.dtype)):
            before, after = max(0, -offset), max(0, offset)
            if frames <= before + after:
                continue
            query = asked[:, before:frames - after, :, None]                # [B, t, C, 1]
            keys = seen[:, after:frames - before]                           # [B, t, P, C]
            affinity = torch.tanh(weight / 2 * (keys @ query)) / 2
            part = weight * (affinity.transpose(2, 3) @ keys).squeeze(2)    # [B, t, C]
            total = total + F.pad(part, (0, 0, before, after))
        return total
