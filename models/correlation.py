"""CorrNet's correlation block: what of each place is found again in the frame after and in the frame before.

The affinities of every place to every place of the next frame are far larger than the maps (0.5 GB at 28 x 28 and
200 frames), so they are made for a few frames at a time, and again in the backward.
"""
from typing import Any, Iterator, Tuple

import torch
from torch import Tensor, nn

from models.convolution import Conv3d
from models.gates import REDUCTION, SCALES, around, gate, shares, weighted

AFFINITIES = 2 ** 22            # values held at once on a CPU, where they should not leave its cache
AFFINITIES_ON_GPU = 2 ** 26     # and on a GPU, which wants much to do at once
SHIFTS = (2, 0)                 # of the frame after and the frame before in `around`


class Correlate(torch.autograd.Function):
    """places [B, T, P, C], around [B, T + 2, P, C] (the frame before each, itself, the one after), weights [2] (of the
    frame after, of the one before) -> [B, T, P, C], the sum over the places of both neighbours of their features, each
    times (sigmoid(affinity) - 0.5) and the neighbour's weight.

    sigmoid(a) - 0.5 is tanh(a / 2) / 2, which does not cancel where affinities are small.
    """

    @staticmethod
    def forward(ctx: Any, places: Tensor, around: Tensor, weights: Tensor) -> Tensor:  # type: ignore[override]
        ctx.save_for_backward(places, around, weights)
        gradient = torch.zeros_like(places)
        likeness, = scratch(places, 1)
        halves = (weights / 2).to(places.dtype)         # never read as numbers: a card would have to be waited for
        for clip, rows in chunks(places):
            for shift, half in zip(SHIFTS, halves):
                mine, other = places[clip, rows], around[clip, rows.start + shift:rows.stop + shift]
                like = product(mine, other, likeness).tanh_()
                gradient[clip, rows].baddbmm_(like, other * half)
        return gradient

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tuple[Tensor, Tensor, Any]:  # type: ignore[override]
        places, around, weights = ctx.saved_tensors
        gradient = gradient.contiguous()
        to_places, to_around = torch.zeros_like(places), torch.zeros_like(around)
        to_weights = torch.zeros(2, dtype=torch.float64, device=places.device) if ctx.needs_input_grad[2] else None
        likeness, slope = scratch(places, 2)
        halves = (weights / 2).to(places.dtype)
        for clip, rows in chunks(places):
            for number, (shift, half) in enumerate(zip(SHIFTS, halves)):
                span = slice(rows.start + shift, rows.stop + shift)
                mine, given = places[clip, rows], gradient[clip, rows]
                other, into = around[clip, span], to_around[clip, span]
                like = product(mine, other, likeness).tanh_()
                rise = product(given, other, slope)                             # with each likeness, per weight
                if to_weights is not None:
                    to_weights[number] += (like * rise).sum(dtype=torch.float64)
                into.baddbmm_(like.transpose(1, 2), given * half)
                torch.ops.aten.tanh_backward(rise, like, grad_input=rise)       # with half of each affinity
                to_places[clip, rows].baddbmm_(rise, other * half)
                into.baddbmm_(rise.transpose(1, 2), mine * half)
        return to_places, to_around, None if to_weights is None else to_weights.to(weights.dtype)


def product(left: Tensor, right: Tensor, into: Tensor) -> Tensor:
    """Half the dot products of every place on the left with every place on the right, [t, P, P]."""
    out = into[:len(left)]
    return torch.baddbmm(out, left, right.transpose(1, 2), beta=0, alpha=0.5, out=out)


def frames_at_once(places: Tensor) -> int:
    return max(1, (AFFINITIES_ON_GPU if places.is_cuda else AFFINITIES) // places.shape[2] ** 2)


def scratch(places: Tensor, count: int) -> Tuple[Tensor, ...]:
    """Room for the affinities of one chunk, used again by all: memory that is not new is much faster."""
    held = min(frames_at_once(places), places.shape[1])
    return places.new_empty(count, held, places.shape[2], places.shape[2]).unbind()


def chunks(places: Tensor) -> Iterator[Tuple[int, slice]]:
    """Of each clip, as many frames at a time as affinities may be held for."""
    clips, frames = places.shape[:2]
    step = frames_at_once(places)
    for clip in range(clips):
        for start in range(0, frames, step):
            yield clip, slice(start, min(start + step, frames))


class GatedCorrelation(nn.Module):
    """[B, C, T, H, W] -> the same: the correlated features, each let through where the gate says so."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        thin = channels // REDUCTION
        self.down_conv = Conv3d(channels, thin, 1, bias=False)
        self.down_conv2 = Conv3d(channels, channels, 1, bias=False)
        for scale in range(1, SCALES + 1):
            self.add_module(f"spatial_aggregation{scale}", around(thin, scale))
        self.weights = shares(SCALES)
        self.conv_back = Conv3d(thin, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.correlated(x, self.down_conv2(x)) * self.gated(x)

    def correlated(self, x: Tensor, seen: Tensor) -> Tensor:
        """seen: what is looked at in a frame's neighbours, [B, C, T, H, W] as x."""
        raise NotImplementedError(type(self).__name__)

    def gated(self, x: Tensor) -> Tensor:
        """[B, C, T, H, W] in -0.5 .. 0.5"""
        parts = [getattr(self, f"spatial_aggregation{scale}") for scale in range(1, SCALES + 1)]
        return gate(self.conv_back(weighted(parts, self.weights, self.down_conv(x))))


class Correlation(GatedCorrelation):
    """CorrNet's."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        self.weights2 = shares(2)

    def correlated(self, x: Tensor, seen: Tensor) -> Tensor:
        places, seen = (tensor.permute(0, 2, 3, 4, 1).flatten(2, 3) for tensor in (x.to(seen.dtype), seen))
        correlated = Correlate.apply(places, torch.cat((seen[:, :1], seen, seen[:, -1:]), dim=1), self.weights2)
        return correlated.unflatten(2, tuple(x.shape[3:])).permute(0, 4, 1, 2, 3)
