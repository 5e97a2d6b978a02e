"""Where a corpus's signers stand is measured from its frames, and framing supposes what was measured."""
from pathlib import Path
from typing import Iterable, Iterator, Optional

import numpy as np
import pytest

from benchmarks import standing as measure
from benchmarks.standing import corpus_people, standing
from terminal.errors import UserError
from tests.kit.workspace import tiny_workspace
from video.framing import BODY, STANDING, Crop, around

# Four signers of PHOENIX-2014, in its 210x260 frames.
NOSE, EYES, SHOULDERS = (108, 67), ((117, 55), (99, 57)), ((154, 119), (68, 119))


class Searcher:
    name = "searcher 1.0"

    def __call__(self, pictures: Iterable[np.ndarray]) -> Iterator[Optional[np.ndarray]]:
        for number, picture in enumerate(pictures):
            assert picture.shape == (260, 210, 3)
            points = np.full((133, 3), 0.9)
            points[list(BODY), :2] = STANDING + (3, -2)
            points[0] = points[0] if number else (0, 0, 0.1)        # unsure: counts for nothing
            yield points[None]


def test_four_real_signers_are_framed_as_they_were_filmed() -> None:
    """In a picture twice as large, of which the corpus's frame was a part: the box is that part."""
    keypoints = np.zeros((3, 133, 3))
    keypoints[:, BODY, :2] = (np.array([NOSE, *EYES, *SHOULDERS]) + 0.5) * 2 - 0.5 + (300, 40)
    keypoints[:, BODY, 2] = 1
    assert around(keypoints, (600, 1000)) == Crop(300, 40, 420, 520)


def test_a_corpus_without_keypoints_is_measured_by_an_estimator(tmp_path: Path,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    data = tiny_workspace(tmp_path / "data")
    (data / "keypoints" / "keypoints.pkl").unlink()
    monkeypatch.setattr(measure, "preferred", lambda: None)
    with pytest.raises(UserError, match=r"keypoints\.pkl: no such file, and no estimator"):
        list(corpus_people(str(data), None, None))
    monkeypatch.setattr(measure, "estimator", lambda name: Searcher())
    people = list(corpus_people(str(data), None, "searcher"))
    assert sorted(len(points) for points in people) == [3, 4, 5, 6]
    for points in people:
        assert standing(points) == pytest.approx(STANDING + (3, -2))


def test_a_corpus_that_has_keypoints_is_measured_by_them(tmp_path: Path) -> None:
    points = {"a": np.ones((4, 133, 3), np.float32), "b": np.zeros((4, 133, 3), np.float32)}
    people = list(corpus_people(str(tiny_workspace(tmp_path / "data", pickled=points)), None, None))
    assert len(people) == 2 and standing(people[0]) == pytest.approx(np.ones((5, 2))) and standing(people[1]) is None
