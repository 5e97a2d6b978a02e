"""Clips of unequal length to one batch, padded at both edges so that the temporal convolutions lose nothing."""
import math
from typing import List, Sequence, Tuple

import torch
from torch import Tensor

from terminal.errors import UserError
from training.batches import Batch, Sample


def edges(kernel_spec: Sequence[str]) -> Tuple[int, int]:
    """(frames repeated at the left edge, frames per step) for a temporal convolution such as K5 P2 K5 P2.

    The published rule multiplies by the last stride, not by the product of strides so far.
    """
    left, last_stride, stride = 0, 1, 1
    for entry in kernel_spec:
        size = int(entry[1:])
        if entry[0] == "K":
            left = left * last_stride + (size - 1) // 2
        else:
            last_stride = size
            stride *= size
    return left, stride


def collate(samples: Sequence[Sample], kernel_spec: Sequence[str]) -> Batch:
    """Longest clip first. tensors: one, uint8 [B, T, 3, H, W]"""
    ordered = sorted(samples, key=lambda sample: len(sample.frames), reverse=True)
    left, stride = edges(kernel_spec)
    lengths = [math.ceil(len(sample.frames) / stride) * stride + 2 * left for sample in ordered]
    _check_steps(ordered, lengths, kernel_spec)
    padded = torch.stack([pad_edges(sample.frames, left, lengths[0]) for sample in ordered])
    labels = [sample.labels for sample in ordered]
    return Batch((padded,), torch.tensor(lengths), *concatenate(labels), tuple(sample.name for sample in ordered))


def pad_edges(frames: Tensor, left: int, total: int) -> Tensor:
    """[T, ...] -> [total, ...], the first frame repeated `left` times, the last as often as needed."""
    rows = torch.arange(-left, total - left).clamp(0, len(frames) - 1)
    return frames[rows]


def concatenate(labels: Sequence[List[int]]) -> Tuple[Tensor, Tensor]:
    return (torch.tensor([number for ids in labels for number in ids], dtype=torch.long),
            torch.tensor([len(ids) for ids in labels], dtype=torch.long))


def _check_steps(samples: Sequence[Sample], lengths: Sequence[int], kernel_spec: Sequence[str]) -> None:
    from models.temporal import steps_after

    for sample, length, steps in zip(samples, lengths, steps_after(kernel_spec, torch.tensor(lengths)).tolist()):
        if steps < 1:
            raise UserError(f"clip {sample.name} of {len(sample.frames)} frames is too short for the temporal kernels "
                            f"{' '.join(kernel_spec)}: {length} frames with padding leave no step; drop the clip")
