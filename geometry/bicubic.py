"""Cubic convolution between cells: the smooth way to lay a coarse map. It goes through every cell's own value."""
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class CubicLine:
    """Points between four cells each: Keys's cubic of a = -1/2 (1981); beyond the ends the outermost cells go on."""

    cells: np.ndarray           # int [points, 4]
    weights: np.ndarray         # float32 [points, 4], each row's sum is 1

    @classmethod
    def between(cls, cell: np.ndarray, part: np.ndarray, count: int) -> "CubicLine":
        """cell: the one before each point; part: how far the point is on the way to the next; count: of all cells."""
        t = part.astype(np.float64)
        weights = np.stack([((-t + 2) * t - 1) * t, (3 * t - 5) * t * t + 2, ((-3 * t + 4) * t + 1) * t,
                            (t - 1) * t * t], axis=1) / 2
        return cls((cell[:, None] + np.arange(-1, 3)).clip(0, count - 1), weights.astype(np.float32))

    @property
    def cell(self) -> np.ndarray:
        return self.cells[:, 1]

    def of(self, values: np.ndarray) -> np.ndarray:
        """[cells, others] -> [points, others]"""
        out: np.ndarray = self.weights[:, :1] * values[self.cells[:, 0]]
        for tap in range(1, 4):
            out += self.weights[:, tap, None] * values[self.cells[:, tap]]
        return out
