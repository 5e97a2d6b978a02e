"""What turns frame features into gloss logits: temporal convolution, BiLSTM, and the cosine-like classifier."""
import math
from typing import List, Optional, Sequence, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from models.lift_pool import LiftPool
from terminal.errors import UserError


def temporal_conv(inputs: int, hidden: int, spec: Sequence[str]) -> nn.Sequential:
    """[B, inputs, T] -> [B, hidden, T']. "K5" is an unpadded convolution with BN and ReLU, "P2" a max-pool."""
    layers: List[nn.Module] = []
    channels = inputs
    for entry in spec:
        size = int(entry[1:])
        if entry[0] == "K":
            layers += [nn.Conv1d(channels, hidden, size), nn.BatchNorm1d(hidden), nn.ReLU(inplace=True)]
            channels = hidden
        else:
            layers.append(nn.MaxPool1d(size))
    return nn.Sequential(*layers)


def lifted_conv(inputs: int, hidden: int, spec: Sequence[str], taps: int) -> nn.Sequential:
    """The same with lift pools of so many taps; each convolution with its BN and ReLU is one entry."""
    layers: List[nn.Module] = []
    channels = inputs
    for entry in spec:
        size = int(entry[1:])
        if entry[0] == "K":
            convolution = nn.Conv1d(channels, hidden, size)
            layers.append(nn.Sequential(convolution, nn.BatchNorm1d(hidden), nn.ReLU(inplace=True)))
            channels = hidden
        elif size == 2:
            layers.append(LiftPool(channels, taps))
        else:
            raise UserError(f"temporal_conv: {entry} can't be lifted; a lift pool halves, so expected P2")
    return nn.Sequential(*layers)


def steps_after(spec: Sequence[str], frames: Tensor) -> Tensor:
    """How many steps temporal_conv leaves of so many frames."""
    for entry in spec:
        size = int(entry[1:])
        frames = frames - (size - 1) if entry[0] == "K" else torch.div(frames, size, rounding_mode="floor")
    return frames


def padding(spec: Sequence[str], frames: int) -> Tuple[int, int]:
    """Edge frames to repeat before and after a clip, so that temporal_conv leaves a step for each `stride` begun."""
    stride = last = 1
    before = 0
    for entry in spec:
        if entry[0] == "P":
            last = int(entry[1:])
            stride *= last
        else:
            before = before * last + (int(entry[1:]) - 1) // 2
    return before, math.ceil(frames / stride) * stride - frames + before


def frames_per_step(spec: Sequence[str]) -> int:
    return math.prod(int(entry[1:]) for entry in spec if entry[0] == "P")


def time_first(x: Tensor) -> Tensor:
    """[T, B, C] -> [B, C, T]"""
    return x.permute(1, 2, 0)


class BiLSTM(nn.Module):
    """[T, B, hidden] -> [T, B, hidden], both directions side by side."""

    def __init__(self, hidden: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.rnn = nn.LSTM(hidden, hidden // 2, layers, dropout=dropout, bidirectional=True)

    def forward(self, x: Tensor, lengths: Optional[Tensor] = None) -> Tensor:
        if lengths is None:
            return self.rnn(x)[0]
        packed = pack_padded_sequence(x, lengths.cpu(), enforce_sorted=False)
        return pad_packed_sequence(self.rnn(packed)[0], total_length=len(x))[0]


class NormLinear(nn.Module):
    """x @ W, every class's column of W scaled to length one."""

    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, classes))
        nn.init.xavier_uniform_(self.weight, gain=nn.init.calculate_gain("relu"))

    def forward(self, x: Tensor) -> Tensor:
        return x @ F.normalize(self.weight, dim=0)
