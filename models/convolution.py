"""3-D convolutions and pools that look along space or along time only, computed as the 2-D ones they are.

Activations lie in memory as [B, T, H, W, C] (channels last). There a 1 x k x k kernel is a 2-D convolution of B * T
images and a k x 1 x 1 kernel one of B images T high and H * W wide, both without moving anything; the 2-D kernels
are up to ten times as fast on a CPU where channels are few.
"""
from typing import Any, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.inplace import add_

Sizes = Tuple[int, int, int]    # time, height, width
AT_ONCE = 2 ** 20               # values


class Conv3d(nn.Conv3d):
    def forward(self, x: Tensor) -> Tensor:
        (time, *space), (time_stride, *space_stride) = self.kernel_size, self.stride
        if time == 1 and time_stride == 1:
            return _images_to_clip(F.conv2d(_clip_to_images(x), self.weight[:, :, 0], self.bias,
                                            space_stride, self.padding[1:]), len(x))
        if space == [1, 1] and space_stride == [1, 1]:
            return _sheets_to_clip(F.conv2d(_clip_to_sheets(x), self.weight[:, :, :, :, 0], self.bias,
                                            (time_stride, 1), (int(self.padding[0]), 0)), x.shape[3:])
        return channels_last(super().forward(x))        # not every 3-D kernel leaves it as it was


class FrameConv(nn.Conv2d):
    """A 2-D convolution of every frame of a clip: as Conv3d with one tap in time, but for the shape of its weight."""

    def forward(self, x: Tensor) -> Tensor:
        return _images_to_clip(F.conv2d(_clip_to_images(x), self.weight, self.bias, self.stride, self.padding,
                                        groups=self.groups), len(x))


class OverBackground(Conv3d):
    """1 x k x k, of a clip that has the value `background` almost everywhere.

    The same sum, but what the background alone gives is added up apart, in double: thousands of equal terms in one
    float32 sum are rounded more coarsely than anything that comes after.
    """

    def __init__(self, *args: Any, background: float, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.background = background

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            return super().forward(x)
        device = x.device if x.is_cuda else torch.device("cpu")              # others may have no double
        plane = torch.full((1, 1, *x.shape[3:]), self.background, dtype=torch.float64, device=device)
        kernel = self.weight.detach().to(device).double().sum(dim=1)         # [outputs, 1, k, k]
        alone = F.conv2d(plane, kernel, None, self.stride[1:], self.padding[1:])
        if x.requires_grad:
            rest = super().forward(x - self.background)
        else:                   # some frames at a time: what is left of them stays in the processor's cache
            frames = max(1, AT_ONCE // (len(x) * x[0, :, 0].numel()))
            rest = torch.cat([super(OverBackground, self).forward(piece - self.background)
                              for piece in x.split(frames, dim=2)], dim=2)
        return add_(rest, alone[:, :, None].to(rest))


class MaxPool3d(nn.Module):
    """First over space, then over time. Among equal values the earliest wins, as in one pool over all three."""

    def __init__(self, kernel: Sizes, stride: Sizes, padding: Sizes) -> None:
        super().__init__()
        self.sizes = kernel, stride, padding

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride, padding = self.sizes
        x = _images_to_clip(F.max_pool2d(_clip_to_images(x), kernel[1:], stride[1:], padding[1:]), len(x))
        if kernel[0] == 1:
            return x
        return _sheets_to_clip(F.max_pool2d(_clip_to_sheets(x), (kernel[0], 1), (stride[0], 1), (padding[0], 0)),
                               x.shape[3:])


def channels_last(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last_3d)


def _clip_to_images(x: Tensor) -> Tensor:
    """[B, C, T, H, W] -> [B * T, C, H, W]"""
    return x.permute(0, 2, 3, 4, 1).flatten(0, 1).permute(0, 3, 1, 2)


def _images_to_clip(x: Tensor, batch: int) -> Tensor:
    return x.permute(0, 2, 3, 1).unflatten(0, (batch, -1)).permute(0, 4, 1, 2, 3)


def _clip_to_sheets(x: Tensor) -> Tensor:
    """[B, C, T, H, W] -> [B, C, T, H * W]"""
    return x.permute(0, 2, 3, 4, 1).flatten(2, 3).permute(0, 3, 1, 2)


def _sheets_to_clip(x: Tensor, space: torch.Size) -> Tensor:
    return x.permute(0, 2, 3, 1).unflatten(2, tuple(space)).permute(0, 4, 1, 2, 3)
