"""A network whose cells are joints, from a sequence id to everything that is written."""
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict

import cv2
import numpy as np
import pytest

from glosses.vocabulary import load_gloss2ids
from models.mska import BODY, MSKA, STREAMS
from results.cams import lines, read_cams
from tests.kit.commands import Case, small_checkpoint, tiny_case
from tests.kit.tiers import in_full

SEQUENCE = "clip-2"         # 10 frames, of which the network takes 8


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    root = tmp_path_factory.mktemp("tiny")
    made = tiny_case(root)
    ids = load_gloss2ids(made.data / "annotations/manual/gloss2ids.pkl")
    return replace(made, checkpoints={**made.checkpoints, "mska": small_checkpoint(root / "mska.pth", "mska", ids)})


def explained(case: Case, name: str, *more: str) -> Path:
    own = replace(case, out=case.out / name)
    assert own.run("--split", "test", "--seq", SEQUENCE, "--quiet", *more, models=["mska"]) == 0
    return own.out / SEQUENCE


@pytest.fixture(scope="module")
def folder(case: Case) -> Path:
    return explained(case, "gradcam", "--method", "gradcam", "--write", "frames,video,report,cams")


def steps(name: str) -> int:
    return 4 if name.endswith(".3") else 2


def model_record(folder: Path) -> Dict[str, Any]:
    return json.loads((folder / "preds.json").read_text(encoding="utf-8"))["models"]["mska"]


def data_of(page: Path) -> Dict[str, Any]:
    text = page.read_text(encoding="utf-8")
    return json.loads(text[text.index('id="data">') + 10:].split("</script>")[0])


def test_every_layer_has_its_pictures_and_joints_by_time(folder: Path) -> None:
    layers = model_record(folder)["layers"]
    assert set(layers) == set(MSKA.default_layers)
    for name, layer in layers.items():
        assert {path.name for path in (folder / "mska" / name).iterdir()} == {
            "joints.png", *(f"frame_{frame:03d}.png" for frame in range(10))}
        assert layer["spatial"] and layer["shape"] == [steps(name), len(STREAMS[name.split("_")[0]])]
        assert layer["field"] is None
    assert model_record(folder)["title"] == "MSKA-SLR" and (folder / "comparison.mp4").is_file()


def test_saved_maps_know_their_joints_and_where_they_lie(case: Case, folder: Path) -> None:
    cams = read_cams(folder / "cams.npz")["mska"]
    for name, layer in cams.layers.items():
        joints = layer.laid.cells.joints
        assert joints is not None and tuple(joints.numbers) == STREAMS[name.split("_")[0]]
        assert layer.laid.raw.shape == (steps(name), len(joints.numbers))
        assert joints.points.shape == (10, len(joints.numbers), 2)
        assert layer.laid.at(3).shape == (32, 32) and not layer.laid.at(9).any()       # the last two were not seen
        picture = cv2.imread(str(folder / "mska" / name / "frame_003.png"))
        assert picture is not None and picture.shape[:2] == (32 + 32, 32)
    assert "joints 0 1 3" in "\n".join(lines({"mska": cams}))


def test_the_page_has_a_map_and_shares_of_each_layer(folder: Path) -> None:
    model, = data_of(folder / "report.html")["models"]
    for layer in model["layers"]:
        assert layer["kind"] == "joints" and layer["cells"][1] == 1
        assert "sheet" in layer or layer["flags"]
        assert layer["looks"].endswith("joints, a step every 2 frames" if layer["name"].endswith(".3") else "4 frames")
    assert any(layer["shares"] and sum(layer["shares"]) == pytest.approx(1, abs=1e-3) for layer in model["layers"]
               if not layer["flags"])


def test_input_x_gradient_is_one_layer_of_the_joints_that_are_read(case: Case) -> None:
    folder = explained(case, "inputs", "--method", "inputxgradient", "--write", "cams")
    layer = read_cams(folder / "cams.npz")["mska"].layers["input"]
    assert layer.laid.raw.shape == (8, 79) and layer.laid.cells.joints is not None
    assert tuple(layer.laid.cells.joints.numbers) == BODY
    assert not any("grainy" in note for note in model_record(folder)["notes"])


def test_attention_leaves_a_matrix_and_says_that_it_is_one_for_the_clip(case: Case) -> None:
    folder = explained(case, "attention", "--method", "attention", "--write", "frames,cams,report")
    for name, layer in read_cams(folder / "cams.npz")["mska"].layers.items():
        matrix = layer.laid.matrix
        assert matrix is not None and matrix.shape == (layer.laid.raw.shape[1],) * 2 and (matrix >= 0).all()
        assert (folder / "mska" / name / "matrix.png").is_file()
        np.testing.assert_allclose(layer.laid.raw[0], matrix.mean(0), rtol=1e-5)        # what each joint gives
    assert sum("one matrix for the whole clip" in note for note in model_record(folder)["notes"]) == 1
    assert all(layer["matrix_of"] == "joint" for layer in data_of(folder / "report.html")["models"][0]["layers"])


@pytest.mark.parametrize("method, more", [
    ("occlusion", ["--budget", "8"]), ("eigencam", []), in_full(("integrated", [])),
    ("gradcam++", ["--normalise", "frame", "--pool", "frame"])])
def test_other_methods_work_as_for_any_network(case: Case, method: str, more: Any) -> None:
    folder = explained(case, method, "--method", method, *more, "--write", "frames,video,report")
    assert all(layer["flags"] in ([], ["saturated"]) for layer in model_record(folder)["layers"].values())


def test_glosses_on_their_own_have_maps_and_rows(case: Case) -> None:
    folder = explained(case, "each", "--method", "gradcam", "--target", "each", "--write", "frames,cams,glosses,report")
    read = model_record(folder)["explained"]
    assert set(model_record(folder)["layers"]) == set(MSKA.gloss_layers)
    rows = (folder / "glosses.csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 1 + len(read) * len(MSKA.gloss_layers)
    assert len(read_cams(folder / "cams.npz")["mska"].glosses) == len(read)


def test_layers_are_listed_with_their_joints(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    assert case.prints("--list-layers", models=["mska"]) == 0
    shown = capsys.readouterr().out
    assert "* body_graph_layers.7" in shown and "16 x 50 x 79  joints" in shown and " input " in shown


def test_a_clip_without_keypoints_is_one_line(case: Case, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    import shutil

    data = tmp_path / "data"
    shutil.copytree(case.data, data)
    shutil.rmtree(data / "keypoints")
    own = replace(case, data=data, out=tmp_path / "out")
    assert own.run("--split", "test", "--seq", SEQUENCE, models=["mska"]) == 2
    said = [line for line in capsys.readouterr().err.splitlines() if "keypoints" in line]
    assert len(said) >= 1 and "reads nothing else" in said[0] and "keypoints/keypoints.pkl" in said[0]


def test_its_own_method_is_input_times_gradient(case: Case) -> None:
    folder = explained(case, "own", "--write", "cams")
    assert model_record(folder)["method"] == "inputxgradient" and set(model_record(folder)["layers"]) == {"input"}
