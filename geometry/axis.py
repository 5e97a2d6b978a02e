from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Axis:
    """Where a layer's cells are centred along one axis of its network's input: cell k on first + k * stride.

    Counted in pixels (frames) from the middle of the first one. A window of kernel k and padding p is centred
    (k - 1) / 2 - p after the place it starts at, so an odd kernel padded evenly keeps cell 0 on pixel 0.
    """

    first: float = 0.0
    stride: float = 1.0
    seen: float = field(default=1.0, compare=False)     # how many pixels (frames) reach a cell, along its own way

    def through(self, kernel: int, stride: int = 1, padding: float = 0.0) -> "Axis":
        """The cells that a convolution or pool makes of these."""
        return Axis(self.first + self.stride * ((kernel - 1) / 2 - padding), self.stride * stride,
                    self.seen + self.stride * (kernel - 1))

    def centres(self, cells: int) -> np.ndarray:
        """float64 [cells]"""
        return self.first + self.stride * np.arange(cells)
