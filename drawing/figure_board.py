"""What lies on a figure, in inches from the top left. How tall it is shows when all is laid."""
from typing import Callable, List, Optional, Tuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon

from drawing.figure_text import BASELINE, POINTS

DARK = "#16181d"
MARGIN = 0.02           # inches, so that no line at the edge loses half of its width
Put = Callable[[Figure], None]


class Board:
    """Of what is left within its margins."""

    def __init__(self, width: float) -> None:
        """width: of all of the figure, in inches."""
        self.width = width - 2 * MARGIN
        self._parts: List[Put] = []
        self.texts: List[str] = []

    def text(self, x: float, y: float, words: str, align: str = "left", bold: bool = False, colour: str = DARK) -> None:
        """A line of words whose top is y."""
        self.texts.append(words)
        self._parts.append(lambda figure: _nothing(figure.text(
            *self._at(figure, x, y + BASELINE), words, size=POINTS, ha=align, va="baseline", color=colour,
            weight="bold" if bold else "normal")))

    def image(self, x: float, y: float, size: Tuple[float, float], pixels: np.ndarray, edge: bool = False) -> None:
        """size: width and height."""
        def put(figure: Figure) -> None:
            left, bottom = self._at(figure, x, y + size[1])
            axes = figure.add_axes((left, bottom, size[0] / figure.get_figwidth(), size[1] / figure.get_figheight()))
            axes.set_axis_off()
            axes.imshow(pixels, interpolation=self._interpolation, aspect="auto")
            if edge:
                axes.add_patch(Polygon([(0, 0), (1, 0), (1, 1), (0, 1)], closed=True, fill=False, edgecolor=DARK,
                                       linewidth=0.4, transform=axes.transAxes, clip_on=False))
        self._parts.append(put)

    def bar(self, x: float, y: float, size: Tuple[float, float], colour: str, edge: bool = False) -> None:
        """size: width and height. edge: with a thin white line around it, so that bars side by side stay apart."""
        corners = [(x, y), (x + size[0], y), (x + size[0], y + size[1]), (x, y + size[1])]
        self._parts.append(lambda figure: _nothing(figure.add_artist(Polygon(
            [self._at(figure, *corner) for corner in corners], closed=True, facecolor=colour,
            edgecolor="white" if edge else "none", linewidth=0.4 if edge else 0))))

    def line(self, x: float, end: float, y: float, points: float = 1.2, colour: str = DARK) -> None:
        def put(figure: Figure) -> None:
            (left, level), (right, _) = self._at(figure, x, y), self._at(figure, end, y)
            figure.add_artist(Line2D([left, right], [level, level], color=colour, linewidth=points,
                                     solid_capstyle="butt"))
        self._parts.append(put)

    def arrow(self, x: float, y: float, side: float) -> None:
        """A small triangle that points down, its tip at (x, y + side)."""
        corners = [(x - side / 2, y), (x + side / 2, y), (x, y + side)]
        self._parts.append(lambda figure: _nothing(figure.add_artist(Polygon(
            [self._at(figure, *corner) for corner in corners], closed=True, color=DARK, linewidth=0))))

    def figure(self, height: float, smooth: bool) -> Figure:
        """smooth: pictures are resampled to its pixels, which a PNG needs; else they are embedded as they are."""
        self._interpolation: Optional[str] = "antialiased" if smooth else "none"
        made = Figure(figsize=(self.width + 2 * MARGIN, height + 2 * MARGIN))
        for put in self._parts:
            put(made)
        return made

    def _at(self, figure: Figure, x: float, y: float) -> Tuple[float, float]:
        return (x + MARGIN) / figure.get_figwidth(), 1 - (y + MARGIN) / figure.get_figheight()


def _nothing(_made: object) -> None:
    """What matplotlib gives back is not needed."""
