"""A batch norm's backward on a CPU gives other numbers, not inexact ones, where its input or the gradient that arrives
can be read as channels first and as channels last (PyTorch 2.11, and 1.13 for pictures): a batch of one with another
stride than its size, as a reshape leaves. So both are brought to plain strides; where they have them it costs nothing.
"""
from contextlib import contextmanager
from typing import Any, Iterator, List, Optional, Sequence, Tuple

import torch
from torch import Tensor, nn

NORMS = (nn.BatchNorm2d, nn.BatchNorm3d)


def guard(network: nn.Module) -> List[Any]:
    """Hooks on every norm of pictures or clips, to be removed by whoever wants to."""
    norms = [module for module in network.modules() if isinstance(module, NORMS)]
    return [handle for norm in norms for handle in (
        norm.register_forward_pre_hook(_before), norm.register_forward_hook(_behind))]


@contextmanager
def guarded(network: nn.Module) -> Iterator[None]:
    handles = guard(network)
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def plain(tensor: Tensor) -> Tensor:
    """[B, C, ...] as it is where it lies densely, channels first or last; else a copy of it, channels first."""
    last = (0, *range(2, tensor.dim()), 1)
    if tensor.stride() in (_dense(tensor.shape, range(tensor.dim())), _dense(tensor.shape, last)):
        return tensor
    return tensor.clone(memory_format=torch.contiguous_format)


def _dense(shape: Sequence[int], order: Sequence[int]) -> Tuple[int, ...]:
    """The strides of a tensor whose dimensions lie in this order, the last ones next to each other."""
    strides, size = [0] * len(shape), 1
    for dimension in reversed(order):
        strides[dimension] = size
        size *= shape[dimension]
    return tuple(strides)


def _before(norm: nn.Module, arguments: Tuple[Tensor, ...]) -> Tuple[Tensor, ...]:
    return (plain(arguments[0]), *arguments[1:])


def _behind(norm: nn.Module, arguments: Tuple[Tensor, ...], output: Tensor) -> Optional[Tensor]:
    return PlainGradient.apply(output) if output.requires_grad else None


class PlainGradient(torch.autograd.Function):
    """The tensor itself, whose gradient is made plain.

    No hook on it: PyTorch 1.13 gives whoever puts another one on the same tensor, after it was changed in place, the
    gradient of what it was at the first.
    """

    by_cell = True          # each value depends on the same one alone

    @staticmethod
    def forward(ctx: Any, tensor: Tensor) -> Tensor:
        ctx.mark_dirty(tensor)
        return tensor

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        return plain(gradient)
