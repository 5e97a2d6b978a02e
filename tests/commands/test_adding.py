"""More is asked of a finished sequence: what it lacks is made, and nothing goes."""
import csv
import json
import shutil
from pathlib import Path
from typing import Any, Dict, List

import pytest

import cam_runner
import main
from reports.compare_with import DATA
from tests.commands.test_nothing_lost import assert_same, forked
from tests.kit.commands import Case, files, tiny_case
from tests.kit.tiers import first, full

ONE = ("--split", "test", "--seq", "clip-0", "--target", "each")
ALL = "frames,video,report,cams,glosses,elan"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Case:
    case = tiny_case(tmp_path_factory.mktemp("whole"))
    assert case.run(*ONE, "--write", ALL, "--quiet") == 0
    return case


def beside(case: Case, tmp_path: Path) -> Case:
    """The same data, another output folder."""
    return Case(case.data, case.checkpoints, tmp_path / "outputs")


def assert_alike(made: Dict[str, bytes], expected: Dict[str, bytes]) -> None:
    """But for the commands that were typed, and where the data lie from there."""
    assert report_data(made["report.html"]) == report_data(expected["report.html"])
    assert {**made, "report.html": b""} == {**expected, "report.html": b""}


def report_data(page: bytes) -> Any:
    match = DATA.search(page.decode())
    assert match is not None
    data = json.loads(match.group(2))
    del data["preds"]["command"], data["preds"]["data_root"]
    return data


def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def explain(*_: Any, **__: Any) -> None:
        raise AssertionError("a network was asked")

    monkeypatch.setattr(cam_runner, "explain_each", explain)
    monkeypatch.setattr("runs.networks_in_use.load_recogniser", explain)


@pytest.mark.parametrize("steps", first([["cams", "frames,glosses", ALL], ["report,elan", "video", "frames", ALL],
                                         ["frames", "cams", ALL]], 2))
def test_step_by_step_it_becomes_what_one_run_writes(whole: Case, tmp_path: Path, steps: List[str]) -> None:
    case = beside(whole, tmp_path)
    for step in steps:
        assert case.run(*ONE, "--write", step, "--quiet") == 0
    assert_alike(files(case.out / "clip-0"), files(whole.out / "clip-0"))
    stepwise, at_once = (json.loads((out / "clip-0" / "preds.json").read_text()) for out in (case.out, whole.out))
    for key in ("models", "settings", "frames", "truth", "versions"):
        assert stepwise[key] == at_once[key]
    assert stepwise["command"].count("main.py") == len(steps)


def test_what_is_added_comes_from_the_maps_that_are_there(whole: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                          capsys: pytest.CaptureFixture[str]) -> None:
    case = beside(whole, tmp_path)
    assert case.run(*ONE, "--write", "cams", "--quiet") == 0
    no_network(monkeypatch)
    assert case.run(*ONE, "--write", "frames", "report") == 0
    assert "clip-0: 8 frames, frames and report added" in capsys.readouterr().out
    assert (case.out / "clip-0" / "cams.npz").exists() and (case.out / "clip-0" / "report.html").exists()


def test_adding_keeps_what_is_there_and_what_is_the_users(whole: Case, tmp_path: Path) -> None:
    case = beside(whole, tmp_path)
    assert case.run(*ONE, "--write", "frames", "--quiet") == 0
    (case.out / "clip-0" / "notes.txt").write_text("mine")
    picture = next((case.out / "clip-0").glob("slowfast/*/frame_003.png"))
    inode = picture.stat().st_ino
    assert case.run(*ONE, "--write", "cams", "--quiet") == 0
    assert picture.stat().st_ino == inode       # neither drawn nor copied again
    assert (case.out / "clip-0" / "notes.txt").read_text() == "mine"
    listed = json.loads((case.out / "clip-0" / "manifest.json").read_text())["files"]
    assert str(picture.relative_to(case.out / "clip-0")) in listed and "notes.txt" not in listed
    assert [path.name for path in case.out.iterdir()] == ["clip-0"]
    assert case.run(*ONE, "--write", "frames", "cams", "--quiet", "--every", "2") == 0      # all of that is there
    assert picture.stat().st_ino == inode


def test_pictures_of_more_frames_are_added_and_of_others_refused(whole: Case, tmp_path: Path,
                                                                 capsys: pytest.CaptureFixture[str]) -> None:
    case = beside(whole, tmp_path)
    assert case.run(*ONE, "--write", "frames", "cams", "--every", "4", "--quiet") == 0
    assert case.run(*ONE, "--write", "frames", "--every", "3", "--quiet") == 2
    assert "every: 4 there, 3 here" in capsys.readouterr().err
    assert case.run(*ONE, "--write", "frames", "--every", "2", "--quiet") == 0
    assert len(list((case.out / "clip-0").glob("slowfast/*/frame_*.png"))) % 4 == 0     # 0, 2, 4 and 6 of each layer
    assert json.loads((case.out / "clip-0" / "preds.json").read_text())["settings"]["every"] == 2


def test_what_has_to_be_made_again_is_made_again_whole(whole: Case, tmp_path: Path) -> None:
    """However little of it is asked for this time."""
    case = beside(whole, tmp_path)
    shutil.copytree(whole.out, case.out)
    before = files(case.out / "clip-0")
    (case.out / "clip-0" / "comparison.mp4").unlink()
    assert case.run(*ONE, "--write", "cams", "--quiet") == 0
    assert_alike(files(case.out / "clip-0"), before)


def test_maps_that_another_version_made_are_not_mixed_with_new_ones(whole: Case, tmp_path: Path,
                                                                    monkeypatch: pytest.MonkeyPatch,
                                                                    capsys: pytest.CaptureFixture[str]) -> None:
    case = beside(whole, tmp_path)
    assert case.run(*ONE, "--write", "frames", "--quiet") == 0
    picture = next((case.out / "clip-0").glob("slowfast/*/frame_003.png"))
    inode = picture.stat().st_ino
    monkeypatch.setattr("runs.describe.versions", lambda: {"this program": "99"})
    assert case.run(*ONE, "--write", "video") == 0
    assert 'clip-0: made again, because its maps have changed since (this program: ' in capsys.readouterr().err
    assert picture.stat().st_ino != inode and (case.out / "clip-0" / "comparison.mp4").exists()


def test_maps_that_cannot_be_read_are_made_again(whole: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
                                                 ) -> None:
    case = beside(whole, tmp_path)
    assert case.run(*ONE, "--write", "cams", "--quiet") == 0
    cams = case.out / "clip-0" / "cams.npz"
    size = cams.stat().st_size
    cams.write_bytes(b"x" * size)
    assert case.run(*ONE, "--write", "frames") == 0
    assert "clip-0: made again, because its maps cannot be read" in capsys.readouterr().err
    assert cams.read_bytes() == (whole.out / "clip-0" / "cams.npz").read_bytes()


@full
def test_parts_that_are_added_are_in_the_tables_of_before(whole: Case, tmp_path: Path) -> None:
    step, at_once = beside(whole, tmp_path / "steps"), beside(whole, tmp_path / "at once")
    two = ("--split", "test", "--seq", "clip-0,clip-1", "--target", "each", "--parts", "4", "--quiet", "--write")
    for case, outputs in ((step, "glosses"), (step, "parts"), (at_once, "glosses,parts")):
        flags = [flag for flag in two if outputs != "glosses" or flag not in ("--parts", "4")]
        assert case.run(*flags, outputs) == 0
    for folder in ("", "clip-0", "clip-1"):
        now, expected = (list(csv.DictReader((case.out / folder / "glosses.csv").open(encoding="utf-8")))
                         for case in (step, at_once))
        assert now == expected and all(row["when_without"] for row in now) and now
    assert files(step.out / "clip-0") == files(at_once.out / "clip-0")


def test_a_figure_after_a_plain_run(whole: Case, tmp_path: Path) -> None:
    import figure

    case = beside(whole, tmp_path)
    assert case.run(*ONE, "--quiet") == 0
    assert case.run(*ONE, "--write", "cams", "--quiet") == 0
    assert figure.main([str(case.out / "clip-0"), "--out", str(tmp_path / "figure.pdf")]) == 0
    assert (case.out / "clip-0" / "comparison.mp4").exists()


@full
def test_killed_while_it_adds_nothing_is_lost(whole: Case, tmp_path: Path) -> None:
    case = beside(whole, tmp_path)
    flags = ["--split", "test", "--seq", "clip-0,clip-1", "--write"]
    assert main.main(case.arguments("--quiet", *flags, "frames")) == 0
    before = files(case.out / "clip-0")
    assert forked(case, "SIGKILL", "3", "3", flags=[*flags, "video,cams"]) == [-9] * 3 + [0]
    assert before.items() <= files(case.out / "clip-0").items()
    assert_same(case.out, case.out.with_name("outputs.whole"))
