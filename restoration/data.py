"""What was measured of crops, and how guesses at them are brought to agree with it."""
from typing import Sequence

import numpy as np
import torch
from torch import Tensor

from models.restorer import from_pixels
from poses.crops import Place, cut
from records.damage import Damage
from restoration.damage import line


class Measured:
    """frames: float or uint8 [T, H, W, 3], as they are after the damage; noise: of a pixel of them, of 255."""

    def __init__(self, frames: np.ndarray, places: Sequence[Place], side: int, damage: Damage, noise: float,
                 device: torch.device) -> None:
        self.crops = from_pixels(cut(frames, list(places), side)).to(device)
        self.noise = noise / 127.5
        height, width = frames.shape[1:3]
        high = [line(damage, height, place.top, side) for place in places]
        wide = [line(damage, width, place.left, side) for place in places]

        def stack(arrays: Sequence[np.ndarray]) -> Tensor:
            return torch.from_numpy(np.stack(arrays)).float().to(device)[:, None]

        self.high, self.wide = stack([one.into for one in high]), stack([one.into for one in wide])
        self.strength = stack([np.outer(a.strength, b.strength) for a, b in zip(high, wide)])
        self.seen = stack([one.seen for one in high]) @ self.crops @ stack([one.seen for one in wide]).mT

    def agreeing(self, guess: Tensor, spread: float) -> Tensor:
        """The likeliest crops, where a guess is as far off as `spread` and what was measured as its noise."""
        inside = self.high @ guess @ self.wide.mT
        share = self.strength / (self.strength ** 2 + (self.noise / spread) ** 2)
        return guess + self.high.mT @ (share * (self.seen - self.strength * inside)) @ self.wide

    def part(self, rows: slice) -> "Measured":
        """Of some of the crops."""
        made = object.__new__(Measured)
        made.noise = self.noise
        for name in ("crops", "high", "wide", "strength", "seen"):
            setattr(made, name, getattr(self, name)[rows])
        return made

    def __len__(self) -> int:
        return len(self.crops)
