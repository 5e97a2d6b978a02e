"""Pictures of maps of joints: by time, as arcs and as a matrix."""
import numpy as np
import pytest

from drawing.arcs import arc
from drawing.joints import LABELS, TITLE, exchange_picture, joints_picture, strip_of, strongest, with_arcs
from drawing.layer import LayerPictures
from drawing.overlay import Style, palette
from drawing.strips import STRIP, UNSEEN, strip
from drawing.text import font
from geometry.joints import JointMap
from geometry.laid import Extent
from reports.quantised_map import knots
from tests.kit.maps import joint_map

SIZE = (6, 64, 80)
POINTS = np.tile(np.array([(10, 20), (60, 20), (40, 50)], np.float32), (6, 1, 1))
NUMBERS = (5, 7, 9)         # shoulder, elbow, wrist


def some(matrix: bool = False) -> JointMap:
    values = np.zeros((6, 3))
    values[2, 1] = 1
    exchange = np.array([[9, 1, 0], [3, 9, 0], [0, 2, 9.0]]) if matrix else None
    return joint_map(values, POINTS, NUMBERS, SIZE, exchange)


def test_a_strip_has_a_row_for_each_joint_and_a_column_for_each_frame() -> None:
    colours = strip_of(some(), 60, 30, Style())
    hot = (colours == palette("turbo")[255, 0]).all(2)
    assert colours.shape == (30, 60, 3) and hot[10:20, 20:30].all() and hot.sum() == 100
    assert (strip(some(), 60, Style())[:STRIP].shape) == (STRIP, 60, 3)


def test_where_joints_share_a_row_the_larger_is_seen() -> None:
    values = np.zeros((6, 3))
    values[:, 2] = 1
    colours = strip_of(joint_map(values, POINTS, NUMBERS, SIZE), 6, 2, Style())
    assert (colours[1] == palette("turbo")[255, 0]).all() and not (colours[0] == palette("turbo")[255, 0]).all()


def test_frames_that_were_not_seen_are_hatched() -> None:
    cut = joint_map(np.ones((6, 3)), POINTS, NUMBERS, SIZE)
    half = JointMap(cut.raw, cut.cells, Extent(SIZE, (0, 3), cut.extent.box), cut.lows[:3], cut.highs[:3])
    hatched = (strip(half, 60, Style()) == UNSEEN).all(2).any(0)
    assert not hatched[:30].any() and hatched[30:].any()


def test_the_strongest_pairs_are_of_different_joints_from_giver_to_taker() -> None:
    matrix = some(matrix=True).matrix
    assert matrix is not None
    assert strongest(matrix, 2) == [(1, 2, pytest.approx(2 / 3)), (0, 1, 1.0)]
    assert len(strongest(matrix)) == 3 and strongest(np.zeros((3, 3))) == []


def test_arcs_run_from_the_giver_to_a_dot_at_the_taker() -> None:
    grey = np.full((64, 80, 3), 120, np.uint8)
    drawn = with_arcs(grey.copy(), some(matrix=True), 0, Style())
    touched = (drawn != grey).any(2)
    assert touched[19:22, 59:62].all() and touched[49:52, 39:42].all()      # elbow, wrist
    assert (with_arcs(grey.copy(), some(), 0, Style()) == grey).all()
    curve = arc(np.array([10.0, 20]), np.array([60.0, 20]))[:, 0] / 16
    assert curve[0].tolist() == [10, 20] and curve[-1].tolist() == [60, 20] and abs(curve[12, 1] - 20) == 10


def test_overlays_have_discs_and_arcs() -> None:
    grey = np.full((64, 80, 3), 120, np.uint8)
    for matrix, more in ((False, False), (True, True)):
        drawn = LayerPictures(some(matrix), (), Style()).draw(2, grey)
        changed = (drawn != grey).any(2)
        assert changed[20, 60] and changed[20, 10] == more      # the disc of the elbow; what it takes from the shoulder


def test_pictures_with_names_are_large_enough_for_them() -> None:
    assert joints_picture(some(), Style()).shape == (24 + 30 + 20, 132 + 480 + 10, 3)
    matrix = some(matrix=True).matrix
    assert matrix is not None
    picture = exchange_picture(matrix, np.array(NUMBERS), Style())
    cell = 213
    assert picture.shape == (132 + 3 * cell + 48, 132 + 3 * cell + 10, 3)
    hottest = (picture == palette("turbo")[255, 0]).all(2)
    assert all(hottest[132 + extent * cell + 5, 132 + extent * cell + 5] for extent in range(3))
    assert not hottest[132 + 5, 132 + cell + 5]


def test_the_page_gets_each_frame_s_drawing_at_half_size() -> None:
    made = some()
    quantised = knots(made)
    layout = quantised.layout()
    assert quantised.values.shape == (6, 32, 40) and layout["down"] == [0.5, 2.0]
    assert [first + weight for first, weight in zip(layout["first"], layout["weight"])] == list(range(6))
    means = made.at(2).astype(float).reshape(32, 2, 40, 2).mean((1, 3))
    np.testing.assert_allclose(quantised.values[2] / 255, means, atol=0.005)
    assert (layout["low"], layout["high"]) == (0.0, 1.0)


def test_names_of_many_joints_do_not_lie_on_each_other() -> None:
    count = 79
    picture = exchange_picture(np.ones((count, count), np.float32), np.arange(count), Style())
    rows = (picture.shape[0] - LABELS - 2 * TITLE) / count
    assert rows >= sum(font(9).getmetrics()) - 1
