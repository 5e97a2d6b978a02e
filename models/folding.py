"""Batch normalisation in evaluation is an affine map: here it becomes part of the convolution before it."""
import torch
from torch import nn


def fold_batch_norm(network: nn.Module) -> None:
    """In place. Every module with pairs `conv_bn` of its own names gets a convolution with bias and no norm.

    Only the values after the norm had a meaning to anyone; they stay the same. The state dict no longer is the
    published one, so this comes after loading.
    """
    for module in network.modules():
        for conv_name, bn_name in getattr(module, "conv_bn", ()):
            conv, bn = getattr(module, conv_name, None), getattr(module, bn_name, None)
            if isinstance(bn, nn.BatchNorm3d) and isinstance(conv, nn.Conv3d):
                _fold(conv, bn)
                setattr(module, bn_name, nn.Identity())


def _fold(conv: nn.Conv3d, bn: nn.BatchNorm3d) -> None:
    assert bn.running_mean is not None and bn.running_var is not None
    with torch.no_grad():
        scale = bn.weight.double() / (bn.running_var.double() + bn.eps).sqrt()
        bias = bn.bias.double() - bn.running_mean.double() * scale
        conv.weight.copy_(conv.weight.double() * scale[:, None, None, None, None])
        conv.bias = nn.Parameter(bias.to(conv.weight.dtype), requires_grad=False)
