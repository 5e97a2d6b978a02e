"""A picture of a figure: a frame with a map over it, and a map's strip over time, of enough pixels to be printed."""
from dataclasses import replace

import numpy as np

from drawing.layer import with_map
from drawing.overlay import enlarged
from drawing.strips import PAPER, STRIP, strip
from geometry.laid import LaidMap
from records.style import Style

DPI = 300               # pixels an inch that a picture has at the least


def times_for(inches: float, pixels: int) -> int:
    """How often a frame of so many pixels must be enlarged to be printed so wide."""
    return max(1, int(np.ceil(inches * DPI / pixels)))


def picture(frame: np.ndarray, laid: LaidMap, number: int, style: Style, times: int = 1, bicubic: bool = False
            ) -> np.ndarray:
    """uint8 [times * H, times * W, 3]"""
    return with_map(enlarged(frame, times), laid, number, replace(style, scale=times), bicubic)


def strip_picture(laid: LaidMap, wide: float, high: float, style: Style) -> np.ndarray:
    """A strip of so many inches, uint8 [h, w, 3]: at the least 300 pixels an inch, and two for each frame."""
    scale = max(1, int(np.ceil(high * DPI / STRIP)))
    width = max(round(wide / high * STRIP * scale), 2 * len(laid))
    return strip(laid, width, replace(style, scale=scale), PAPER)
