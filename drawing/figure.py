"""A figure for a paper: rows of models and layers, columns of frames or glosses, one scale. No torch, no browser."""
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import matplotlib
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from drawing.joints import with_arcs
from drawing.overlay import overlay, palette
from drawing.view import View
from files.atomic import atomic_file
from geometry.joints import JointMap
from geometry.laid import LaidMap
from records.style import Style

WIDTHS = {"column": 3.3, "page": 6.9}       # inches
FORMATS = (".pdf", ".svg", ".png")
LABEL, TITLE, BAR, GAP = 0.95, 0.34, 0.34, 0.05     # inches: left of rows, above columns, below all, between pictures
FACE: Dict[str, Any] = {"font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"], "pdf.fonttype": 42,
                        "svg.fonttype": "none", "svg.hashsalt": "figure", "text.parse_math": False}
SMALL, TINY = 6.5, 5.5      # points
PLATE = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1.0}


@dataclass(frozen=True)
class Cell:
    laid: Optional[LaidMap]     # None: the model has no such gloss
    frame: int
    note: str = ""


@dataclass(frozen=True)
class Row:
    model: str                  # as its authors write it
    layer: str
    cells: Sequence[Cell]       # one for each column: models read a gloss at frames of their own


def write_figure(path: Path, frames: Mapping[int, np.ndarray], rows: Sequence[Row], columns: Sequence[str],
                 width: str, style: Style, scale: str) -> None:
    """frames: those of the cells, uint8 [H, W, 3]; columns: their titles; scale: in words what 1 stands for."""
    with matplotlib.rc_context(FACE):
        figure = _figure(frames, rows, columns, WIDTHS[width], style, scale)
        # No date in the file: the same figure is the same bytes.
        about = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}.get(path.suffix.lower())
        with atomic_file(path) as draft:
            figure.savefig(draft, dpi=300, metadata=about)


def _figure(frames: Mapping[int, np.ndarray], rows: Sequence[Row], columns: Sequence[str], width: float,
            style: Style, scale: str) -> Figure:
    """Pictures are embedded at their own resolution: as many pixels as the frames have."""
    height, across = next(iter(frames.values())).shape[:2]
    side = (width - LABEL - GAP * (len(columns) - 1)) / len(columns)
    tall = side * height / across
    total = TITLE + len(rows) * tall + (len(rows) - 1) * GAP + BAR
    figure = Figure(figsize=(width, total))
    for r, row in enumerate(rows):
        top = TITLE + r * (tall + GAP)
        middle = 1 - (top + tall / 2) / total
        name, layer = _in_lines(row.model, row.layer)
        figure.text((LABEL - 0.06) / width, middle, f"{name}\n{layer}", size=TINY, ha="right", va="center",
                    linespacing=1.25)
        for c, (title, cell) in enumerate(zip(columns, row.cells)):
            left = LABEL + c * (side + GAP)
            if r == 0:
                figure.text((left + side / 2) / width, 1 - (TITLE - 0.05) / total, title, size=SMALL,
                            ha="center", va="bottom", linespacing=1.2)
            axes = figure.add_axes((left / width, 1 - (top + tall) / total, side / width, tall / total))
            axes.set_axis_off()
            if cell.laid is not None:
                axes.imshow(picture(frames[cell.frame], cell.laid, cell.frame, style), interpolation="none",
                            aspect="auto")
            axes.text(0.03, 0.03, cell.note, size=TINY, va="bottom", transform=axes.transAxes, bbox=PLATE)
    _bar(figure, width, total, style, scale)
    return figure


def picture(frame: np.ndarray, laid: LaidMap, number: int, style: Style) -> np.ndarray:
    """A frame with what was seen of it in colour, and the map over it."""
    view = View.of(laid.extent)
    drawn = view.ground(frame, number).copy()
    if laid.spatial and view.sees(number) and not laid.void:
        top, bottom, left, right = view.box
        drawn[top:bottom, left:right] = overlay(drawn[top:bottom, left:right], laid.inside(number), style)
        if isinstance(laid, JointMap):
            drawn = with_arcs(drawn, laid, number, replace(style, scale=1))
    return drawn if view.whole(drawn) else view.edged(drawn, 1)


def _bar(figure: Figure, width: float, total: float, style: Style, scale: str) -> None:
    """One for all, under the pictures."""
    axes = figure.add_axes((LABEL / width, 0.17 / total, min(1.3, width - LABEL - 1.0) / width, 0.07 / total))
    axes.imshow(np.linspace(0, 1, 256)[None], cmap=ListedColormap(palette(style.colormap)[:, 0] / 255.0),
                aspect="auto", extent=(0, 1, 0, 1))
    axes.set_yticks([])
    axes.set_xticks([0, 1])
    axes.tick_params(labelsize=TINY, length=1.5, pad=1, width=0.4)
    for spine in axes.spines.values():
        spine.set_linewidth(0.4)
    axes.text(1.06, 0.5, scale, size=TINY, va="center", transform=axes.transAxes)


def _in_lines(model: str, layer: str) -> Tuple[str, str]:
    """A layer's name, broken after its dots where it is long."""
    lines: List[str] = []
    for part in layer.split("."):
        if lines and len(lines[-1]) + 1 + len(part) <= 16:
            lines[-1] += f".{part}"
        else:
            lines.append(part if not lines else f".{part}")
    return model, "\n".join(lines)
