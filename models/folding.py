"""Batch normalisation in evaluation is an affine map of fixed numbers: here it becomes one, in either of two ways."""
from typing import Union

import torch
from torch import Tensor, nn

Convolution = Union[nn.Conv2d, nn.Conv3d]
Norm = Union[nn.BatchNorm2d, nn.BatchNorm3d]


class Affine(nn.Module):
    """scale * x + shift. Unlike a batch norm in evaluation it keeps nothing of x for the backward."""

    def __init__(self, scale: Tensor, shift: Tensor) -> None:
        super().__init__()
        self.register_buffer("scale", scale[:, None, None, None])
        self.register_buffer("shift", shift[:, None, None, None])
        self.scale: Tensor
        self.shift: Tensor

    def forward(self, x: Tensor) -> Tensor:
        return torch.addcmul(self.shift.to(x.dtype), x, self.scale.to(x.dtype))


def fold_batch_norm(network: nn.Module, into_weights: bool = True) -> None:
    """In place. Every module's pairs `conv_bn` of its own names lose their norm: to the convolution's weights, which
    is fastest, or to an Affine, which rounds no weight anew.

    Only the values after the norm had a meaning to anyone; they stay the same. The state dict no longer is the
    published one, so this comes after loading.
    """
    for module in network.modules():
        for conv_name, bn_name in getattr(module, "conv_bn", ()):
            conv, bn = getattr(module, conv_name, None), getattr(module, bn_name, None)
            if isinstance(bn, (nn.BatchNorm2d, nn.BatchNorm3d)) and isinstance(conv, (nn.Conv2d, nn.Conv3d)):
                setattr(module, bn_name, _fold(conv, bn, into_weights))


def _fold(conv: Convolution, bn: Norm, into_weights: bool) -> nn.Module:
    assert bn.running_mean is not None and bn.running_var is not None
    with torch.no_grad():
        scale = bn.weight.double() / (bn.running_var.double() + bn.eps).sqrt()
        shift = bn.bias.double() - bn.running_mean.double() * scale
        if not into_weights:
            return Affine(scale.to(conv.weight.dtype), shift.to(conv.weight.dtype))
        if conv.bias is not None:
            shift += conv.bias.double() * scale
        conv.weight.copy_(conv.weight.double() * scale.view(-1, *[1] * (conv.weight.dim() - 1)))
        conv.bias = nn.Parameter(shift.to(conv.weight.dtype), requires_grad=False)
        return nn.Identity()
