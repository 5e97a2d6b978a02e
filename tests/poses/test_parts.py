"""Where a clip's parts lie: by keypoints, by who is in front, and by what moves while a hand is lost."""
import numpy as np

from poses.parts import between, lost, moves, part_labels, touching
from records.parts import BODY, LEFT, MOUTH, PARTS, REST, RIGHT, UPPER_FACE
from tests.kit.parted import points

BLACK = np.zeros((5, 64, 64, 3), np.uint8)


def keypoints() -> np.ndarray:
    return np.repeat(points()[None], 5, axis=0)


def at(labels: np.ndarray, x: float, y: float) -> str:
    """The part at a place in pixels of 210 x 260."""
    return PARTS[6][labels[int(y * 64 / 260), int(x * 64 / 210)]]


def test_each_part_lies_where_its_keypoints_are() -> None:
    labels, seen = part_labels(keypoints(), BLACK, 6)
    parts = {at(labels[0], *point) for point in [(35, 215)]}
    assert seen.all() and parts == {RIGHT}
    assert [at(labels[0], *point) for point in [(175, 215), (105, 76), (105, 50), (105, 180), (5, 5), (105, 30)]] == [
        LEFT, MOUTH, UPPER_FACE, BODY, REST, UPPER_FACE]


def test_of_four_parts_hands_are_one_and_the_face_is_one() -> None:
    six, _ = part_labels(keypoints(), BLACK, 6)
    four, _ = part_labels(keypoints(), BLACK, 4)
    for ours, theirs in ((["hands"], [RIGHT, LEFT]), (["face"], [MOUTH, UPPER_FACE]), ([BODY], [BODY])):
        np.testing.assert_array_equal(np.isin(four, [PARTS[4].index(name) for name in ours]),
                                      np.isin(six, [PARTS[6].index(name) for name in theirs]))


def test_what_overlaps_belongs_to_what_is_in_front() -> None:
    """A hand before the face hides the mouth, and a forearm the cheek."""
    raised = keypoints()
    raised[:, 112:133, :2] = np.stack([np.linspace(95, 115, 21), np.linspace(66, 86, 21)], 1)
    raised[:, 10, :2], raised[:, 8, :2] = (100, 90), (60, 130)
    labels, _ = part_labels(raised, BLACK, 6)
    assert at(labels[0], 105, 76) == RIGHT and at(labels[0], 90, 97) == BODY


def test_a_hand_that_is_lost_lies_between_where_it_is_found() -> None:
    moved = keypoints()
    moved[:, 112:133, 0] += np.array([0, 500, 500, 500, 40])[:, None]
    moved[1:4, 112:133, 2] = 0.3
    assert lost(moved).tolist() == [[False, gone] for gone in (False, True, True, True, False)]
    expected = moved[0, 112:133, 0] + np.array([[0], [10], [20], [30], [40]])
    np.testing.assert_allclose(between(moved)[:, 112:133, 0], expected, atol=1e-3)
    np.testing.assert_array_equal(between(moved)[:, 91:112], moved[:, 91:112])


def test_a_hand_that_is_never_found_stays_lost() -> None:
    never = keypoints()
    never[:, 112:133, 2] = 0.1
    assert not lost(never).any()
    np.testing.assert_array_equal(between(never), never)


def test_while_a_hand_is_lost_what_moves_and_touches_the_signer_is_an_arm() -> None:
    gone = keypoints()
    gone[2, 112:133, 2] = 0.1
    frames = BLACK.copy()
    frames[2:4, 40:47, :13] = 255                   # beside the right arm; in the next frame too, where none is lost
    frames[2, :3, :3] = 255                         # on its own in the corner
    labels, _ = part_labels(gone, frames, 6)
    assert PARTS[6][labels[2, 43, 1]] == BODY and PARTS[6][labels[3, 43, 1]] == REST
    assert PARTS[6][labels[2, 1, 1]] == REST


def test_what_moves_differs_from_what_it_is_most_of_the_time() -> None:
    frames = BLACK.copy()
    frames[3, 10, 20] = 200
    assert list(zip(*np.nonzero(moves(frames)))) == [(3, 10, 20)]


def test_touching_is_hanging_together_with_what_is_beside() -> None:
    signer, cells = np.zeros((64, 64), bool), np.zeros((64, 64), bool)
    signer[:, :5] = True
    cells[10, 5:9] = cells[20, 6:9] = True          # the second is a cell away
    assert list(zip(*np.nonzero(touching(cells, signer)))) == [(10, column) for column in range(5, 9)]
