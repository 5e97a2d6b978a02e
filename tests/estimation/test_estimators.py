"""Each estimator's points as COCO-WholeBody's."""
import json
import sys
import zlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any, List, Optional, Sequence, Tuple, cast

import numpy as np
import pytest

from estimation.estimator import ESTIMATORS, estimator, installed
from estimation.holistic import whole_body
from estimation.rtmlib_models import MODES, confident, fetched
from poses.face_mesh import face_points, parts, walked
from poses.missing import filled
from poses.whole_body import LEFT, RIGHT
from runs.video_arguments import ESTIMATORS as ASKED
from signer.clip import sign
from signer.synthetic import signer as drawn
from terminal.errors import UserError


def landmarks(count: int, first: float) -> Any:
    marks = [SimpleNamespace(x=first, y=number / 1000, visibility=0.7) for number in range(count)]
    return SimpleNamespace(landmark=marks)


def landmarks_of(hands: bool = True) -> Any:
    return SimpleNamespace(pose_landmarks=landmarks(33, 0.1), face_landmarks=landmarks(478, 0.2),
                           left_hand_landmarks=landmarks(21, 0.3) if hands else None,
                           right_hand_landmarks=landmarks(21, 0.4))


def test_holistic_parts_go_to_their_places_in_pixels() -> None:
    points = whole_body(landmarks_of(), 200, 1000)
    assert points is not None and points.shape == (133, 3)
    assert np.allclose(points[:23, 0], 19.5) and np.allclose(points[23:91, 0], 39.5)
    assert np.allclose(points[91:112, 0], 59.5) and np.allclose(points[112:, 0], 79.5)
    assert np.allclose(points[91:112, 1], np.arange(21) - 0.5)
    # Nose, eyes, ears, shoulders, elbows, wrists, hips, the signer's left first.
    assert np.allclose(points[:13, 1] + 0.5, [0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24])
    assert np.allclose(points[:23, 2], 0.7) and (points[23:, 2] == 1).all()


def test_a_hand_not_found_has_no_confidence_and_nobody_is_nothing() -> None:
    points = whole_body(landmarks_of(hands=False), 200, 1000)
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


def test_those_whose_shoulders_are_sure_are_kept() -> None:
    places, scores = np.zeros((3, 133, 2)), np.full((3, 133), 0.8)
    places[:, 5, 0] = (50, 120, 200)
    scores[2, 6], scores[1, 9] = 0.1, 3       # a guess, and more than sure
    kept = confident(places, scores)
    assert kept is not None and kept[:, 5].tolist() == [[50, 0, 0.8], [120, 0, 0.8]] and kept[1, 9, 2] == 1
    assert confident(places[2:], scores[2:]) is None and confident(places[:0], scores[:0]) is None


def test_weights_are_looked_for_where_rtmlib_keeps_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TORCH_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert fetched("https://x.org/a/rtmw-l_2023.zip") == tmp_path / "rtmlib/hub/checkpoints/rtmw-l_2023.onnx"


MODE = {mode: {"det": f"https://x.org/det-{mode}.zip", "det_input_size": (640, 640),
               "pose": f"https://x.org/pose-{mode}.zip", "pose_input_size": (192, 256)} for mode in MODES}


class Model:
    """rtmlib's, as far as they are asked. Every one is as wide as its box, in the file's own number of points."""

    def __init__(self, file: str, model_input_size: Tuple[int, int], backend: str, device: str) -> None:
        text = Path(file).read_text()
        if text == "damaged":
            raise RuntimeError("[ONNXRuntimeError] : 7 : INVALID_PROTOBUF\nno graph")
        self.file, self.model_input_size = Path(file), model_input_size
        points, _, shape = (text if text[0].isdigit() else "133 []").partition(" ")
        self.points, given = int(points), [SimpleNamespace(shape=json.loads(shape))]
        self.session = SimpleNamespace(get_inputs=lambda: given)
        (made if file.endswith("mine.onnx") or "pose" in file else found_by).append(self)

    def __call__(self, image: np.ndarray, bboxes: Any = None) -> Any:
        if bboxes is None:                                          # a detector: half a picture a person
            width = image.shape[1] // 2
            return [] if image.max() == 0 else [[0, 0, width, 9], [width, 0, 2 * width, 9]]
        boxes = bboxes or [[0, 0, image.shape[1], image.shape[0]]]
        places = np.zeros((len(boxes), self.points, 2))
        places[:, 5, 0], places[:, 6, 0] = [box[2] for box in boxes], [box[0] for box in boxes]
        return places, np.ones((len(boxes), self.points))


made: List[Model] = []
found_by: List[Model] = []


@pytest.fixture()
def weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where rtmlib would keep them; rtmlib itself stands for itself."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setitem(sys.modules, "rtmlib", cast(Any, SimpleNamespace(
        Wholebody=SimpleNamespace(MODE=MODE), RTMPose=Model, YOLOX=Model)))
    made.clear()
    found_by.clear()
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
            (weights / f"{part}-{mode}.onnx").write_text("weights")
    if taken is None:
        with pytest.raises(UserError, match=r"weights are not at .*performance.*fetch them once"):
            estimator(name)
        return
    assert estimator(name).name == f"rtmlib 0.0.1 pose-{taken}"
    assert [model.file.name for model in (*found_by, *made)] == [f"det-{taken}.onnx", f"pose-{taken}.onnx"]
    assert made[0].model_input_size == (192, 256) and found_by[0].model_input_size == (640, 640)


PICTURE = np.full((9, 100, 3), 9, np.uint8)


def test_weights_of_the_user_s_own_are_taken_by_their_path(weights: Path) -> None:
    """Without a detector everything is one person; the size of the input is the file's own."""
    mine = weights / "mine.onnx"
    mine.write_text('133 ["batch", 3, 384, 288]')
    search = estimator(str(mine))
    name = f"rtmlib 0.0.1 mine.onnx {zlib.crc32(mine.read_bytes()):08x}"
    assert search.name == f"{name} of whole pictures (no detector of rtmlib's is there)"
    assert made[0].model_input_size == (288, 384) and not search.several
    people, = search([PICTURE])
    assert people is not None and people[:, 5, 0].tolist() == [100]
    (weights / "det-lightweight.onnx").write_text("weights")
    search = estimator(str(mine))
    assert search.several and search.name == name
    people, nobody = search([PICTURE, 0 * PICTURE])
    assert people is not None and people[:, 5, 0].tolist() == [50, 100] and nobody is None


@pytest.mark.parametrize("content, words", [
    (None, "no such file"), ("damaged", r"can't be used \(\[ONNXRuntimeError\] : 7 : INVALID_PROTOBUF no graph\)"),
    ("17 [1, 3, 256, 192]", "it gives 17 points"), ('133 [1, 3, "h", "w"]', r"can't be used \(its input has the shape"),
    ("133 [1, 1, 256, 192]", r"can't be used \(its input has the shape"), ("3 [1, 3, 256, 192]", "can't be used")])
def test_weights_of_another_kind_are_refused_in_a_line(weights: Path, content: Optional[str], words: str) -> None:
    mine = weights / "mine.onnx"
    if content is not None:
        mine.write_text(content)
    with pytest.raises(UserError, match=f"--estimator {mine}: {words}.*; give a model of 133 points") as refused:
        estimator(str(mine))
    assert "\n" not in str(refused.value)


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


def test_a_real_file_goes_through_rtmlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that finds everything at (24, 32) of its 48x64 input, surely."""
    onnx = pytest.importorskip("onnx")
    for name in ("rtmlib", "onnxruntime"):
        pytest.importorskip(name)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))         # no detector
    peaks = []
    for name, length in (("simcc_x", 96), ("simcc_y", 128)):
        values = np.zeros((1, 133, length), np.float32)
        values[..., length // 2] = 0.9
        peaks.append(onnx.helper.make_node("Constant", [], [name], value=onnx.numpy_helper.from_array(values)))
    kind = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        peaks, "points", [onnx.helper.make_tensor_value_info("image", kind, ["batch", 3, 64, 48])],
        [onnx.helper.make_tensor_value_info(name, kind, [1, 133, length]) for name, length in (
            ("simcc_x", 96), ("simcc_y", 128))])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8)
    (tmp_path / "mine.onnx").write_bytes(model.SerializeToString())
    people, = estimator(str(tmp_path / "mine.onnx"))([np.zeros((120, 200, 3), np.uint8)])
    assert people is not None and people.shape == (1, 133, 3)
    np.testing.assert_allclose(people[0], np.tile([100, 60, 0.9], (133, 1)), rtol=1e-6)
    (tmp_path / "other.onnx").write_bytes(model.SerializeToString()[:50])
    with pytest.raises(UserError, match=r"other\.onnx: can't be used \("):
        estimator(str(tmp_path / "other.onnx"))


@pytest.mark.skipif(not installed("mediapipe"), reason="mediapipe is not installed")
def test_holistic_finds_the_drawn_signer(capfd: pytest.CaptureFixture[str]) -> None:
    """Left is the signer's own left, and each part of the face lies where it was drawn."""
    clip = sign(drawn(2026, "dev", 0), np.random.default_rng(1))
    pictures = [picture for _, picture in zip(range(20), clip.pictures())]
    poses = estimator("mediapipe")(pictures)
    keypoints: Optional[np.ndarray] = filled([None if people is None else people[0] for people in poses])
    assert keypoints is not None and keypoints.shape == (20, 133, 3)
    off = np.median(np.hypot(*(keypoints - clip.keypoints[:20])[..., :2].T), axis=1)
    assert off[:11].max() < 12 and all(off[part].mean() < 5 for _, part in parts())
    seen = keypoints[..., 2] > 0
    for side in (LEFT, RIGHT):
        hand = [point for point in side if point > 90]
        assert np.median(off[hand]) < 6 and seen[:, hand].any()
    assert capfd.readouterr().err == ""
