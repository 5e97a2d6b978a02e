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
        return (max(0, round(self.top * height)), min(height, round(self.bottom * height)),
                max(0, round(self.left * width)), min(width, round(self.right * width)))

    def within(self, part: "Viewport") -> "Viewport":
        """The same view in fractions of a part of the frame; it may reach beyond that part."""
        high, wide = part.bottom - part.top, part.right - part.left
        return Viewport((self.left - part.left) / wide, (self.top - part.top) / high,
                        (self.right - part.left) / wide, (self.bottom - part.top) / high)
