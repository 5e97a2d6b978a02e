"""TwoStream-SLR's head: from the spatial mean of a stream to gloss logits. Module names as published."""
import math
from typing import Optional

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LONGEST = 5000      # steps


class MaskedNorm(nn.Module):
    """BN over the steps of all clips; in training those beyond a clip's end are left out."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(channels)

    def forward(self, x: Tensor, valid: Optional[Tensor] = None) -> Tensor:
        flat = x.reshape(-1, x.shape[-1])                               # [B * T, C]
        if valid is None or not self.training:
            return self.norm(flat).view_as(x)
        return flat.masked_scatter(valid.reshape(-1, 1), self.norm(flat[valid.reshape(-1)])).view_as(x)


class Positions(nn.Module):
    """Adds a fixed table of sines (even channels) and cosines (odd ones)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        step = torch.arange(LONGEST).float()[:, None]
        rate = torch.exp(torch.arange(0, channels, 2).float() * -(math.log(10000.0) / channels))
        table = torch.stack((torch.sin(step * rate), torch.cos(step * rate)), dim=2).flatten(1)
        self.register_buffer("pe", table[None])
        self.pe: Tensor

    def forward(self, x: Tensor) -> Tensor:
        return x + self.pe[:, :x.shape[1]]


class FeedForward(nn.Module):
    """Pre-norm, two convolutions over time, skip."""

    def __init__(self, channels: int, inner: int, dropout: float) -> None:
        super().__init__()
        self.layer_norm = nn.LayerNorm(channels, eps=1e-6)
        self.pwff_layer = nn.Sequential(
            nn.Conv1d(channels, inner, 3, padding=1), nn.ReLU(inplace=True), nn.Dropout(dropout),
            nn.Conv1d(inner, channels, 3, padding=1), nn.Dropout(dropout))

    def forward(self, x: Tensor) -> Tensor:
        return self.pwff_layer(self.layer_norm(x).transpose(1, 2)).transpose(1, 2) + x


class VisualHead(nn.Module):
    """features [B, T, inputs] -> logits [B, T, classes]"""

    def __init__(self, inputs: int, hidden: int, inner: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.fc1 = nn.Linear(inputs, hidden)
        self.bn1 = MaskedNorm(hidden)
        self.pe = Positions(hidden)
        self.dropout = nn.Dropout(dropout)
        self.feedforward = FeedForward(hidden, inner, dropout)
        self.layer_norm = nn.LayerNorm(hidden, eps=1e-6)
        self.gloss_output_layer = nn.Linear(hidden, classes)

    def forward(self, x: Tensor, valid: Optional[Tensor] = None) -> Tensor:
        x = F.relu_(self.bn1(self.fc1(x), valid))
        x = self.feedforward(self.dropout(self.pe(x)))
        return self.gloss_output_layer(self.layer_norm(x))
