"""Regions against drawn signers, whose hands and heads are known, and against single strokes whose size is known."""
from typing import Dict, Tuple

import cv2
import numpy as np
import pytest

from poses.regions import APART, PARTS, REGIONS, SIDE, cover, regions
from signer.clip import SignedClip, sign
from signer.look import cast

HANDS, FACE, BODY, ELSEWHERE = range(4)
CELL = np.array([210 / SIDE, 260 / SIDE])       # pixels of the frame
SHOULDERS, ELBOWS, WRISTS, HIPS = (5, 6), (7, 8), (9, 10), (11, 12)


def signer_of(places: Dict[int, Tuple[float, float]]) -> np.ndarray:
    """[1, 133, 3] with these points, in cells, and no others."""
    points = np.zeros((1, 133, 3), np.float32)
    for point, cell in places.items():
        points[0, point] = (*((np.array(cell) + 0.5) * CELL - 0.5), 1)
    return points


def drawn(places: Dict[int, Tuple[float, float]]) -> np.ndarray:
    return regions(signer_of(places))[0][0]


BOTH = {5: (42.0, 30.0), 6: (22.0, 30.0)}       # 20 cells apart


@pytest.fixture(scope="module", params=[0, 1, 2])
def clip(request: pytest.FixtureRequest) -> SignedClip:
    return sign(cast(np.random.default_rng(request.param)), np.random.default_rng(100 + request.param))


def painted(clip: SignedClip, t: int, hands: Tuple[int, ...], head: bool) -> np.ndarray:
    """bool [64, 64]"""
    mask = clip.painter.region(clip.body, t, hands, head)
    return cv2.resize(mask, (SIDE, SIDE), interpolation=cv2.INTER_AREA) > 0


def test_the_drawn_hands_and_face_are_found(clip: SignedClip) -> None:
    labels, seen = regions(clip.keypoints)
    assert seen.all()
    inside = {HANDS: 0, FACE: 0}
    hits = {HANDS: 0, FACE: 0}
    for t in range(0, len(labels), 7):
        for region, mask in ((HANDS, painted(clip, t, (0, 1), False)), (FACE, painted(clip, t, (), True))):
            inside[region] += int((mask & (labels[t] == region)).sum())
            hits[region] += int((labels[t] == region).sum())
    assert inside[HANDS] / hits[HANDS] > 0.7 and inside[FACE] / hits[FACE] > 0.9


def test_every_sure_point_of_a_hand_lies_in_hands(clip: SignedClip) -> None:
    labels, _ = regions(clip.keypoints)
    for t in range(0, len(labels), 7):
        hand = clip.keypoints[t, 91:]
        cells = np.round((hand[hand[:, 2] >= 0.3, :2] + 0.5) / CELL - 0.5).astype(int)
        cells = cells[((cells >= 0) & (cells < SIDE)).all(axis=1)]
        assert (labels[t][cells[:, 1], cells[:, 0]] == HANDS).all()


def test_who_moves_aside_stays_as_large() -> None:
    places = {**BOTH, 0: (32.0, 20.0), 7: (48.0, 40.0), 9: (44.0, 50.0), 91: (44.0, 52.0), 23: (30.0, 18.0),
              24: (34.0, 18.0), 25: (32.0, 24.0)}
    here, there = drawn(places), drawn({point: (x - 8, y) for point, (x, y) in places.items()})
    np.testing.assert_array_equal(here[:, 8:], there[:, :-8])


@pytest.mark.parametrize("breadth", [10.0, 20.0, 30.0])
def test_a_forearm_is_as_thick_as_the_shoulders_say(breadth: float) -> None:
    labels = drawn({5: (32 + breadth / 2, 5.0), 6: (32 - breadth / 2, 5.0), 7: (10.0, 50.0), 9: (54.0, 50.0),
                    11: (32.0, 6.0), 12: (32.0, 6.0)})
    column = labels[30:, 50] == BODY          # clear of shoulders and upper arm
    assert 0 <= int(column.sum()) - 2 * 0.13 * breadth <= 2.5       # a pen covers every cell that it touches


def test_without_both_shoulders_a_quarter_of_the_picture_is_taken() -> None:
    column = drawn({5: (42.0, 5.0), 7: (10.0, 50.0), 9: (54.0, 50.0)})[30:, 50] == BODY
    assert 0 <= int(column.sum()) - 2 * 0.13 * SIDE / 4 <= 2.5


@pytest.mark.parametrize("missing", [7, 9])
def test_an_arm_needs_both_its_joints(missing: int) -> None:
    places = {9: (60.0, 60.0), 7: (4.0, 60.0)}
    one = {point: cell for point, cell in places.items() if point != missing}
    assert (drawn(one) == ELSEWHERE).all()
    assert (drawn(places) == BODY).any()


def test_the_trunk_lies_between_shoulders_and_hips_or_goes_straight_down() -> None:
    hipped = drawn({**BOTH, 11: (38.0, 50.0), 12: (26.0, 50.0)}) == BODY
    assert hipped[40, 32] and not hipped[60].any() and not hipped[:20].any()
    assert hipped[30].sum() > hipped[49].sum()
    straight = drawn(BOTH) == BODY
    assert straight[63, 23:42].all() and not straight[63, :19].any() and not straight[63, 46:].any()


def test_a_hand_lies_over_the_face_and_the_face_over_the_body() -> None:
    face = {23 + number: (32 + 6 * np.cos(angle), 20 + 8 * np.sin(angle))
            for number, angle in enumerate(np.linspace(0, 6.28, 68))}
    labels = drawn({**BOTH, **face, 0: (32.0, 20.0), 91: (32.0, 20.0), 92: (35.0, 20.0), 93: (32.0, 23.0)})
    assert labels[21, 33] == HANDS and labels[14, 32] == FACE and labels[20, 40] == BODY and labels[2, 2] == ELSEWHERE


def test_a_point_that_is_unsure_or_no_number_is_not_used() -> None:
    points = signer_of({91: (10.0, 10.0), 92: (20.0, 10.0), 93: (50.0, 50.0), 94: (50.0, 10.0)})
    points[0, 93, 2], points[0, 94, 0] = 0.29, np.nan
    labels = regions(points)[0][0]
    assert labels[10, 15] == HANDS and labels[50, 50] == ELSEWHERE and labels[10, 50] == ELSEWHERE
    points[0, 93, 2] = 0.3
    assert regions(points)[0][0][50, 50] == HANDS


def test_a_frame_without_a_sure_point_shows_nobody() -> None:
    points = np.concatenate([signer_of({91: (10.0, 10.0)}), signer_of({})])
    points[1, :, 2] = 0.29
    labels, seen = regions(points)
    assert seen.tolist() == [True, False] and (labels[1] == ELSEWHERE).all()


def test_what_regions_cover_adds_up_to_the_picture() -> None:
    labels = np.full((1, SIDE, SIDE), ELSEWHERE, np.uint8)
    labels[0, :16] = HANDS
    np.testing.assert_allclose(cover(labels), [[0.25, 0, 0, 0.75]])
    assert REGIONS == ("hands", "face", "body", "elsewhere")


@pytest.mark.parametrize("point, region", [(22, ELSEWHERE), (23, FACE), (90, FACE), (91, HANDS), (111, HANDS),
                                           (112, HANDS), (132, HANDS)])
def test_face_and_hands_begin_and_end_at_their_points(point: int, region: int) -> None:
    assert drawn({**BOTH, point: (20.0, 10.0)})[10, 20] == region


@pytest.mark.parametrize("point, region", [(111, 0), (112, 1)])
def test_each_hand_is_its_own(point: int, region: int) -> None:
    assert regions(signer_of({point: (20.0, 10.0)}), APART)[0][0][10, 20] == region


@pytest.mark.parametrize("point, part", [(23, "face"), (70, "face"), (71, "mouth"), (90, "mouth"), (91, "left hand"),
                                        (112, "right hand")])
def test_the_mouth_is_apart_from_the_face_where_that_is_asked(point: int, part: str) -> None:
    assert PARTS[regions(signer_of({point: (20.0, 10.0)}), PARTS)[0][0][10, 20]] == part


def test_a_point_of_somebody_far_away_is_one_cell() -> None:
    far = {5: (34.0, 30.0), 6: (30.0, 30.0)}        # a pen of half a cell
    assert (drawn({**far, 112: (20.0, 10.0)}) == HANDS).sum() == 1
    assert (drawn({**far, 112: (20.0, 10.0), 113: (24.0, 10.0)}) == HANDS).sum() == 5


@pytest.mark.parametrize("start, stop", [(5, 7), (7, 9), (6, 8), (8, 10)])
def test_each_arm_runs_from_joint_to_joint(start: int, stop: int) -> None:
    assert drawn({start: (10.0, 10.0), stop: (50.0, 10.0)})[10, 30] == BODY


def test_the_nose_alone_makes_a_head() -> None:
    assert drawn({0: (20.0, 10.0)})[10, 20] == BODY
