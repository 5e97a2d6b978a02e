"""Pictures of maps whose cells are joints: joints by time; who takes from whom, as arcs over a frame and a matrix."""
from typing import List, Tuple

import numpy as np
from PIL import Image, ImageDraw

from drawing.arcs import draw_arc
from drawing.overlay import Style, levels, palette
from drawing.text import DIM, INK, PANEL, font
from geometry.joints import JointMap
from geometry.skeleton import name_of

ARCS = 12               # the strongest pairs that are drawn over a frame
LABELS, MARGIN, TITLE = 132, 10, 24
ROW, ACROSS = 10, 480   # pixels of a joint's row, and of all frames
SIDE, LEAST_CELL = 640, 11      # of the matrix of joints, about; a row holds a name


def strip_of(laid: JointMap, width: int, height: int, style: Style) -> np.ndarray:
    """uint8 [height, width, 3]: joints by time, a row a joint; where rows are fewer the larger of those that share."""
    values = laid.over_time().T                                             # [J, T]
    if len(values) > height:
        edges = np.arange(height) * len(values) // height
        values = np.maximum.reduceat(values, edges, axis=0)
    rows, columns = (np.arange(size) * count // size for size, count in zip((height, width), values.shape))
    colours: np.ndarray = palette(style.colormap)[levels(values), 0][rows][:, columns]
    return colours


def joints_picture(laid: JointMap, style: Style) -> np.ndarray:
    """Joints by time, with their names: uint8 [H, W, 3] RGB."""
    names = [name_of(int(number)) for number in laid.joints.numbers]
    wide = max(ACROSS, len(laid))
    board = Image.new("RGB", (LABELS + wide + MARGIN, TITLE + ROW * len(names) + 2 * MARGIN), PANEL)
    board.paste(Image.fromarray(strip_of(laid, wide, ROW * len(names), style)), (LABELS, TITLE))
    pen, small = ImageDraw.Draw(board), font(9)
    for row, name in enumerate(names):
        pen.text((LABELS - 6, TITLE + ROW * row + ROW // 2), name, DIM, small, anchor="rm")
    pen.text((LABELS, 6), f"frames 0 to {len(laid) - 1} \u2192", INK, font(11))
    return np.asarray(board)


def exchange_picture(matrix: np.ndarray, numbers: np.ndarray, style: Style) -> np.ndarray:
    """matrix [J, J] -> uint8 [H, W, 3]: a row a joint that takes, a column a joint that it takes from."""
    names = [name_of(int(number)) for number in numbers]
    cell = max(LEAST_CELL, round(SIDE / len(names)))
    shades = palette(style.colormap)[levels(matrix / (float(matrix.max()) or 1.0)), 0]
    square = Image.fromarray(np.repeat(np.repeat(shades, cell, 0), cell, 1))
    board = Image.new("RGB", (LABELS + square.width + MARGIN, LABELS + square.height + 2 * TITLE), PANEL)
    board.paste(square, (LABELS, LABELS))
    pen, small = ImageDraw.Draw(board), font(min(9, cell + 1))
    for at, name in enumerate(names):
        pen.text((LABELS - 6, LABELS + cell * at + cell // 2), name, DIM, small, anchor="rm")
        upright = Image.new("RGB", (LABELS - 6, cell), PANEL)
        ImageDraw.Draw(upright).text((0, cell // 2), name, DIM, small, anchor="lm")
        board.paste(upright.rotate(90, expand=True), (LABELS + cell * at, 0))
    below = LABELS + square.height
    pen.text((LABELS, below + 4), "rows: the joint that takes; columns: the one it takes from", INK, font(11))
    pen.text((LABELS, below + 4 + TITLE // 2 + 4),
             "one for the whole clip: who is mixed with whom, not when, and not what decided a gloss", INK, font(11))
    return np.asarray(board)


def strongest(matrix: np.ndarray, count: int = ARCS) -> List[Tuple[int, int, float]]:
    """(from, to, share of the strongest) of the pairs of different joints that exchange most, the weakest first."""
    others = np.where(np.eye(len(matrix), dtype=bool), 0, matrix)
    order = np.argsort(others, axis=None, kind="stable")[::-1][:count]
    top = float(others.max())
    cells = [(int(at % len(matrix)), int(at // len(matrix)), float(others.flat[at]) / top) for at in order if top > 0]
    return [cell for cell in cells[::-1] if cell[2] > 0]


def with_arcs(picture: np.ndarray, laid: JointMap, frame: int, style: Style) -> np.ndarray:
    """In place: who takes most from whom, on a frame enlarged by the style's scale; a dot marks the one that takes."""
    if laid.matrix is None or not laid.sees(frame):
        return picture
    points = (laid.joints.points[frame].astype(np.float64) + 0.5) * style.scale - 0.5
    bounds = np.array(picture.shape[1::-1])
    for one, other, share in strongest(laid.matrix):
        ends = points[[one, other]]
        if np.isfinite(ends).all() and (np.abs(ends) < 4 * bounds).all():
            draw_arc(picture, ends, share, style)
    return picture
