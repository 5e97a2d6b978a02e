"""Of several people one is taken, the same in every frame."""
import json
from pathlib import Path
from typing import List, Optional

import numpy as np
import pytest

from poses.people import chosen, foremost
from records.requests import VideoRequest
from terminal.errors import UserError
from tests.kit.footage import write_video
from video.framing import BODY, STANDING
from video.sequences import VideoDataset


def somebody(x: float, scale: float) -> np.ndarray:
    points = np.ones((133, 3))
    points[:, :2] = (x, 100)
    points[list(BODY), :2] = (STANDING - (111, 0)) * scale + (x, 0)
    return points


def frames(count: int = 12) -> List[Optional[np.ndarray]]:
    """Two people in any order; the right one is nearer. In some frames one of them, or nobody, is seen."""
    made: List[Optional[np.ndarray]] = []
    for number in range(count):
        people = [somebody(200 + number, 1), somebody(600 - number, 1.2 if number % 4 else 0.9)]
        made.append(np.stack(people[::-1] if number % 2 else people))
    made[3], made[5], made[7] = made[3][:1], None, made[7][1:]     # type: ignore[index]
    return made


def places(person: Optional[str]) -> List[Optional[int]]:
    return [None if points is None else int(points[5:7, 0].mean() > 400) for points in chosen(frames(), person)[0]]


@pytest.mark.parametrize("person, side, gone", [("left", 0, 3), ("1", 0, 3), ("right", 1, 7), ("2", 1, 7),
                                                (None, 1, 7)])
def test_the_one_asked_for_is_taken_in_every_frame(person: Optional[str], side: int, gone: int) -> None:
    """By default the one whose shoulders are usually wider, whoever has them in a single frame."""
    expected: List[Optional[int]] = [side] * 12
    expected[5] = expected[gone] = None
    assert places(person) == expected


def test_who_is_in_front_is_sure_of_both_shoulders() -> None:
    """A guess may be as wide as it likes; and no confidence is more than 1."""
    near, guessed = somebody(200, 1), somebody(600, 3)
    guessed[6, 2], near[9, 2] = 0.1, 7
    person = foremost(np.stack([guessed, near]))
    assert person is not None and person[5:7, 0].mean() < 400 and person[:, 2].max() == 1
    assert foremost(np.zeros((0, 133, 3))) is None


def test_several_people_are_said_and_one_is_not() -> None:
    assert chosen(frames(), None)[1].startswith("2 people are in the picture: number 2 from the left was taken")
    assert chosen(frames(), "left")[1] == ""
    alone: List[Optional[np.ndarray]] = [somebody(200, 1)[None] for _ in range(20)]
    alone[4] = np.stack([somebody(200, 1), somebody(600, 0.2)])       # for a moment
    assert chosen(alone, None)[1] == "" and chosen([None], None) == ([None], "")


@pytest.mark.parametrize("person", ["3", "0", "middle", "-1"])
def test_who_is_not_there_is_refused(person: str) -> None:
    with pytest.raises(UserError, match=f"--person {person}: there are 2 people; expected left, right or 1 to 2"):
        chosen(frames(), person)


def test_a_video_of_two_people_is_framed_around_the_one_asked_for(tmp_path: Path) -> None:
    film = write_video(tmp_path / "film.mp4", 12, size=(800, 320))
    instances = [[{"keypoints": points[:, :2].tolist(), "keypoint_scores": points[:, 2].tolist()} for points in people]
                 for people in (frames()[0] for _ in range(12)) if people is not None]
    (tmp_path / "two.json").write_text(json.dumps(instances), encoding="utf-8")
    lefts = {}
    for person in ("left", "right", None):
        dataset = VideoDataset([film], VideoRequest(keypoints=tmp_path / "two.json", person=person))
        origin = dataset.clip(0).origin
        assert origin is not None and any("2 people" in note for note in origin.notes) == (person is None)
        lefts[person] = int(origin.crop.split(",")[0])
    assert lefts["left"] < 150 < 400 < lefts["right"]
    np.save(tmp_path / "one.npy", np.stack([somebody(200, 1)] * 12))
    with pytest.raises(UserError, match=r"one\.npy has one person; leave --person out"):
        VideoDataset([film], VideoRequest(keypoints=tmp_path / "one.npy", person="left")).clip(0)
