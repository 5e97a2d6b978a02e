"""Crops drawn from a prior, with what was measured of them as their data.

Zhu, Zhang, Liang, Cao, Wen, Timofte, Van Gool, "Denoising Diffusion Models for Plug-and-Play Image Restoration", CVPR
workshops 2023: at each noise level the prior's guess is brought to agree with the data, then fresh noise is put on. The
first level is low, as what was measured says most of what there is.
"""
from dataclasses import dataclass
from typing import Callable, List, Optional

import numpy as np
import torch
from torch import Tensor

from models.restorer import SPREAD, Restorer
from restoration.data import Measured

FIRST, LAST = 0.4, 0.05     # levels of noise, of pixels from -1 to 1
SURE = 0.1                  # how far the last guess is taken to be off
CORRECTIONS = 4             # of the last guess: pixels end at black and white, and no correction minds that
AT_ONCE = 64                # crops


@dataclass(frozen=True)
class Draw:
    """How crops are drawn. All crops of a clip share their noise, so that what is invented does not flicker."""

    steps: int = 4
    seed: int = 0


def draw(restorer: Restorer, measured: Measured, how: Draw, tick: Optional[Callable[[int], object]] = None) -> Tensor:
    """[N, 3, S, S] from -1 to 1, each in agreement with its data."""
    done: List[Tensor] = []
    for start in range(0, len(measured), AT_ONCE):
        done.append(_draw(restorer, measured.part(slice(start, start + AT_ONCE)), how))
        if tick is not None:
            tick(len(done[-1]))
    return torch.cat(done)


@torch.no_grad()
def _draw(restorer: Restorer, measured: Measured, how: Draw) -> Tensor:
    generator = torch.Generator().manual_seed(how.seed)
    levels = [*np.geomspace(FIRST, LAST, how.steps), 0.0]
    crops = agreed(measured.crops, measured)
    shape = (1, *crops.shape[1:])

    def noise() -> Tensor:
        return torch.randn(shape, generator=generator).to(crops.device)

    guess = crops
    noisy = crops + levels[0] * noise()
    for level, following in zip(levels, levels[1:]):
        guess = restorer(noisy, torch.full((len(crops),), level, device=crops.device))
        guess = measured.agreeing(guess, level * SPREAD / (level ** 2 + SPREAD ** 2) ** 0.5)
        noisy = guess + following * noise()
    return agreed(guess, measured)


def agreed(guess: Tensor, measured: Measured) -> Tensor:
    for _ in range(CORRECTIONS):
        guess = measured.agreeing(guess, SURE).clamp(-1, 1)
    return guess
