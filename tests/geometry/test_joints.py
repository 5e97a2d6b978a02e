"""A map of joints lies where its keypoints are, and counts by joint."""
from typing import Any, Tuple

import numpy as np
import pytest

from geometry.joints import LARGE_DISC, SMALL_DISC, JointMap, laid_map
from geometry.laid import Cells, Extent
from geometry.skeleton import Joints, name_of
from tests.kit.maps import joint_map

SIZE = (4, 100, 80)         # frames, height, width


def at(*spots: Tuple[float, float]) -> np.ndarray:
    """The same on each frame, float32 [T, J, 2]"""
    return np.tile(np.array(spots, np.float32), (SIZE[0], 1, 1))


def test_the_highest_place_is_the_strongest_joint_s_within_the_frame() -> None:
    made = joint_map(np.array([[0.25, 1.0]] * 4), at((20, 30), (60, 70)), (7, 100), SIZE)
    assert made.peak(1, 3) == 1 and made.highest(1) == (70, 60)
    beyond = joint_map(np.array([[0.25, 1.0]] * 4), at((20, 30), (-9, 7000)), (7, 100), SIZE)
    assert beyond.highest(0) == (SIZE[1] - 1, 0)


def test_each_joints_disc_is_as_bright_as_its_value_and_all_else_is_dark() -> None:
    made = joint_map(np.array([[0.25, 1.0]] * 4), at((20, 30), (60, 70)), (7, 100), SIZE)
    drawn = made.at(1).astype(float)
    assert drawn.shape == SIZE[1:]
    assert drawn[30, 20] == pytest.approx(0.25, abs=0.005) and drawn[70, 60] == 1 and drawn[50, 40] == 0
    rows, columns = np.indices(SIZE[1:])
    for (x, y), radius in (((20, 30), LARGE_DISC), ((60, 70), SMALL_DISC)):
        near = np.hypot(columns - x, rows - y) <= radius * SIZE[1] + 2
        assert drawn[near].any()
        drawn[near] = 0
    assert not drawn.any()


def test_discs_follow_the_keypoints_from_frame_to_frame() -> None:
    points = at((20, 30))
    points[:, 0, 0] += 10 * np.arange(4)
    made = joint_map(np.ones((4, 1)), points, (9,), SIZE)
    assert [int(made.at(frame)[30].astype(float).argmax()) for frame in range(4)] == pytest.approx(
        [20, 30, 40, 50], abs=2)


def test_a_limb_has_the_lesser_value_of_its_two_ends() -> None:
    made = joint_map(np.array([[0.5, 1.0]] * 4), at((10, 50), (70, 50)), (7, 9), SIZE)      # elbow and wrist
    assert float(made.at(0)[50, 40]) == pytest.approx(0.5, abs=0.06) and made.at(0)[50, 70] > 0.9
    apart = joint_map(np.array([[0.5, 1.0]] * 4), at((10, 50), (70, 50)), (7, 10), SIZE)    # of two arms
    assert apart.at(0)[50, 40] == 0


def test_where_discs_overlap_the_larger_value_is_seen() -> None:
    for values in ((0.2, 0.9), (0.9, 0.2)):
        made = joint_map(np.array([values] * 4), at((40, 50), (40, 50)), (100, 101), SIZE)
        assert float(made.at(0).max()) == pytest.approx(0.9, abs=0.005)
        assert float(made.at(0)[50, 40]) == pytest.approx(0.9, abs=0.005)


def test_values_between_steps_lie_between() -> None:
    cells = Cells(np.array([0.0, 2.0]), joints=Joints(np.array([9]), at((40, 50))))
    made = laid_map(np.array([[0], [1]], np.float32), cells, Extent(SIZE, (0, 3), (0, 100, 0, 80)),
                    np.zeros(3, np.float32), np.ones(3, np.float32))
    assert isinstance(made, JointMap)
    assert made.over_time()[:, 0].tolist() == pytest.approx([0, 0.5, 1, 0])         # the last frame was not seen
    assert not made.at(3).any() and made.energy().tolist() == pytest.approx([0, 0.5, 1, 0])


def test_a_regions_share_is_its_joints_share_of_the_values_whatever_their_discs_cover() -> None:
    made = joint_map(np.array([[0.25, 0.5, 0.25, 1.0]] * 4), at((10, 10), (60, 70), (60, 70), (200, 10)),
                     (9, 100, 101, 5), SIZE)
    coarse = made.coarse(10)
    assert coarse.shape == (4, 10, 10)
    assert coarse[0, 1, 1] == pytest.approx(0.25) and coarse[0, 7, 7] == pytest.approx(0.75)
    assert coarse[0].sum() == pytest.approx(1.0)         # a joint outside the frame lies on no region


def test_finer_drawing_is_the_same_picture() -> None:
    made = joint_map(np.array([[0.25, 1.0, 0.7]] * 4), at((20, 30), (60.4, 70.2), (40, 20)), (7, 100, 9), SIZE)
    twice = made.inside(0, 2).astype(float)
    assert twice.shape == (200, 160)
    means = twice.reshape(100, 2, 80, 2).mean((1, 3))
    assert abs(means - made.inside(0).astype(float)).mean() < 0.004
    assert abs(means - made.inside(0).astype(float)).max() < 0.6


def test_points_far_away_or_off_the_frame_are_no_trouble() -> None:
    made = joint_map(np.ones((4, 2)), at((-1e9, 1e9), (-1000, -1000)), (7, 9), SIZE)
    assert not made.at(0).any() and not made.coarse(8).any()


@pytest.mark.parametrize("changes", [{"void": True}, {"raw": np.zeros((4, 2))}])
def test_a_map_with_nothing_to_show_is_dark(changes: Any) -> None:
    made = joint_map(changes.get("raw", np.ones((4, 2))), at((20, 30), (60, 70)), (7, 9), SIZE,
                     void=changes.get("void", False))
    assert not made.whole().any() and made.whole().shape == SIZE


def test_limbs_join_what_a_body_joins() -> None:
    joints = Joints(np.array([0, 1, 3, 5, 7, 9, 91, 92, 93, 96, 23, 29, 71, 72, 81]), np.zeros((1, 15, 2), np.float32))
    named = {tuple(sorted((name_of(int(joints.numbers[one])), name_of(int(joints.numbers[other])))))
             for one, other in joints.limbs}
    assert named == {("left eye", "nose"), ("left ear", "left eye"), ("left elbow", "left shoulder"),
                     ("left elbow", "left wrist"), ("left hand's root", "left wrist"),
                     ("left hand's root", "left thumb 1"), ("left thumb 1", "left thumb 2"),
                     ("left hand's root", "left index 1"), ("jaw 1", "jaw 7"), ("outer lips 1", "outer lips 2"),
                     ("outer lips 11", "outer lips 2"), ("outer lips 1", "outer lips 11")}


def test_every_point_has_a_name_of_its_own_but_for_feet() -> None:
    names = [name_of(number) for number in range(133) if not 17 <= number < 23]
    assert len(set(names)) == 127
    assert (name_of(9), name_of(91), name_of(112), name_of(132), name_of(23), name_of(65), name_of(90)) == (
        "left wrist", "left hand's root", "right hand's root", "right little 4", "jaw 1", "left eye lid 1",
        "inner lips 8")
