"""Where everything of a figure lies but its legend: titles, then for each row its label, pictures, notes and strip."""
from typing import List, Mapping, Optional, Sequence, Tuple

import numpy as np

from drawing.figure_board import Board
from drawing.figure_picture import picture, strip_picture, times_for
from drawing.figure_sheet import Cell, Row, Sheet
from drawing.figure_text import BOLD, LINE, REGULAR, inches, lines
from geometry.joints import JointMap
from geometry.laid import LaidMap
from records.transcript import Range

GAP, AFTER_ROW, AFTER_BLOCK = 0.05, 0.07, 0.1       # inches: between pictures, rows, and blocks of rows
ARROW, SPAN = 0.06, 0.05                            # room above a strip for arrows, below it for a gloss's line
LOW, HIGH = 0.13, 0.3                               # strips: of the mean of a map over space, of a map over time
THINNEST = 0.02                                     # of the line of a gloss


def lay_rows(board: Board, sheet: Sheet, frames: Mapping[int, np.ndarray]) -> float:
    """Gives where they end. Columns that find no room beside the others go on below, with all rows."""
    y, side = 0.0, _side(board, sheet)
    for first in range(0, len(sheet.titles), sheet.columns):
        block = range(first, min(first + sheet.columns, len(sheet.titles)))
        y = _words(board, y, [lines(sheet.titles[column], side, BOLD) for column in block], side, bold=True)
        for row in sheet.rows:
            y = _row(board, y, row, sheet, [row.cells[column] for column in block], frames)
        y += AFTER_BLOCK
    return y - AFTER_BLOCK


def _side(board: Board, sheet: Sheet) -> float:
    """How wide a picture is."""
    beside = min(sheet.columns, len(sheet.titles))
    return (board.width - GAP * (beside - 1)) / beside


def _row(board: Board, y: float, row: Row, sheet: Sheet, cells: Sequence[Cell], frames: Mapping[int, np.ndarray]
         ) -> float:
    side = _side(board, sheet)
    for line in lines(row.label, board.width):
        board.text(0, y, line)
        y += LINE
    if any(cell.laid is not None and cell.laid.spatial for cell in cells):
        y = _pictures(board, y, sheet, cells, frames)
    y = _words(board, y, [lines(cell.note, side, REGULAR) for cell in cells], side)
    if sheet.one_map:
        shown = [cell.frame for cell in cells]
        y = _strip(board, (0, y, board.width), cells[0].laid, shown, [span for _, span in row.read], sheet)
        y = _glosses(board, y, row.read, len(_there(cells[0].laid)))
    else:
        ends = [_strip(board, (_left(column, side), y, side), cell.laid, [cell.frame],
                       [cell.span] if cell.span else [], sheet) for column, cell in enumerate(cells)]
        y = max(ends)
    return y + AFTER_ROW


def _left(column: int, side: float) -> float:
    return column * (side + GAP)


def _words(board: Board, y: float, columns: Sequence[List[str]], side: float, bold: bool = False) -> float:
    """Lines over each column, their last ones level."""
    most = max(map(len, columns))
    for column, said in enumerate(columns):
        for number, line in enumerate(said, start=most - len(said)):
            board.text(_left(column, side) + side / 2, y + number * LINE, line, "center", bold)
    return y + most * LINE


def _pictures(board: Board, y: float, sheet: Sheet, cells: Sequence[Cell], frames: Mapping[int, np.ndarray]) -> float:
    side = _side(board, sheet)
    height, width = next(iter(frames.values())).shape[:2]
    size, times = (side, side * height / width), times_for(side, width)
    for column, cell in enumerate(cells):
        if cell.laid is not None:
            drawn = picture(frames[cell.frame], cell.laid, cell.frame, sheet.style, times, sheet.bicubic)
            board.image(_left(column, side), y, size, drawn)
    return y + size[1] + 0.02


def _strip(board: Board, at: Tuple[float, float, float], laid: Optional[LaidMap], shown: Sequence[int],
           spans: Sequence[Range], sheet: Sheet) -> float:
    """at: left, top, width. An arrow above each frame shown, a line below each gloss's frames."""
    left, top, width = at
    if laid is None:
        return top
    high = LOW if laid.spatial and not isinstance(laid, JointMap) else HIGH
    board.image(left, top + ARROW, (width, high), strip_picture(laid, width, high, sheet.style), edge=True)
    for frame in shown:
        board.arrow(left + (frame + 0.5) / len(laid) * width, top, ARROW)
    for start, stop in spans:
        begin, end = (left + frame / len(laid) * width for frame in (start, stop))
        board.line(begin, max(end, begin + THINNEST), top + ARROW + high + SPAN / 2)
    return top + ARROW + high + SPAN


def _glosses(board: Board, y: float, read: Sequence[Tuple[str, Range]], frames: int) -> float:
    """Their names under their lines, each as near to it as the others leave room for; none where they find no room."""
    widths = [inches(gloss) + 0.06 for gloss, _ in read]
    if not read or sum(widths) > board.width:
        return y
    centres = [sum(span) / 2 / frames * board.width for _, span in read]
    lefts: List[float] = []
    for centre, width in zip(centres, widths):
        lefts.append(max(centre - width / 2, lefts[-1] + widths[len(lefts) - 1] if lefts else 0.0))
    end = board.width
    for number in reversed(range(len(lefts))):
        lefts[number] = min(lefts[number], end - widths[number])
        end = lefts[number]
    for (gloss, _), left, width in zip(read, lefts, widths):
        board.text(left + width / 2, y, gloss, "center")
    return y + LINE


def _there(laid: Optional[LaidMap]) -> LaidMap:
    assert laid is not None         # where all cells are of one map, there is one
    return laid
