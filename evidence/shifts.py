"""Shifts of a mask: what a map says must count for more than the same shape elsewhere."""
from typing import Iterator

import numpy as np


def shifted(mask: np.ndarray, count: int, seed: int = 0) -> Iterator[np.ndarray]:
    """The mask rolled along all its axes, never onto itself: the same area and the same shape elsewhere."""
    random = np.random.RandomState(seed)
    for _ in range(count):
        move = tuple(random.randint(size) for size in mask.shape)
        while not any(move):
            move = tuple(random.randint(size) for size in mask.shape)
        yield np.roll(mask, move, tuple(range(mask.ndim)))


def beaten(moved: np.ndarray) -> int:
    """moved: how far a score moved by the mask itself, then by each of its shifts -> how many moved it less."""
    return int((moved[0] > moved[1:]).sum())
