import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pytest
import torch

from files.lock import take
from files.workspace import REPOSITORY
from poses.keypoint_index import _passing_folder
from poses.whole_body import LEFT, MIDLINE, RIGHT, KeypointStore
from terminal.errors import UserError
from tests.kit.workspace import keypoints

A, B = keypoints("01April_default-1", 4), keypoints("01April_default-10", 7)
PATH = "fullFrame-210x260px/train/{}/1"


def by_frame(arrays: Dict[str, np.ndarray]) -> List[Dict[str, Any]]:
    """One dict per frame, in no order."""
    frames = [{"file_path": f"/data/{PATH.format(name)}/{name}.avi_pid0_fn{index:06d}-0.png",
               "predictions": {"keypoints": row[:, :2], "keypoint_scores": row[:, 2]}}
              for name, array in arrays.items() for index, row in enumerate(array)]
    return [frames[number] for number in np.random.default_rng(0).permutation(len(frames))]


def store(folder: Path, content: Any, protocol: int = 4) -> KeypointStore:
    path = folder / "keypoints.pkl"
    path.write_bytes(pickle.dumps(content, protocol))
    return KeypointStore(path)


NAMED = {"01April_default-1": A, "01April_default-10": B}
SHAPES: Dict[str, Any] = {
    "by id": NAMED,
    "by path": {PATH.format(name): array for name, array in NAMED.items()},
    "in dicts": {PATH.format(name).replace("/", "\\"): {"keypoints": array} for name, array in NAMED.items()},
    "in Fortran order": {name: np.asfortranarray(array).astype(np.float64) for name, array in NAMED.items()},
    "as lists": {name: array.tolist() for name, array in NAMED.items()},
    "by frame": by_frame(NAMED),
    "in tensors": {PATH.format(name): {"name": name, "gloss": "WIND", "text": "wind", "num_frames": len(array),
                                       "keypoint": torch.from_numpy(array.copy())} for name, array in NAMED.items()},
}


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_the_file_gives_the_same_sequences(tmp_path: Path, shape: str, protocol: int) -> None:
    keypoints_of = store(tmp_path, SHAPES[shape], protocol)
    np.testing.assert_array_equal(keypoints_of.read("01April_default-1", 4), A)
    np.testing.assert_array_equal(keypoints_of.read("01April_default-10", 7), B)
    assert keypoints_of.find("April_default-1", 4) is None
    assert keypoints_of.find("default-1", 4) is None


@pytest.mark.parametrize("change", [lambda tensor: tensor.transpose(0, 1), lambda tensor: tensor[:, ::2],
                                    lambda tensor: tensor.half().bfloat16(), lambda tensor: torch.nn.Parameter(tensor),
                                    lambda tensor: torch.nn.Linear(1, 1)])
def test_tensors_that_are_not_plain_rows_of_numbers_are_refused(tmp_path: Path, change: Any) -> None:
    content = {"a": {"keypoint": change(torch.zeros(4, 133, 3))}}
    with pytest.raises(UserError, match="nothing in it was run|unknown shape"):
        store(tmp_path, content).find("a", 4)


def test_a_tensor_that_announces_more_than_it_has_is_refused(tmp_path: Path) -> None:
    whole = pickle.dumps({"a": {"keypoint": torch.zeros(1, 133, 3)}}, 4)
    count = (399).to_bytes(8, "little")
    assert whole.count(count) == 1
    (tmp_path / "keypoints.pkl").write_bytes(whole.replace(count, (400).to_bytes(8, "little")))
    with pytest.raises(UserError, match="do not fit its size"):
        KeypointStore(tmp_path / "keypoints.pkl").find("a", 1)


def test_frames_that_share_one_array_are_read(tmp_path: Path) -> None:
    shared = {"keypoints": A[0, :, :2], "keypoint_scores": A[0, :, 2]}
    frames = [{"file_path": f"a/1/{index:04d}.png", "predictions": shared} for index in range(1500)]
    assert (store(tmp_path, frames).read("a", 1500) == A[0]).all()


def test_groups_share_out_all_points_and_mirror_each_other() -> None:
    assert sorted(LEFT + RIGHT + MIDLINE) == list(range(133))
    assert len(LEFT) == len(RIGHT)


def test_missing_sequence_and_other_length_are_errors(tmp_path: Path) -> None:
    keypoints_of = store(tmp_path, NAMED)
    with pytest.raises(UserError, match=r"keypoints\.pkl: no keypoints for 'x' among its 2 sequences"):
        keypoints_of.read("x", 4)
    with pytest.raises(UserError, match="4 frames of keypoints for '01April_default-1', which has 5"):
        keypoints_of.find("01April_default-1", 5)
    with pytest.raises(UserError, match=r"keypoints\.pkl: can't be read"):
        KeypointStore(tmp_path / "none/keypoints.pkl").find("x", 1)


def test_numbers_that_are_none_are_an_error(tmp_path: Path) -> None:
    broken = A.copy()
    broken[2, 5, 0] = np.nan
    with pytest.raises(UserError, match="'a' are not finite in frame 2"):
        store(tmp_path, {"a": broken}).find("a", 4)


@pytest.mark.parametrize("content, shape", [
    ({}, "an empty dict"), ([], "a list of 0"), (A, "array of shape"),
    ({"a": A[:, :17]}, r"'a': an array of shape \(4, 17, 3\)"),
    ({3: A}, "3: an array"), ({"a": {"points": A}}, "'a': a dict with the keys 'points'"), ({"a": None}, "'a': None"),
    ([A], r"entry 0: an array of shape \(4, 133, 3\)"), ({"a": "text"}, "'a': 'text'"),
    ([{"file_path": "s/1/f.png", "predictions": {"keypoints": A[0, :, :2]}}], "entry 0: .*scores None"),
    ([{"file_path": "s/1/f.png", "predictions": {"keypoints": A[0], "keypoint_scores": A[0, :, 2]}}], "entry 0"),
])
def test_unknown_shape_says_what_is_there(tmp_path: Path, content: Any, shape: str) -> None:
    with pytest.raises(UserError, match=rf"unknown shape of keypoints \(.*{shape}.*\); expected \{{name"):
        store(tmp_path, content).find("a", 4)
    assert os.listdir(tmp_path) == ["keypoints.pkl"]


@pytest.mark.parametrize("keep", [0, 10, 500, -1])
def test_truncated_pickle_is_an_error_and_leaves_nothing(tmp_path: Path, keep: int) -> None:
    keypoints_of = store(tmp_path, NAMED)
    keypoints_of.pickle.write_bytes(keypoints_of.pickle.read_bytes()[:keep])
    with pytest.raises(UserError, match=r"keypoints\.pkl: not a pickle"):
        keypoints_of.find("a", 4)
    assert os.listdir(tmp_path) == ["keypoints.pkl"]


def test_malicious_pickle_runs_nothing(tmp_path: Path) -> None:
    class Attack:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "ran"),)

    with pytest.raises(UserError, match="only plain data is loaded"):
        store(tmp_path, {"a": A, "b": Attack()}).find("a", 4)
    assert os.listdir(tmp_path) == ["keypoints.pkl"]


def test_one_id_in_two_names_is_an_error_unless_one_is_the_id_itself(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'a' could be train/a or dev/a"):
        store(tmp_path, {"train/a": A, "dev/a": B}).find("a", 4)
    np.testing.assert_array_equal(store(tmp_path, {"train/a": A, "a": B}).read("a", 7), B)


def test_index_is_made_once_and_again_when_the_pickle_changes(tmp_path: Path) -> None:
    keypoints_of = store(tmp_path, {"a": A})
    keypoints_of.read("a", 4)
    index = tmp_path / "keypoints.pkl.index"
    first = index.stat()
    keypoints_of.read("a", 4)
    assert index.stat() == first
    stat = keypoints_of.pickle.stat()
    store(tmp_path, {"a": A + 1})
    assert keypoints_of.pickle.stat().st_size == stat.st_size
    os.utime(keypoints_of.pickle, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    np.testing.assert_array_equal(keypoints_of.read("a", 4), A + 1)
    assert sorted(os.listdir(tmp_path)) == ["keypoints.pkl", "keypoints.pkl.index"]


@pytest.mark.parametrize("left", [b"", b"SQLite format 3\0 and no more", b"x" * 5000])
def test_what_a_killed_run_left_is_overwritten(tmp_path: Path, left: bytes) -> None:
    keypoints_of = store(tmp_path, NAMED)
    (tmp_path / ".keypoints.pkl.index.part").write_bytes(left)
    (tmp_path / "keypoints.pkl.index").write_bytes(left)
    np.testing.assert_array_equal(keypoints_of.read("01April_default-10", 7), B)
    assert sorted(os.listdir(tmp_path)) == ["keypoints.pkl", "keypoints.pkl.index"]


def test_index_that_can_not_be_kept_is_made_for_the_run_and_says_so(
        tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    keypoints_of = store(tmp_path, NAMED)
    (tmp_path / ".keypoints.pkl.index.part").mkdir()      # stands for a read-only folder: root may write to those
    for _ in range(2):
        np.testing.assert_array_equal(keypoints_of.read("01April_default-1", 4), A)
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        f"{tmp_path}/keypoints.pkl.index can't be written (Is a directory)"]


def test_paths_may_have_umlauts_spaces_and_marks(tmp_path: Path) -> None:
    folder = tmp_path / "Gebärden 100% [alle]? #1"
    folder.mkdir()
    np.testing.assert_array_equal(store(folder, {"ä ö/b": A}).read("ä ö", 4), A)


def test_several_processes_at_once_make_one_whole_index(tmp_path: Path) -> None:
    keypoints_of = store(tmp_path, {f"s{number}": B for number in range(200)})
    script = ("import sys, pathlib; from poses.whole_body import KeypointStore; "
              "print(KeypointStore(pathlib.Path(sys.argv[1])).read('s7', 7).sum().item())")
    runs = [subprocess.Popen([sys.executable, "-c", script, str(keypoints_of.pickle)], stdout=subprocess.PIPE,
                             cwd=REPOSITORY) for _ in range(3)]
    assert {run.communicate()[0] for run in runs} == {f"{B.sum().item()}\n".encode()}
    assert sorted(os.listdir(tmp_path)) == ["keypoints.pkl", "keypoints.pkl.index"]


def test_indexing_holds_no_more_than_an_array_at_a_time(tmp_path: Path) -> None:
    array = np.random.default_rng(0).random((400, 133, 3))
    keypoints_of = store(tmp_path, {f"s{number}": array + number for number in range(80)})     # 100 MB
    script = ("import re, sys, pathlib; from poses.whole_body import KeypointStore; "
              "peak = lambda: int(re.search(r'VmHWM:\\s+(\\d+)', pathlib.Path('/proc/self/status').read_text())[1]); "
              "base = peak(); KeypointStore(pathlib.Path(sys.argv[1])).read('s7', 400); print((peak() - base) // 1024)")
    run = subprocess.run([sys.executable, "-c", script, str(keypoints_of.pickle)], stdout=subprocess.PIPE, check=True,
                         cwd=REPOSITORY)
    assert 0 < int(run.stdout) < 50


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_damaged_index_is_made_again(tmp_path: Path, caplog: pytest.LogCaptureFixture, share: float) -> None:
    arrays = {f"clip-{number}": np.full((9, 133, 3), number, np.float32) for number in range(40)}
    (tmp_path / "keypoints.pkl").write_bytes(pickle.dumps(arrays))
    KeypointStore(tmp_path / "keypoints.pkl").prepare()
    index = tmp_path / "keypoints.pkl.index"
    whole = index.read_bytes()
    start = int(share * len(whole))
    index.write_bytes(whole[:start] + b"\xff" * (len(whole) - start))
    store = KeypointStore(tmp_path / "keypoints.pkl")
    for name, array in arrays.items():
        np.testing.assert_array_equal(store.read(name, 9), array)
    assert index.read_bytes() == whole and "it is made again" in caplog.text


def test_the_index_of_a_killed_run_is_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    mine, left, foreign = (tmp_path / f"keypoints-{name}" for name in ("mine", "left", "foreign"))
    for folder in (mine, left, foreign):
        folder.mkdir()
        (folder / "keypoints.pkl.index").write_text("")
    held = take(mine / ".held")
    (left / ".held").write_text("")
    made = _passing_folder()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([made.name, mine.name, foreign.name])
    assert held is not None
    os.close(held)
