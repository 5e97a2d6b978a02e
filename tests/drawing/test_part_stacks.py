"""Where the pieces of a stacked bar lie, and the scale that they lie on."""
import pytest

from drawing.figure_board import Board
from drawing.part_stacks import _pieces, _scale, _whisker
from drawing.parts_sheet import Block, PartsSheet, Stack
from records.parts import PARTS
from results.interval import Interval

NAMES = PARTS[6]


def stack(*values: float) -> Stack:
    return Stack("REGEN", "right", [Interval(value, value - 0.1, value + 0.2) for value in values])


def test_pieces_go_outwards_from_zero_on_either_side() -> None:
    pieces = _pieces(stack(0.5, -0.2, 0.4, -0.3, 0, -0.1), NAMES)
    assert [(piece.name, pytest.approx(piece.start), pytest.approx(piece.end)) for piece in pieces] == [
        (NAMES[0], 0, 0.5), (NAMES[1], 0, -0.2), (NAMES[2], 0.5, 0.9), (NAMES[3], -0.2, -0.5),
        (NAMES[5], -0.5, -0.6)]


def test_an_interval_lies_where_its_piece_ends() -> None:
    pieces = _pieces(stack(0.5, 0.3, 0, 0, 0, 0), NAMES)
    assert _whisker(pieces[1]) == pytest.approx((0.5 + 0.2, 0.5 + 0.5))
    alone = Stack("REGEN", "", [Interval(0.5, float("nan"), float("nan"))])
    assert _whisker(_pieces(alone, NAMES[:1])[0]) == ()


@pytest.mark.parametrize("shares, high", [(True, 1.0), (False, 0.6)])
def test_shares_are_drawn_on_a_scale_up_to_the_whole(shares: bool, high: float) -> None:
    sheet = PartsSheet((Block("SlowFastSign", (stack(0.2, 0.2, 0, 0, 0, 0),)),), NAMES, shares, "axis")
    scale = _scale(Board(3.3), sheet)
    assert (scale.low, scale.high) == (0.0, pytest.approx(high))
    assert scale.at(0.0) == scale.left and scale.at(scale.high) == pytest.approx(scale.left + scale.width)
