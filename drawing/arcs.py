"""Arcs over a frame: who takes from whom."""
import cv2
import numpy as np

from drawing.overlay import levels, palette
from records.style import Style

BEND, POINTS = 0.2, 24  # how far an arc leaves the straight line, in parts of its length; and of how many parts it is


def draw_arc(picture: np.ndarray, ends: np.ndarray, share: float, style: Style) -> None:
    """In place, from one point to another [2, 2], in the colour of the share; a dot marks the one that takes."""
    colour = tuple(map(int, palette(style.colormap)[levels(np.array([share]))[0], 0]))
    cv2.polylines(picture, [arc(*ends)], False, colour, style.scale, cv2.LINE_AA, 4)
    cv2.circle(picture, tuple(map(int, (ends[1] * 16).round())), 32 * style.scale, colour, -1, cv2.LINE_AA, 4)


def arc(start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """int32 [POINTS + 1, 1, 2] in sixteenths of a pixel, bent to the left of the way."""
    along = stop - start
    control = (start + stop) / 2 + BEND * 2 * np.array([along[1], -along[0]])
    t = np.linspace(0, 1, POINTS + 1)[:, None]
    curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * control + t ** 2 * stop
    made: np.ndarray = (curve * 16).round().astype(np.int32)[:, None]
    return made
