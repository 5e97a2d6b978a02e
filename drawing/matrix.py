"""What each frame takes from each, as one picture: a row a frame, a column a frame that it takes from."""
import numpy as np
from PIL import Image, ImageDraw

from drawing.joints import exchange_picture
from drawing.overlay import levels, palette
from drawing.text import DIM, INK, PANEL, font
from geometry.joints import JointMap
from geometry.laid import LaidMap
from records.style import Style

SIDE = 420          # pixels of the square, about
MARGIN = 34
TICKS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000)


def matrix_of(laid: LaidMap, style: Style) -> np.ndarray:
    """Who takes from whom: frames, or joints."""
    assert laid.matrix is not None
    if isinstance(laid, JointMap):
        return exchange_picture(laid.matrix, laid.joints.numbers, style)
    return matrix_picture(laid.matrix, style)


def matrix_picture(shares: np.ndarray, style: Style) -> np.ndarray:
    """shares [T, T] -> uint8 [H, W, 3] RGB. A frame takes most from itself: what others give sets the scale."""
    count = len(shares)
    others = shares[~np.eye(count, dtype=bool)]
    top = float(others.max()) if others.size and others.max() > 0 else float(shares.max()) or 1.0
    colours = palette(style.colormap)[levels(np.clip(shares / top, 0, 1)), 0]
    cell = max(1, round(SIDE / count))
    square = np.repeat(np.repeat(colours, cell, 0), cell, 1)
    side = len(square)
    board = Image.new("RGB", (MARGIN + side + 12, MARGIN + side + 24), PANEL)
    board.paste(Image.fromarray(square), (MARGIN, MARGIN))
    pen, face = ImageDraw.Draw(board), font(11)
    every = next((tick for tick in TICKS if tick * cell >= 32), TICKS[-1])
    for frame in range(0, count, every):
        middle = MARGIN + frame * cell + cell // 2
        pen.text((middle, MARGIN - 5), str(frame), DIM, face, anchor="mb")
        pen.text((MARGIN - 5, middle), str(frame), DIM, face, anchor="rm")
    pen.text((MARGIN, 3), "taken from frame \u2192", INK, face)
    caption = f"rows: the frame that takes; hottest: {100 * top:.2g}% of what it takes"
    pen.text((MARGIN, MARGIN + side + 5), caption, INK, face)
    return np.asarray(board)
