"""Each estimator's points as COCO-WholeBody's."""
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Dict, Optional, Sequence, cast

import numpy as np
import pytest

from estimation.estimator import ESTIMATORS, estimator, installed
from estimation.holistic import whole_body
from estimation.rtmlib_models import MODES, fetched, signer
from poses.face_mesh import face_points, parts, walked
from poses.missing import filled
from poses.whole_body import LEFT, RIGHT
from runs.video_arguments import ESTIMATORS as ASKED
from signer.clip import sign
from signer.synthetic import signer as drawn
from terminal.errors import UserError


def landmarks(count: int, first: float) -> Any:
    marks = [SimpleNamespace(x=first, y=place / 1000, visibility=0.7) for place in range(count)]
    return SimpleNamespace(landmark=marks)


def found(hands: bool = True) -> Any:
    return SimpleNamespace(pose_landmarks=landmarks(33, 0.1), face_landmarks=landmarks(478, 0.2),
                           left_hand_landmarks=landmarks(21, 0.3) if hands else None,
                           right_hand_landmarks=landmarks(21, 0.4))


def test_holistic_parts_go_to_their_places_in_pixels() -> None:
    points = whole_body(found(), 200, 1000)
    assert points is not None and points.shape == (133, 3)
    assert np.allclose(points[:23, 0], 19.5) and np.allclose(points[23:91, 0], 39.5)
    assert np.allclose(points[91:112, 0], 59.5) and np.allclose(points[112:, 0], 79.5)
    assert np.allclose(points[91:112, 1], np.arange(21) - 0.5)
    # Nose, eyes, ears, shoulders, elbows, wrists, hips, the signer's left first.
    assert np.allclose(points[:13, 1] + 0.5, [0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24])
    assert np.allclose(points[:23, 2], 0.7) and (points[23:, 2] == 1).all()


def test_a_hand_not_found_has_no_confidence_and_nobody_is_nothing() -> None:
    points = whole_body(found(hands=False), 200, 1000)
    assert points is not None and (points[91:112] == 0).all()
    assert whole_body(SimpleNamespace(pose_landmarks=None), 200, 1000) is None


def test_the_face_has_68_points_of_the_mesh() -> None:
    mesh = np.random.default_rng(0).random((468, 2))
    points = face_points(mesh)
    assert points.shape == (68, 2)
    assert (points[[0, 8, 16]] == mesh[[127, 152, 356]]).all()      # by both ears, and the chin
    assert (points[36] == mesh[33]).all() and (points[45] == mesh[263]).all()       # the eyes' outer corners
    assert [part.stop - part.start for _, part in parts()] == [17, 10, 9, 12, 20]


def test_a_line_is_walked_in_equal_steps() -> None:
    line = np.array([(0., 0.), (1, 0), (1, 3)])
    assert np.allclose(walked(line, 5), [(0, 0), (1, 0), (1, 1), (1, 2), (1, 3)])


def test_of_several_people_the_one_in_front_is_kept() -> None:
    places, scores = np.zeros((3, 133, 2)), np.full((3, 133), 0.8)
    for person, breadth in enumerate((50, 120, 200)):
        places[person, 5] = (100 + breadth, 90)
        places[person, 6] = (100, 90)
    scores[2, 6] = 0.1          # a guess
    kept = signer(places, scores)
    assert kept is not None and kept[5].tolist() == [220, 90, 0.8]
    assert signer(places[2:], scores[2:]) is None and signer(places[:0], scores[:0]) is None


def test_weights_are_looked_for_where_rtmlib_keeps_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TORCH_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert fetched("https://x.org/a/rtmw-l_2023.zip") == tmp_path / "rtmlib/hub/checkpoints/rtmw-l_2023.onnx"


class Wholebody:
    """rtmlib's, as far as it is asked."""

    MODE = {mode: {"det": f"https://x.org/det-{mode}.zip", "det_input_size": (640, 640),
                   "pose": f"https://x.org/pose-{mode}.zip", "pose_input_size": (192, 256)} for mode in MODES}
    given: Dict[str, Any] = {}

    def __init__(self, **given: Any) -> None:
        Wholebody.given = given


@pytest.fixture()
def weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where rtmlib would keep them; rtmlib itself stands for itself."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setitem(sys.modules, "rtmlib", cast(Any, SimpleNamespace(Wholebody=Wholebody)))
    monkeypatch.setattr("estimation.estimator.find_spec", lambda name: name == "rtmlib" or None)
    monkeypatch.setattr("estimation.rtmlib_models.version", lambda name: "0.0.1")
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("there, name, taken", [
    (("balanced", "performance"), "rtmlib", "performance"), (("lightweight",), "rtmlib", "lightweight"),
    (("balanced", "performance"), "rtmlib-balanced", "balanced"), (("balanced",), "rtmlib-performance", None),
    ((), "rtmlib", None)])
def test_rtmlibs_models_are_taken_where_their_weights_are(weights: Path, there: Sequence[str], name: str,
                                                          taken: Optional[str]) -> None:
    for mode in there:
        for part in ("det", "pose"):
            (weights / f"{part}-{mode}.onnx").write_bytes(b"weights")
    if taken is None:
        with pytest.raises(UserError, match=r"weights are not at .*performance.*fetch them once"):
            estimator(name)
        return
    assert estimator(name).name == f"rtmlib 0.0.1 pose-{taken}"
    assert Wholebody.given["det"] == str(weights / f"det-{taken}.onnx")
    assert Wholebody.given["pose_input_size"] == (192, 256)


def test_every_estimator_can_be_asked_for() -> None:
    assert set(ASKED) == {*ESTIMATORS, "none"}


@pytest.mark.parametrize("name", sorted(ESTIMATORS))
def test_one_that_is_not_installed_says_how_to(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("estimation.estimator.find_spec", lambda name: None)
    with pytest.raises(UserError, match=rf"^{name} is not installed; pip install --no-deps .*, or give --keypoints"):
        estimator(name)


@pytest.mark.skipif(not installed("rtmlib"), reason="rtmlib is not installed")
def test_weights_that_were_not_fetched_are_not_fetched_in_passing(monkeypatch: pytest.MonkeyPatch,
                                                                  tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(UserError, match="rtmlib's weights are not at .*fetch them once"):
        estimator("rtmlib")


@pytest.mark.skipif(not installed("mediapipe"), reason="mediapipe is not installed")
def test_holistic_finds_the_drawn_signer(capfd: pytest.CaptureFixture[str]) -> None:
    """Left is the signer's own left, and each part of the face lies where it was drawn."""
    clip = sign(drawn(2026, "dev", 0), np.random.default_rng(1))
    pictures = [picture for _, picture in zip(range(20), clip.pictures())]
    keypoints: Optional[np.ndarray] = filled(list(estimator("mediapipe")(pictures)))
    assert keypoints is not None and keypoints.shape == (20, 133, 3)
    off = np.median(np.hypot(*(keypoints - clip.keypoints[:20])[..., :2].T), axis=1)
    assert off[:11].max() < 12 and all(off[part].mean() < 5 for _, part in parts())
    seen = keypoints[..., 2] > 0
    for side in (LEFT, RIGHT):
        hand = [point for point in side if point > 90]
        assert np.median(off[hand]) < 6 and seen[:, hand].any()
    assert capfd.readouterr().err == ""
