"""A known damage as a matrix for the rows of a picture and one for its columns."""
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from records.damage import BLUR, Damage

REACH = 3               # standard deviations after which a blur ends


@lru_cache(maxsize=32)
def matrix(damage: Damage, length: int) -> np.ndarray:
    """[length, length]: what each pixel of a line becomes. Blur mirrors at the ends, scaled blocks stay as wide."""
    made = np.zeros((length, length))
    if damage.kind == BLUR:
        reach = math.ceil(REACH * damage.amount)
        offsets = np.arange(-reach, reach + 1)
        kernel = np.exp(-0.5 * (offsets / damage.amount) ** 2)
        period = max(2 * (length - 1), 1)
        for row in range(length):
            places = np.abs(row + offsets) % period
            np.add.at(made[row], np.minimum(places, period - places), kernel / kernel.sum())
        return made
    blocks = np.arange(length) // int(damage.amount)
    same = blocks[:, None] == blocks
    return np.asarray(same / same.sum(1, keepdims=True))


def damaged(frames: np.ndarray, damage: Damage) -> np.ndarray:
    """[T, H, W, 3] -> float32, not rounded"""
    high, wide = (matrix(damage, length).astype(np.float32) for length in frames.shape[1:3])
    out = np.empty(frames.shape, np.float32)
    for frame, into in zip(frames, out):
        lines = np.tensordot(high, frame.astype(np.float32), 1)
        into[:] = np.moveaxis(np.tensordot(wide, lines, (1, 1)), 0, 1)
    return out


@dataclass(frozen=True)
class Line:
    """How one side of a square is seen through the damage: K = U diag(s) V', by what lies in the square alone."""

    into: np.ndarray        # [S, S] V': from pixels
    seen: np.ndarray        # [S, S] U': from damaged pixels, no others than those that the square alone makes
    strength: np.ndarray    # [S] s
    rows: np.ndarray        # bool [S]: which these are


@lru_cache(maxsize=4096)
def line(damage: Damage, length: int, start: int, side: int) -> Line:
    """Of pixels start..start+side-1 of a line of `length`."""
    whole = matrix(damage, length)[start:start + side]
    outside = np.delete(whole, np.s_[start:start + side], axis=1)
    rows = np.asarray(~outside.any(axis=1))
    u, s, v = np.linalg.svd(whole[rows, start:start + side])
    seen, strength = np.zeros((side, side)), np.zeros(side)
    seen[:len(s), rows] = u.T[:len(s)]
    strength[:len(s)] = s
    return Line(v, seen, strength, rows)
