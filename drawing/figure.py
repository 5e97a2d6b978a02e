"""A figure for a paper, written. No torch, no browser."""
from pathlib import Path
from typing import Callable, List, Mapping

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from drawing.figure_board import Board
from drawing.figure_legend import legend
from drawing.figure_rows import lay_rows
from drawing.figure_sheet import WIDTHS, Sheet
from drawing.figure_text import font_faces, settings
from drawing.part_stacks import lay_stacks
from drawing.parts_sheet import PartsSheet
from files.atomic import atomic_file
from files.overwrite_guard import FIGURE

FORMATS = (".pdf", ".svg", ".png")
DPI = 300


def write_figure(path: Path, frames: Mapping[int, np.ndarray], sheet: Sheet) -> None:
    """frames: those of the cells, uint8 [H, W, 3]."""
    _write(path, sheet.words(), sheet.width, lambda board, smooth: drawn(board, frames, sheet, smooth))


def write_stacks(path: Path, sheet: PartsSheet) -> None:
    _write(path, sheet.words(), sheet.width, lambda board, smooth: board.figure(lay_stacks(board, sheet), smooth))


def _write(path: Path, words: List[str], width: str, draw: Callable[[Board, bool], Figure]) -> None:
    kind = path.suffix.lower()
    with matplotlib.rc_context(settings(words)):
        board = Board(WIDTHS[width])
        figure = draw(board, kind == ".png")
        # No date in the file: the same figure is the same bytes.
        about = {"Keywords": FIGURE, **{".pdf": {"CreationDate": None}, ".svg": {"Date": None}}.get(kind, {})}
        with atomic_file(path) as draft:
            figure.savefig(draft, dpi=DPI, metadata=about, format=kind[1:])
            if kind == ".svg":
                _bring_fonts(draft, board.texts)


def drawn(board: Board, frames: Mapping[int, np.ndarray], sheet: Sheet, smooth: bool) -> Figure:
    """smooth: pictures are resampled to the figure's pixels."""
    below = lay_rows(board, sheet, frames)
    return board.figure(legend(board, below, sheet), smooth)


def _bring_fonts(svg: Path, texts: List[str]) -> None:
    head, svg_tag, rest = svg.read_text(encoding="utf-8").partition("<defs>")
    svg.write_text(f"{head}{svg_tag}<style>{font_faces(texts)}</style>{rest}", encoding="utf-8")
