"""cams.npz read again, whole or not."""
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict

import numpy as np
import pytest

from files import workspace
from files.arrays import npz_bytes
from records.explanation import LayerMap
from results.cams import lines, main, read_cams, write_cams
from terminal.errors import UserError
from tests.kit import records
from tests.kit.maps import joint_map, laid, on_grid


@pytest.fixture(scope="module")
def arrays(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, np.ndarray]:
    whole = on_grid(np.random.default_rng(0).random((3, 4, 5)).astype(np.float32), 4, 12, (32, 40), (0, 32, 0, 40))
    layer = LayerMap(whole, ("saturated",), made="product of all")
    explanation = records.explanation({"layer4": layer}, [records.gloss_maps(records.gloss(1), {"layer4": layer})],
                                      logits=np.zeros((3, 7), np.float32))
    path = tmp_path_factory.mktemp("cams") / "cams.npz"
    write_cams(path, {"slowfast": explanation})
    with np.load(path) as stored:
        return dict(stored)


def test_what_was_written_is_read(arrays: Dict[str, np.ndarray], tmp_path: Path) -> None:
    (tmp_path / "cams.npz").write_bytes(npz_bytes(arrays))
    explanation = read_cams(tmp_path / "cams.npz")["slowfast"]
    layer = explanation.layers["layer4"]
    assert layer.flags == ("saturated",) and layer.made == "product of all"
    assert explanation.glosses[0].about == replace(records.gloss(1), layers={"layer4": ("saturated",)})
    assert len(lines({"slowfast": explanation})) == 4


def about(change: Callable[[Any], Any]) -> Callable[[Dict[str, np.ndarray]], None]:
    def do(arrays: Dict[str, np.ndarray]) -> None:
        record = json.loads(str(arrays["about"]))
        change(record["models"]["slowfast"])
        arrays["about"] = np.array(json.dumps(record))
    return do


def replaced(name: str, value: Any) -> Callable[[Dict[str, np.ndarray]], None]:
    return lambda arrays: arrays.update({name: np.asarray(value)})


def test_who_takes_from_whom_is_kept(tmp_path: Path) -> None:
    """Of attention among joints and in time: without it, what is drawn from the file would lack a picture."""
    over_time = replace(laid(np.zeros(3), (8, 8)), matrix=np.eye(3, dtype=np.float32))
    among_joints = joint_map(np.zeros((3, 2)), np.zeros((3, 2, 2)), [0, 1], (3, 8, 8), np.eye(2, dtype=np.float32))
    layers = {"time": over_time, "joints": among_joints}
    write_cams(tmp_path / "cams.npz", {"slowfast": records.explanation(layers)})
    read = read_cams(tmp_path / "cams.npz")["slowfast"].layers
    for name, written in layers.items():
        kept = read[name].laid.matrix
        assert kept is not None and written.matrix is not None and (kept == written.matrix).all()


DAMAGE: Dict[str, Callable[[Dict[str, np.ndarray]], Any]] = {
    "no logits": lambda arrays: arrays.pop("slowfast/logits"),
    "no map": lambda arrays: arrays.pop("slowfast/layer4/raw"),
    "no about": lambda arrays: arrays.pop("about"),
    "about of a list": replaced("about", "[1]"), "about of nothing": replaced("about", "{"),
    "about without end": replaced("about", "[" * 100_000),
    "a map of text": replaced("slowfast/layer4/raw", np.full((3, 4, 5), "x")),
    "a map of another shape": replaced("slowfast/layer4/raw", np.zeros((3, 4, 6), np.float32)),
    "a map of numbers that are none": replaced("slowfast/layer4/raw", np.full((3, 4, 5), np.nan, np.float32)),
    "a matrix of another size": replaced("slowfast/layer4/matrix", np.zeros((4, 4), np.float32)),
    "cells one upon the other": replaced("slowfast/layer4/rows", np.zeros(4)),
    "lows of other frames": replaced("slowfast/layer4/lows", np.zeros(3, np.float32)),
    "a view of text": replaced("slowfast/viewport", np.array(["a"] * 4)),
    "a clip larger than any": about(lambda model: model["layers"]["layer4"].update(size=[10 ** 9, 10 ** 6, 10 ** 6])),
    "a clip in words": about(lambda model: model["layers"]["layer4"].update(size="abc")),
    "a box beyond the frame": about(lambda model: model["layers"]["layer4"].update(box=[0, 33, 0, 40])),
    "frames that were not": about(lambda model: model["layers"]["layer4"].update(seen=[0, 13])),
    "layers as a list": about(lambda model: model.update(layers=[])),
    "glosses as a number": about(lambda model: model.update(glosses=3)),
    "a gloss that is not told": about(lambda model: model["glosses"][0].pop("gloss")),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_file_is_one_line(arrays: Dict[str, np.ndarray], tmp_path: Path, name: str,
                                    capsys: pytest.CaptureFixture[str]) -> None:
    changed = dict(arrays)
    DAMAGE[name](changed)
    (tmp_path / "cams.npz").write_bytes(npz_bytes(changed))
    if name == "layers as a list":
        changed["about"] = np.array("{}")
    assert main([str(tmp_path / "cams.npz")]) == 2
    line, = capsys.readouterr().err.splitlines()
    assert "cams.npz" in line and len(line) < 400


def test_its_help_says_what_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0 and "outputs/SEQUENCE/cams.npz" in capsys.readouterr().out


def test_outputs_are_found_from_any_folder(arrays: Dict[str, np.ndarray], tmp_path: Path,
                                           monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """As figure.py finds them, that takes the same words."""
    (tmp_path / "outputs").mkdir()
    (tmp_path / "outputs" / "cams.npz").write_bytes(npz_bytes(arrays))
    monkeypatch.setattr(workspace.Workspace, "__init__", lambda self: object.__setattr__(self, "root", tmp_path))
    assert main(["outputs/cams.npz"]) == 0 and "slowfast" in capsys.readouterr().out


def test_an_array_that_announces_much_is_refused_before_it_is_made(tmp_path: Path) -> None:
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f4", "fortran_order": False, "shape": (5 * 10 ** 9,)})
    with zipfile.ZipFile(tmp_path / "cams.npz", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("about.npy", head.getvalue())
    with pytest.raises(UserError, match="20,000,000,000 bytes of 0"):
        read_cams(tmp_path / "cams.npz")


def test_zeros_that_unpack_to_far_more_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("files.arrays.FLOOR", 1 << 20)
    (tmp_path / "cams.npz").write_bytes(npz_bytes({"about": np.zeros(10 ** 7)}, compressed=True))
    with pytest.raises(UserError, match="that would unpack to 80,000,128"):
        read_cams(tmp_path / "cams.npz")
