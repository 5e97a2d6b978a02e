"""A map of a graph between the cells of a frame: with whom each cell is paired, and what each pair gives it."""
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import List, Mapping, Tuple

import numpy as np

from geometry.laid import LaidMap

COUNT = 12      # links that are drawn over a frame: more would hide it


@dataclass(frozen=True)
class LinkedMap(LaidMap):
    """`neighbours` int [T', N, K]: whom a cell, counted row by row, is paired with; `shares` float [T', N, K]: in what
    part of the channels each of them gives it the most."""

    neighbours: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 0), int))
    shares: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 0)))

    def strongest(self, frame: int, count: int = COUNT) -> List[Tuple[np.ndarray, np.ndarray, float]]:
        """(giver, taker, share of the clip's largest) at the step nearest to a frame, the weakest first. Giver and
        taker are x and y in pixels of the clip's frame; what a cell gives itself is left out."""
        assert self.cells.rows is not None and self.cells.columns is not None
        step = int(np.abs(self.cells.frames - frame).argmin())
        givers = self.neighbours[step].ravel()
        takers = np.repeat(np.arange(len(self.neighbours[step])), self.neighbours.shape[2])
        given = np.where(givers == takers, 0, self.shares[step].ravel())
        centres = np.stack([np.tile(self.cells.columns, len(self.cells.rows)),
                            np.repeat(self.cells.rows, len(self.cells.columns))], axis=1)      # [N, 2]
        order = np.argsort(given, kind="stable")[-count:]
        return [(centres[givers[pair]], centres[takers[pair]], float(given[pair]) / self._largest)
                for pair in order if given[pair] > 0]

    @cached_property
    def _largest(self) -> float:
        own = np.arange(self.neighbours.shape[1])[:, None]
        return float(np.where(self.neighbours == own, 0, self.shares).max())


def linked(laid: LaidMap, details: Mapping[str, np.ndarray]) -> LaidMap:
    """The same map with its links. ValueError where they do not fit the cells."""
    steps, rows, columns = laid.raw.shape
    neighbours, shares = details["neighbours"], details["shares"]
    if neighbours.ndim != 3 or neighbours.shape[:2] != (steps, rows * columns) or shares.shape != neighbours.shape \
            or not np.issubdtype(neighbours.dtype, np.integer) or not np.isfinite(shares).all() \
            or neighbours.size and not 0 <= neighbours.min() <= neighbours.max() < rows * columns:
        raise ValueError("the links of a graph do not fit its cells")
    return LinkedMap(**{part.name: getattr(laid, part.name) for part in fields(LaidMap)}, neighbours=neighbours,
                     shares=shares)
