"""The colours of a figure from 0 to 1, and in words what these are, under the pictures."""
import numpy as np

from drawing.figure_board import Board
from drawing.figure_sheet import Sheet
from drawing.figure_text import LINE, inches, lines
from drawing.overlay import palette

WIDE, HIGH, GAP, ABOVE = 0.9, 0.08, 0.05, 0.04     # inches


def legend(board: Board, y: float, sheet: Sheet) -> float:
    """Lays it out from y on; gives where it ends."""
    y += ABOVE
    start = inches("0") + GAP
    words = start + WIDE + GAP + inches("1") + 3 * GAP
    ramp = palette(sheet.style.colormap)[None, :, 0]
    board.text(0, y, "0")
    board.image(start, y + (LINE - HIGH) / 2, (WIDE, HIGH), np.repeat(ramp, 16, axis=0), edge=True)
    board.text(start + WIDE + GAP, y, "1")
    said = lines(sheet.legend, board.width - words)
    for number, line in enumerate(said):
        board.text(words, y + number * LINE, line)
    return y + max(1, len(said)) * LINE
