"""A figure of parts: for each gloss or group a bar whose pieces are the parts' shares, below it their intervals."""
from typing import List, NamedTuple, Sequence, Tuple

import numpy as np

from drawing.figure_board import DARK, Board
from drawing.figure_text import BOLD, LINE, inches, lines
from drawing.parts_sheet import ABSENT, PartsSheet, Stack
from records.parts import BODY, FACE, HANDS, LEFT, MOUTH, REST, RIGHT, UPPER_FACE
from results.interval import Interval

# After Okabe and Ito (2008): told apart by those who are colour-blind, and in grey.
COLOURS = {RIGHT: "#0072b2", HANDS: "#0072b2", LEFT: "#56b4e9", MOUTH: "#d55e00", UPPER_FACE: "#e69f00",
           FACE: "#e69f00", BODY: "#009e73", REST: "#c4c7cc"}
ON_DARK = (RIGHT, HANDS, MOUTH, BODY)           # parts whose figures are written in white
BAR, AFTER, AFTER_BLOCK, GAP = 0.15, 0.07, 0.07, 0.08       # inches
LEVEL, TICK, SWATCH = 0.05, 0.045, 0.09
LABELS = 0.34           # of the width, at the most
STEPS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0)
MOST_TICKS = 6


class Scale(NamedTuple):
    """From shares or log-odds to inches."""

    left: float
    width: float
    low: float
    high: float

    def at(self, value: float) -> float:
        return self.left + (value - self.low) / (self.high - self.low) * self.width


class Piece(NamedTuple):
    """Of a bar: from zero outwards."""

    name: str
    start: float
    end: float
    interval: Interval


def lay_stacks(board: Board, sheet: PartsSheet) -> float:
    """Gives where they end."""
    y = _names(board, 0.0, sheet) + AFTER
    scale = _scale(board, sheet)
    for block in sheet.blocks:
        for line in lines(block.title, board.width, BOLD):
            board.text(0, y, line, bold=True)
            y += LINE
        for stack in block.stacks:
            y = _stack(board, y, stack, sheet, scale)
        y += AFTER_BLOCK
    return _axis(board, y - AFTER_BLOCK, sheet, scale)


def _names(board: Board, y: float, sheet: PartsSheet) -> float:
    """Which colour is which part."""
    x = 0.0
    for name in sheet.names:
        words = f"{name} ({ABSENT})" if name in sheet.absent else name
        wide = SWATCH + 0.04 + inches(words) + 0.14
        if x and x + wide > board.width:
            x, y = 0.0, y + LINE
        board.bar(x, y + (LINE - SWATCH) / 2, (SWATCH, SWATCH), COLOURS[name])
        board.text(x + SWATCH + 0.04, y, words)
        x += wide
    return y + LINE


def _scale(board: Board, sheet: PartsSheet) -> Scale:
    stacks = [stack for block in sheet.blocks for stack in block.stacks]
    words = [word for stack in stacks for word in (stack.label, stack.note)]
    left = min(LABELS * board.width, max(map(inches, words), default=0.0) + 0.02) + GAP
    ends = [end for stack in stacks for piece in _pieces(stack, sheet.names)
            for end in (piece.start, piece.end, *_whisker(piece))]
    low, high = min([0.0, *ends]), max([1.0 if sheet.shares else 0.0, *ends])
    spare = inches("100%") / 2          # half of the last tick's words is beyond it
    return Scale(left, board.width - left - spare, low, high if high > low else low + 1.0)


def _pieces(stack: Stack, names: Sequence[str]) -> List[Piece]:
    up, down, pieces = 0.0, 0.0, []
    for name, interval in zip(names, stack.parts):
        if stack.lacking or not np.isfinite(interval.value) or interval.value == 0:
            continue
        start = up if interval.value > 0 else down
        pieces.append(Piece(name, start, start + interval.value, interval))
        up, down = (start + interval.value, down) if interval.value > 0 else (up, start + interval.value)
    return pieces


def _whisker(piece: Piece) -> Tuple[float, ...]:
    """Where the end of a piece may lie, its start given; nothing without an interval."""
    ends = (piece.start + piece.interval.low, piece.start + piece.interval.high)
    return ends if np.isfinite(ends).all() else ()


def _stack(board: Board, y: float, stack: Stack, sheet: PartsSheet, scale: Scale) -> float:
    room = scale.left - GAP
    said = [*lines(stack.label, room), *(lines(stack.note, room) if stack.note else [])]
    for number, line in enumerate(said):
        board.text(0, y + number * LINE, line)
    bottom = y + len(said) * LINE
    if stack.lacking:
        lacking = lines(stack.lacking, scale.width)
        for number, line in enumerate(lacking):
            board.text(scale.left, y + number * LINE, line)
        return max(bottom, y + len(lacking) * LINE) + AFTER
    pieces = _pieces(stack, sheet.names)
    for piece in pieces:
        _piece(board, y, piece, sheet, scale)
    board.bar(scale.at(0.0) - 0.004, y - 0.02, (0.008, BAR + 0.04), DARK)
    return max(bottom, _whiskers(board, y + BAR + LEVEL, pieces, scale)) + AFTER


def _piece(board: Board, y: float, piece: Piece, sheet: PartsSheet, scale: Scale) -> None:
    left, right = sorted((scale.at(piece.start), scale.at(piece.end)))
    board.bar(left, y, (right - left, BAR), COLOURS[piece.name], edge=True)
    words = f"{piece.interval.value:.0%}" if sheet.shares else f"{piece.interval.value:+.1f}"
    if inches(words) + 0.02 < right - left:
        board.text((left + right) / 2, y + (BAR - LINE) / 2, words, "center",
                   colour="white" if piece.name in ON_DARK else DARK)


def _whiskers(board: Board, y: float, pieces: Sequence[Piece], scale: Scale) -> float:
    """A line for each interval in its part's colour, on the first level where it meets no other."""
    taken: List[float] = []
    for piece in pieces:
        ends = _whisker(piece)
        if not ends:
            continue
        left, right = (scale.at(end) for end in ends)
        right = max(right, left + 0.01)
        level = next((number for number, end in enumerate(taken) if end + 0.02 <= left), len(taken))
        taken[level:level + 1] = [right]
        board.line(left, right, y + level * LEVEL, 1.6, COLOURS[piece.name])
        board.bar(scale.at(piece.end) - 0.004, y + level * LEVEL - TICK / 2, (0.008, TICK), DARK)
    return y + len(taken) * LEVEL


def _axis(board: Board, y: float, sheet: PartsSheet, scale: Scale) -> float:
    step = next((candidate for candidate in STEPS if (scale.high - scale.low) / candidate <= MOST_TICKS), STEPS[-1])
    board.line(scale.left, scale.left + scale.width, y, 0.6)
    for number in range(int(np.ceil(scale.low / step - 1e-9)), int(np.floor(scale.high / step + 1e-9)) + 1):
        value = number * step
        board.bar(scale.at(value) - 0.003, y, (0.006, TICK), DARK)
        board.text(scale.at(value), y + TICK, f"{value:.0%}" if sheet.shares else f"{value:g}", "center")
    y += TICK + LINE
    for line in lines(sheet.axis, scale.width):
        board.text(scale.left, y, line)
        y += LINE
    return y
