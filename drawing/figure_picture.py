"""A picture of a figure: a frame with a map over it, and a map's strip over time, of enough pixels to be printed."""
from dataclasses import replace

import numpy as np

from drawing.joints import with_arcs
from drawing.overlay import enlarged, overlay
from drawing.strips import PAPER, STRIP, strip
from drawing.view import View
from geometry.joints import JointMap
from geometry.laid import LaidMap
from records.style import Style

DPI = 300               # pixels an inch that a picture has at the least


def times_for(inches: float, pixels: int) -> int:
    """How often a frame of so many pixels must be enlarged to be printed so wide."""
    return max(1, int(np.ceil(inches * DPI / pixels)))


def picture(frame: np.ndarray, laid: LaidMap, number: int, style: Style, times: int = 1, bicubic: bool = False
            ) -> np.ndarray:
    """uint8 [times * H, times * W, 3]: a frame with what was seen of it in colour, and the map over it, which is laid
    at this size and not enlarged."""
    view = View.of(laid.extent).enlarged(times)
    drawn = view.ground(enlarged(frame, times), number).copy()
    if laid.spatial and view.sees(number) and not laid.void:
        top, bottom, left, right = view.box
        heat = laid.inside(number, times, bicubic)
        drawn[top:bottom, left:right] = overlay(drawn[top:bottom, left:right], heat, style)
        if isinstance(laid, JointMap):
            drawn = with_arcs(drawn, laid, number, replace(style, scale=times))
    return drawn if view.whole(drawn) else view.edged(drawn, times)


def strip_picture(laid: LaidMap, wide: float, high: float, style: Style) -> np.ndarray:
    """A strip of so many inches, uint8 [h, w, 3]: at the least 300 pixels an inch, and two for each frame."""
    scale = max(1, int(np.ceil(high * DPI / STRIP)))
    width = max(round(wide / high * STRIP * scale), 2 * len(laid))
    return strip(laid, width, replace(style, scale=scale), PAPER)
