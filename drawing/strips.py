"""What stands below a picture: a bar for every frame of the clip, and a line at the frame shown."""
from dataclasses import dataclass
from typing import Tuple

import numpy as np

from drawing.joints import strip_of
from drawing.overlay import levels, palette
from geometry.joints import JointMap
from geometry.laid import LaidMap
from records.style import Style

STRIP = 32          # height of a strip, in pixels
BACKGROUND = (22, 24, 29)
CURSOR = (255, 255, 255)
ENERGY = (66, 73, 88)
UNSEEN = (44, 47, 54)
HATCH = 6           # pixels from one line to the next where frames were not seen


@dataclass(frozen=True)
class Shades:
    """What a strip is drawn in besides the colours of maps."""

    ground: Tuple[int, int, int] = BACKGROUND
    energy: Tuple[int, int, int] = ENERGY       # of a map that knows where
    unseen: Tuple[int, int, int] = UNSEEN       # the hatching


SCREEN = Shades()
PAPER = Shades((242, 243, 245), (120, 126, 136), (200, 203, 208))


def strip(laid: LaidMap, width: int, style: Style, shades: Shades = SCREEN) -> np.ndarray:
    """uint8 [scale * STRIP, width, 3]: of a map that knows only when itself, the hotter and higher the more the step
    counts; of one that knows where its mean over each frame, in grey; of one of joints these by time."""
    height = STRIP * style.scale
    if isinstance(laid, JointMap):
        return _hatched(strip_of(laid, width, height, style), laid, style, shades)
    columns = np.arange(width) * len(laid) // width
    if laid.spatial:
        means = laid.energy()
        column = levels(means / (float(means.max()) or 1.0))[columns]
        colours = np.full((width, 3), shades.energy, np.uint8)
    else:
        column = levels(laid.whole())[columns]
        colours = palette(style.colormap)[column, 0]
    return _hatched(_bars(column, colours, height, shades), laid, style, shades)


def _hatched(bars: np.ndarray, laid: LaidMap, style: Style, shades: Shades) -> np.ndarray:
    """In place: lines where frames were not seen."""
    height, width = bars.shape[:2]
    columns = np.arange(width) * len(laid) // width
    first, stop = laid.extent.seen
    unseen = (columns < first) | (columns >= stop)
    hatch = (np.arange(height)[:, None] + np.arange(width)) % (HATCH * style.scale) < style.scale
    bars[hatch & unseen] = shades.unseen
    return bars


def _bars(column: np.ndarray, colours: np.ndarray, height: int, shades: Shades) -> np.ndarray:
    heights = np.rint(column / 255.0 * (height - height // 8)).astype(int)
    filled = np.arange(height)[:, None] >= height - 1 - heights
    return np.where(filled[..., None], colours, np.array(shades.ground, np.uint8))


def with_cursor(bars: np.ndarray, frame: int, frames: int) -> np.ndarray:
    """The strip with a line at the middle of the frame's own time."""
    marked = bars.copy()
    width = bars.shape[1]
    column = min(int((frame + 0.5) / frames * width), width - 2)
    marked[:, max(column - 1, 0):column + 3] = 0
    marked[:, column:column + 2] = CURSOR
    return marked
