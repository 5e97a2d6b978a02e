"""Camera cuts and changes of distance in films of the drawn signer: each shot has a box of its own."""
from pathlib import Path
from typing import Callable, List

import cv2
import numpy as np
import pytest

from records.requests import VideoRequest
from tests.kit.footage import write_video
from tests.kit.takes import FRAMES, SIZE, Take, shown, take
from tests.kit.tiers import first
from video.boxes import Boxes, Piece, one_box
from video.framing import BODY, STANDING, Crop
from video.sequences import VideoDataset
from video.shots import jumps, shots, sudden_changes


@pytest.fixture(scope="module")
def takes() -> Callable[[int, str], Take]:
    made = {}

    def of(number: int, at: str) -> Take:
        if (number, at) not in made:
            made[number, at] = take(number, at)
        return made[number, at]

    return of


@pytest.mark.parametrize("number", first(range(3)))
@pytest.mark.parametrize("at", ["far", "beside"])
def test_a_cut_is_found_and_a_whole_take_has_none(takes: Callable[[int, str], Take], number: int, at: str) -> None:
    (before, first), (after, second) = takes(number, "near"), takes(number + 3, at)
    keypoints = np.concatenate([first, second])
    assert shots(keypoints, SIZE, shown(before + after)) == [0, FRAMES, 2 * FRAMES]
    assert shots(first, SIZE, shown(before)) == [0, FRAMES] and shots(second, SIZE, shown(after)) == [0, FRAMES]
    assert sudden_changes(np.stack([cv2.resize(picture, (48, 27)) for picture in before + after])) == [FRAMES]


def test_points_that_jump_to_another_while_the_picture_stays_are_no_cut(takes: Callable[[int, str], Take]) -> None:
    pictures, points = takes(0, "near")
    points = points.copy()
    points[12:, :, 0] += 200
    assert jumps(points) == [12] and shots(points, SIZE, shown(pictures)) == [0, FRAMES]


@pytest.mark.parametrize("frame, cuts", [(3, []), (6, [6]), (54, [54]), (57, [])])
def test_a_shot_is_no_shorter_than_a_few_frames(frame: int, cuts: List[int]) -> None:
    keypoints = np.zeros((60, 133, 3))
    keypoints[:, BODY, :2], keypoints[:, BODY, 2] = STANDING, 1
    keypoints[frame:, BODY, 0] += 90
    assert jumps(keypoints) == cuts


def test_borders_are_between_shots() -> None:
    crop = Crop(0, 0, 21, 26)
    assert one_box(crop, 60).borders == [] and Boxes([Piece(0, 20, crop), Piece(20, 60, crop)]).borders == [20]


def test_who_leans_or_is_lost_for_a_moment_does_not_jump() -> None:
    still = np.zeros((60, 133, 3))
    still[:, BODY, :2], still[:, BODY, 2] = STANDING, 1
    leaning, lost = still.copy(), still.copy()
    leaning[:, BODY, 0] += np.interp(np.arange(60), [20, 28], [0, 30])[:, None]
    lost[30:32, BODY, 0] += 80
    unseen = still.copy()
    unseen[30:33, 5] = (900, 0, 0.1)
    for keypoints in (leaning, lost, unseen):
        assert jumps(keypoints) == [] and shots(keypoints, (260, 210)) == [0, 60]


def test_who_comes_nearer_is_framed_anew() -> None:
    keypoints = np.zeros((200, 133, 3))
    scale = np.interp(np.arange(200), [80, 120], [1, 2])
    keypoints[:, BODY, :2] = STANDING * scale[:, None, None] + (300, 20)
    keypoints[:, BODY, 2] = 1
    borders = shots(keypoints, (720, 1280))
    assert len(borders) in (3, 4) and all(75 <= border <= 125 for border in borders[1:-1])
    assert shots(keypoints[:80], (720, 1280)) == [0, 80]


def test_each_shot_of_a_film_is_framed_on_its_own(takes: Callable[[int, str], Take], tmp_path: Path) -> None:
    """What is taken after the cut is as large as before it, and the points go with it."""
    (before, first), (after, second) = takes(0, "near"), takes(3, "far")
    pictures = before + after
    film = write_video(tmp_path / "film.mp4", len(pictures), size=(SIZE[1], SIZE[0]), options={"crf": "4"},
                       pictures=lambda number: pictures[number])
    np.save(tmp_path / "points.npy", np.concatenate([first, second]))
    clip = VideoDataset([film], VideoRequest(keypoints=tmp_path / "points.npy")).clip(0)
    assert clip.origin is not None and clip.keypoints is not None
    near, far = clip.origin.crop.split("; from 0.96 s ")
    assert int(far.split(",")[2]) < 0.8 * int(near.split(",")[2])
    for part in (clip.keypoints[:FRAMES], clip.keypoints[FRAMES:]):
        assert np.abs(np.median(part[:, BODY, :2], axis=0) - STANDING).max() < 16
    assert [shot.frame for shot in clip.origin.shots] == [12, 36]
    assert any("distance changes, at 0.96 s" in note for note in clip.origin.notes)
    assert not any("changes suddenly" in note for note in clip.origin.notes)        # that is the cut, and framed
    assert any(note.startswith("from 0.00 s: ") and "beyond the picture" in note for note in clip.origin.notes)
    whole = VideoDataset([film], VideoRequest(keypoints=tmp_path / "points.npy", crop=(0, 0, 315, 390))).clip(0)
    assert whole.origin is not None and whole.origin.crop == "0,0,315,390"


def test_a_shot_without_shoulders_is_framed_as_the_one_beside_it_and_says_so(takes: Callable[[int, str], Take],
                                                                             tmp_path: Path) -> None:
    (before, first), (after, second) = takes(0, "near"), takes(3, "far")
    second = second.copy()
    second[:, 5:7, 2] = 0
    film = write_video(tmp_path / "film.mp4", 2 * FRAMES, size=(SIZE[1], SIZE[0]), options={"crf": "4"},
                       pictures=lambda number: (before + after)[number])
    np.save(tmp_path / "points.npy", np.concatenate([first, second]))
    origin = VideoDataset([film], VideoRequest(keypoints=tmp_path / "points.npy")).clip(0).origin
    assert origin is not None
    near, far = origin.crop.split("; from 0.96 s ")
    assert near == far and "from 0.96 s: no shoulders are seen: framed like the neighbouring shot" in origin.notes
