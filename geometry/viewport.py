from dataclasses import dataclass
from typing import Tuple


@dataclass(frozen=True)
class Viewport:
    """The part of the frame that a network sees, in fractions of the frame: an affine map, used both ways.

    Fractions make one viewport serve frames of any size: the middle 224 of 256 pixels is (16/256, 240/256).
    Pixels are areas, not points: pixel i of n covers [i/n, (i+1)/n).
    """

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0

    @property
    def sides(self) -> Tuple[float, float, float, float]:
        """left, top, right, bottom"""
        return self.left, self.top, self.right, self.bottom

    def box(self, height: int, width: int) -> Tuple[int, int, int, int]:
        """(top, bottom, left, right) in whole pixels of a height x width frame."""
        return (round(self.top * height), round(self.bottom * height),
                round(self.left * width), round(self.right * width))
