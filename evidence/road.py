"""ROAD's noisy linear imputation (Rong et al. 2022): what was taken out of a picture is filled in from around it.

A patch of one colour tells by its outline what was hidden; each missing pixel as the weighted mean of its eight
neighbours, and a little noise, tells less.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

BESIDE, ACROSS = 1 / 6, 1 / 12      # weights of neighbours that share an edge, and a corner
NOISE = 0.01                        # of the colour scale, as published
SMALLEST = 8                        # pixels: no coarser picture is filled in first
NEIGHBOURS = [(down, across, ACROSS if down and across else BESIDE)
              for down in (-1, 0, 1) for across in (-1, 0, 1) if down or across]
TOLERANCE = 0.2                     # grey levels
TINY = 1e-20


def impute(frames: np.ndarray, missing: np.ndarray, seed: int = 0, noise: float = NOISE) -> np.ndarray:
    """uint8 [T, H, W, 3] and bool [T, H, W] -> the frames with what is missing filled in."""
    out = frames.copy()
    touched = np.flatnonzero(missing.any(axis=(1, 2)))
    if not len(touched):
        return out
    values = torch.from_numpy(frames[touched]).permute(0, 3, 1, 2).float()
    holes = torch.from_numpy(missing[touched])[:, None]
    filled = fill(values, holes).permute(0, 2, 3, 1).numpy()
    filled += np.random.default_rng(seed).normal(0, 255 * noise, filled.shape)
    out[missing] = filled[missing[touched]].clip(0, 255).round()
    return out


def fill(values: Tensor, holes: Tensor, tolerance: float = TOLERANCE, most: int = 200) -> Tensor:
    """values [N, C, H, W], holes bool [N, 1, H, W] -> the holes' pixels solved for, by conjugate gradients.

    A picture of half the size is filled first, to begin from. Done when no equation is off by more than `tolerance`.
    """
    if not bool(holes.any()):
        return values
    system = System(values, holes)
    solution = system.taken(_guess(values, holes, tolerance, most))        # [n, C]
    left_over = system.right - system(solution)
    along, size = left_over.clone(), left_over.square().sum(0)
    for _ in range(most):
        if float(left_over.abs().max()) <= tolerance:
            break
        pulled = system(along)
        step = size / (along * pulled).sum(0).clamp(min=TINY)
        solution += step * along
        left_over -= step * pulled
        before, size = size, left_over.square().sum(0)
        along = left_over + size / before.clamp(min=TINY) * along
    return system.put(solution)


class System:
    """The equations of the missing pixels: each as the weighted mean of those neighbours that the picture has."""

    def __init__(self, values: Tensor, holes: Tensor) -> None:
        self.values, self.holes = values, holes
        padded = functional.pad(holes[:, 0], (1, 1, 1, 1))
        at = padded.flatten().nonzero()[:, 0]                           # of the pictures with a border around
        count, width = len(at), padded.shape[2]
        numbers = torch.full((padded.numel(),), count)
        numbers[at] = torch.arange(count)
        inside = functional.pad(torch.ones_like(holes[:, 0], dtype=values.dtype), (1, 1, 1, 1)).flatten()
        known = functional.pad(torch.where(holes, torch.zeros((), dtype=values.dtype), values), (1, 1, 1, 1))
        known = known.transpose(0, 1).flatten(1).t().contiguous()       # [N * (H + 2) * (W + 2), C]
        self.pulls = [(weight, numbers[at + down * width + across]) for down, across, weight in NEIGHBOURS]
        self.weights = self._around(inside[:, None], at, width)
        self.right = self._around(known, at, width)

    @staticmethod
    def _around(values: Tensor, at: Tensor, width: int) -> Tensor:
        out = values.new_zeros((len(at), values.shape[1]))
        for down, across, weight in NEIGHBOURS:
            out.add_(values[at + down * width + across], alpha=weight)
        return out

    def __call__(self, solution: Tensor) -> Tensor:
        """[n, C] of the missing pixels -> what their equations have on the left."""
        more = torch.cat([solution, solution.new_zeros((1, solution.shape[1]))])     # the last: of those that are known
        out = self.weights * solution
        for weight, neighbours in self.pulls:
            out.sub_(more[neighbours], alpha=weight)
        return out

    def taken(self, values: Tensor) -> Tensor:
        """[N, C, H, W] -> [n, C]"""
        return values.permute(0, 2, 3, 1)[self.holes[:, 0]]

    def put(self, solution: Tensor) -> Tensor:
        out = self.values.permute(0, 2, 3, 1).clone()
        out[self.holes[:, 0]] = solution
        return out.permute(0, 3, 1, 2)


def _guess(values: Tensor, holes: Tensor, tolerance: float, most: int) -> Tensor:
    """From half the size: the mean of what is known of each four, holes where nothing is."""
    known = (~holes).float()
    if min(values.shape[2:]) < 2 * SMALLEST:
        mean = (values * known).sum((2, 3), keepdim=True) / known.sum((2, 3), keepdim=True).clamp(min=1)
        return mean.expand_as(values)
    count = functional.avg_pool2d(known, 2, ceil_mode=True)
    small = functional.avg_pool2d(values * known, 2, ceil_mode=True) / count.clamp(min=1e-6)
    return functional.interpolate(fill(small, count == 0, tolerance, most), size=values.shape[2:], mode="bilinear",
                                  align_corners=False)
