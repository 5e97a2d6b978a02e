"""CorrNet's correlation block: what of each place is found again in the frame after and in the frame before.

The affinities of every place to every place of the next frame are far larger than the maps (0.5 GB at 28 x 28 and
200 frames), so they are made for a few frames at a time, and again in the backward.
"""
from typing import Any, Iterator, Tuple

import torch
from torch import Tensor, nn

from models.convolution import Conv3d

AFFINITIES = 2 ** 22            # values held at once on a CPU, where they should not leave its cache
AFFINITIES_ON_GPU = 2 ** 26     # and on a GPU, which wants much to do at once
REDUCTION = 16                  # channels for each of the gate
DILATIONS = (1, 2, 3)
NEIGHBOURS = ((0, 2), (1, 0))   # (place in the weights, how far it lies in `around`): the frame after, the one before


class Correlate(torch.autograd.Function):
    """places [T, P, C], around [T + 2, P, C] (the frame before each, itself, the one after), weights [2] (of the frame
    after, of the one before) -> [T, P, C], the sum over the places of both neighbours of their features, each times
    (sigmoid(affinity) - 0.5) and the neighbour's weight.

    sigmoid(a) - 0.5 is tanh(a / 2) / 2, which does not cancel where affinities are small.
    """

    @staticmethod
    def forward(ctx: Any, places: Tensor, around: Tensor, weights: Tensor) -> Tensor:  # type: ignore[override]
        ctx.save_for_backward(places, around, weights)
        found = torch.empty_like(places)
        halves = weights.to(places.dtype) / 2
        for rows in chunks(places):
            into = found[rows]
            for neighbour, shifted in NEIGHBOURS:
                other = around[rows.start + shifted:rows.stop + shifted]
                likeness = torch.bmm(places[rows] / 2, other.transpose(1, 2)).tanh_()           # [t, P, P]
                weighted = other * halves[neighbour]
                if neighbour == 0:
                    torch.bmm(likeness, weighted, out=into)
                else:
                    into.baddbmm_(likeness, weighted)
        return found

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tuple[Tensor, Tensor, Any]:  # type: ignore[override]
        places, around, weights = ctx.saved_tensors
        gradient = gradient.contiguous()
        to_places, to_around = torch.zeros_like(places), torch.zeros_like(around)
        exact = torch.promote_types(places.dtype, torch.float32)
        to_weights = torch.zeros(2, dtype=exact, device=places.device) if ctx.needs_input_grad[2] else None
        weights = weights.to(places.dtype)
        for rows in chunks(places):
            half, given = places[rows] / 2, gradient[rows] / 2
            for neighbour, shifted in NEIGHBOURS:
                span = slice(rows.start + shifted, rows.stop + shifted)
                other, into, weight = around[span], to_around[span], weights[neighbour]
                likeness = torch.bmm(half, other.transpose(1, 2)).tanh_()
                slope = torch.bmm(given, other.transpose(1, 2))                     # of the likeness, per weight
                if to_weights is not None:
                    to_weights[neighbour] += (likeness * slope).sum(dtype=exact)
                into.baddbmm_(likeness.transpose(1, 2), given * weight)
                torch.ops.aten.tanh_backward(slope, likeness, grad_input=slope)     # of half the affinity
                to_places[rows].baddbmm_(slope, other * (weight / 2))
                into.baddbmm_(slope.transpose(1, 2), half * weight)
        return to_places, to_around, None if to_weights is None else to_weights.to(ctx.saved_tensors[2].dtype)


def chunks(places: Tensor) -> Iterator[slice]:
    """As many of the T frames at a time as affinities may be held for."""
    held = AFFINITIES_ON_GPU if places.is_cuda else AFFINITIES
    step = max(1, held // places.shape[1] ** 2)
    for start in range(0, len(places), step):
        yield slice(start, min(start + step, len(places)))


class Correlation(nn.Module):
    """[B, C, T, H, W] -> the same: the correlated features, each let through where the gate says so."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        thin = channels // REDUCTION
        self.down_conv = Conv3d(channels, thin, 1, bias=False)
        self.down_conv2 = Conv3d(channels, channels, 1, bias=False)
        for number, dilation in enumerate(DILATIONS, start=1):
            self.add_module(f"spatial_aggregation{number}",
                            nn.Conv3d(thin, thin, (9, 3, 3), padding=(4, dilation, dilation),
                                      dilation=(1, dilation, dilation), groups=thin))
        self.weights = nn.Parameter(torch.full((len(DILATIONS),), 1 / len(DILATIONS)))
        self.weights2 = nn.Parameter(torch.full((2,), 0.5))
        self.conv_back = Conv3d(thin, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        features = torch.stack([self._correlated(*clip) for clip in zip(x, self.down_conv2(x))])
        return features * self._gate(x)

    def _correlated(self, x: Tensor, seen: Tensor) -> Tensor:
        """One clip: [C, T, H, W] and what is looked at in its neighbours -> [C, T, H, W]"""
        places, around = (each.permute(1, 2, 3, 0).flatten(1, 2) for each in (x.to(seen.dtype), seen))
        around = torch.cat((around[:1], around, around[-1:]))
        found = Correlate.apply(places, around, self.weights2)
        return found.unflatten(1, tuple(x.shape[2:])).permute(3, 0, 1, 2)

    def _gate(self, x: Tensor) -> Tensor:
        """[B, C, T, H, W] in -0.5 .. 0.5"""
        thin = self.down_conv(x)
        seen = [getattr(self, f"spatial_aggregation{number}")(thin) * weight.to(thin.dtype)
                for number, weight in enumerate(self.weights, start=1)]
        return torch.sigmoid(self.conv_back(sum(seen[1:], seen[0]))) - 0.5
