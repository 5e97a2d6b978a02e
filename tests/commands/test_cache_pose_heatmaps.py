import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from cache_pose_heatmaps import main
from files.workspace import REPOSITORY
from tests.kit.tiers import full
from tests.kit.workspace import tiny_workspace


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tiny_workspace(tmp_path / "Gebärden Daten")


def run(root: Path, *flags: str) -> int:
    return main(["--data-root", str(root), "--device", "cpu", *flags])


def test_whole_split_is_rendered_once(root: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(root) == 0
    assert "dev: 3 sequences" in capsys.readouterr().out
    files = sorted((root / "keypoints/heatmaps").iterdir())
    assert [(file.name, np.load(file).shape) for file in files] == [
        ("01April_default-1.npy", (6, 2, 112, 112)), ("01April_default-10.npy", (5, 2, 112, 112)),
        ("02Mai heute_default-3.npy", (4, 2, 112, 112))]
    before = [file.stat() for file in files]
    assert run(root, "--workers", "1") == 0
    assert "0 made, 3 there already, 0 failed" in capsys.readouterr().out
    assert [file.stat() for file in files] == before


def test_only_the_named_are_rendered_where_asked(root: Path, tmp_path: Path) -> None:
    assert run(root, "--seq", "02Mai heute_default-3, 01April_default-1", "--out", str(tmp_path / "maps")) == 0
    assert sorted(os.listdir(tmp_path / "maps")) == ["01April_default-1.npy", "02Mai heute_default-3.npy"]
    assert not (root / "keypoints/heatmaps").exists()


def test_one_failure_is_reported_and_the_rest_go_on(root: Path, capsys: pytest.CaptureFixture) -> None:
    shutil.rmtree(root / "features/fullFrame-256x256px/dev/01April_default-10")
    assert run(root) == 1
    printed = capsys.readouterr()
    assert "01April_default-10: '01April_default-10' has no frames" in printed.err
    assert "2 made, 0 there already, 1 failed" in printed.out


@pytest.mark.parametrize("flags, problem", [
    (["--seq", "03Juni_default-0"], "it is in 'train'; ask for it with --split train"),
    (["--seq", "01April_default-11"], "nearest of its 3 ids: 01April_default-1"), (["--seq", " ,"], "names nothing"),
    (["--split", "test"], "no corpus for split 'test'"), (["--device", "quantum"], "quantum"),
])
def test_mistakes_are_one_line_and_two(root: Path, flags: list, problem: str, capsys: pytest.CaptureFixture) -> None:
    assert run(root, *flags) == 2
    printed = capsys.readouterr()
    assert problem in printed.err and printed.err.count("\n") == 1 and printed.out == ""
    assert not (root / "keypoints/heatmaps").exists()


def test_missing_data_root_is_one_line_and_two(root: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["--data-root", "nowhere"]) == 2
    assert "'nowhere' does not exist" in capsys.readouterr().err
    assert run(root.parent) == 2
    assert f"did you mean {root}?" in capsys.readouterr().err
    shutil.rmtree(root / "keypoints")
    assert run(root) == 2
    assert "keypoints.pkl: can't be read" in capsys.readouterr().err


def test_folder_that_can_not_be_written_stops_it_before_any_work(
        root: Path, capsys: pytest.CaptureFixture) -> None:
    (root / "a file").touch()
    assert run(root, "--out", str(root / "a file")) == 2
    assert "a file: can't be written (File exists)" in capsys.readouterr().err


@full
def test_it_runs_from_any_directory_and_after_a_kill(root: Path) -> None:
    command = [sys.executable, str(REPOSITORY / "cache_pose_heatmaps.py"), "--data-root", root.name, "--device", "cpu"]
    started = subprocess.Popen(command, cwd=root.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (root / "keypoints/keypoints.pkl.index").exists() and started.poll() is None:
        time.sleep(0.01)
    started.kill()
    started.wait()
    subprocess.run(command, cwd=root.parent, check=True, stdout=subprocess.DEVNULL)
    assert len(list((root / "keypoints/heatmaps").glob("*.npy"))) == 3
