"""A part of a network whose tokens go through it alone, a piece of them at a time.

What is between its layers then stays in the processor's cache, in blocks that malloc keeps; and where the backward
computes it again, there is never more of it than a piece's.
"""
from functools import partial
from typing import Callable

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

Part = Callable[[Tensor], Tensor]               # [F, L, C] -> the same
Run = Callable[[Part, Tensor, int], Tensor]
PIECE = 1600            # tokens: more of them, or half, are slower


def whole(part: Part, x: Tensor, dim: int) -> Tensor:
    return part(x)


def in_pieces(part: Part, x: Tensor, dim: int, again: bool) -> Tensor:
    """x [F, L, C], cut along `dim`, 0 or 1. again: the backward computes a piece again, as far as it needs to."""
    run = partial(checkpoint, part, use_reentrant=False) if again else part
    return torch.cat([run(piece) for piece in x.split(max(1, PIECE // x.shape[1 - dim]), dim)], dim)
