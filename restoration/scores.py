"""How near restored frames come to what was there, and to what was measured."""
from dataclasses import dataclass

import numpy as np

from records.damage import Damage
from restoration.damage import damaged


@dataclass(frozen=True)
class Nearness:
    """Of pixels that are wholly restored, to the sharp ones."""

    psnr: float         # decibels
    gradient: float     # how much neighbours differ, as a share of how much they do in the sharp frames
    edges: float        # correlation of the strength of edges, pixel by pixel


def nearness(frames: np.ndarray, sharp: np.ndarray, where: np.ndarray) -> Nearness:
    """frames, sharp [T, H, W, 3]; where: bool [T, H, W]"""
    off = frames[where].astype(np.float64) - sharp[where]
    own, true = edges(frames)[where], edges(sharp)[where]
    return Nearness(float(10 * np.log10(255 ** 2 / max(float(np.mean(off ** 2)), 1e-9))),
                    float(own.mean() / max(float(true.mean()), 1e-9)), float(np.corrcoef(own, true)[0, 1]))


def edges(frames: np.ndarray) -> np.ndarray:
    """[T, H, W]: how much a pixel differs from the next one in its row and in its column, mean of the colours"""
    values = frames.astype(np.float32).mean(3)
    down, right = np.diff(values, axis=1, append=values[:, -1:]), np.diff(values, axis=2, append=values[:, :, -1:])
    return np.hypot(down, right)


def disagreement(frames: np.ndarray, data: np.ndarray, restored: np.ndarray, damage: Damage) -> float:
    """Root mean square, of 255, by which the frames differ from their data once they are damaged again: of the pixels
    that are made of wholly restored ones alone. 0 where there are none.

    restored: [T, H, W] how much of each pixel is.
    """
    mixed = damaged((restored < 1).astype(np.float32)[..., None], damage)[..., 0] > 1e-6
    if mixed.all():
        return 0.0
    off = (damaged(frames, damage) - data)[~mixed]
    return float(np.sqrt(np.mean(off ** 2)))
