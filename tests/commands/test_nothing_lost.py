"""Runs that are killed, stopped, fail in part or find the disk full: what is there is whole, the rest can be redone."""
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List

import cv2
import numpy as np
import pytest
import torch

import main
import render
from terminal.progress import Progress
from tests.kit.commands import Case, files, tiny_case
from tests.kit.tiers import crossed, first, full

ROOT = Path(main.__file__).parent


def forked(case: Case, *what: str, flags: List[str]) -> List[int]:
    done = subprocess.run([sys.executable, "-m", "tests.kit.forked_runs", *what, *case.arguments("--quiet", *flags)],
                          cwd=ROOT, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    return [int(code) for code in done.stdout.split()]


def record_of(folder: Path) -> Dict[str, Any]:
    """preds.json but for what no two runs have in common."""
    preds = json.loads((folder / "preds.json").read_text(encoding="utf-8"))
    return {key: value for key, value in preds.items() if key not in ("seconds", "peak_memory")}


def assert_same(out: Path, whole: Path) -> None:
    names = sorted(path.name for path in whole.iterdir())
    assert sorted(path.name for path in out.iterdir()) == names     # nothing hidden was left behind either
    for name in names:
        if (whole / name).is_dir():
            assert files(out / name) == files(whole / name)
            assert record_of(out / name) == record_of(whole / name)


@full
def test_killed_five_times_it_ends_as_if_undisturbed(tmp_path: Path) -> None:
    case = tiny_case(tmp_path)
    flags = ["--split", "test", "--seq", "clip-0,clip-1,clip-2", "--write", "frames,video,report,cams"]
    codes = forked(case, "SIGKILL", "1", "5", flags=flags)
    assert codes == [-9] * 5 + [0]
    assert_same(case.out, case.out.with_name("outputs.whole"))


@full
def test_the_runs_end_where_interrupts_are_ignored(tmp_path: Path) -> None:
    case = tiny_case(tmp_path)
    flags = case.arguments("--quiet", "--split", "test", "--seq", "clip-0,clip-1", "--write", "frames,video")
    done = subprocess.run([sys.executable, "-m", "tests.kit.forked_runs", "SIGINT", "2", "1", *flags], cwd=ROOT,
                          capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, timeout=600,
                          preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    assert done.stdout.split() == ["130", "0"], done.stderr


@full
def test_stopped_by_hand_it_ends_as_if_undisturbed(tmp_path: Path) -> None:
    case = tiny_case(tmp_path)
    assert forked(case, "SIGINT", "2", "2", flags=["--split", "test", "--seq", "clip-0,clip-1,clip-2",
                                                    "--write", "frames,video"]) == [130] * 2 + [0]
    assert_same(case.out, case.out.with_name("outputs.whole"))


def test_finished_sequences_are_skipped_and_told_of_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]
                                                                ) -> None:
    case = tiny_case(tmp_path)
    flags = ("--split", "test", "--seq", "clip-0,clip-1", "--write", "frames,video")
    assert case.run(*flags) == 0
    before = (case.out / "clip-0").stat().st_ino
    capsys.readouterr()
    assert case.run(*flags, "--seq", "clip-0,clip-1,clip-2") == 0
    printed = capsys.readouterr().out
    line, = (line for line in printed.splitlines() if "skipped" in line)
    assert line.startswith("3 sequences: 1 done, 2 skipped (finished before), 0 failed")
    assert "clip-0: " not in printed and "clip-2: 10 frames" in printed
    assert (case.out / "clip-0").stat().st_ino == before
    assert case.run(*flags, "--overwrite") == 0
    assert (case.out / "clip-0").stat().st_ino != before


def test_other_settings_are_refused_before_any_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = tiny_case(tmp_path)
    flags = ("--split", "test", "--write", "frames,video", "--quiet")
    assert case.run(*flags, "--seq", "clip-3") == 0
    mine = case.out / "clip-3" / "notes.txt"
    mine.write_text("mine")
    before = files(case.out)
    for change, key in ((["--alpha", "0.3"], "alpha"), (["--target", "pred"], "target"), (["--fps", "30"], "fps"),
                        (["--pool", "frame"], "pool")):
        assert case.run(*flags, *change) == 2
        line, = capsys.readouterr().err.splitlines()
        assert all(word in line for word in (f"{key}: ", "clip-3", "--overwrite", "--out"))
        assert files(case.out) == before
    assert case.run(*flags, "--alpha", "0.3", "--seq", "clip-3", "--overwrite") == 0
    assert record_of(case.out / "clip-3")["settings"]["alpha"] == 0.3 and mine.read_text() == "mine"


def test_another_checkpoint_under_the_same_name_is_another_setting(tmp_path: Path, capsys: pytest.CaptureFixture[str]
                                                                  ) -> None:
    case = tiny_case(tmp_path)
    flags = ("--split", "test", "--seq", "clip-0", "--write", "frames,video", "--quiet")
    assert case.run(*flags) == 0
    content = torch.load(case.checkpoints["slowfast"], weights_only=False)
    next(iter(content["model_state_dict"].values())).mul_(1.5)
    torch.save(content, case.checkpoints["slowfast"])
    assert case.run(*flags) == 2
    assert "checkpoints.slowfast: " in capsys.readouterr().err


def change_frame(case: Case) -> None:
    frame = sorted((case.data / "features/fullFrame-256x256px/test/clip-0/1").iterdir())[3]
    cv2.imwrite(str(frame), np.zeros((32, 32, 3), np.uint8))


def change_annotation(case: Case) -> None:
    corpus = case.data / "annotations/manual/test.corpus.csv"
    corpus.write_text(corpus.read_text().replace("clip-0/1/*.png|Signer01|REGEN", "clip-0/1/*.png|Signer01|WETTER"))


def change_keypoints(case: Case) -> None:
    os.utime(case.data / "keypoints/keypoints.pkl", ns=(0, 0))


def change_vocabulary(case: Case) -> None:
    corpus = case.data / "annotations/manual/train.corpus.csv"
    corpus.write_text(corpus.read_text().replace("REGEN WETTER", "REGEN NEBEL"))


CHANGES = {"frames": change_frame, "annotation": change_annotation, "keypoints": change_keypoints,
           "vocabulary.slowfast": change_vocabulary}


@pytest.mark.parametrize("key", first([*CHANGES], 2))
def test_inputs_that_changed_have_it_made_again(tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str) -> None:
    case = tiny_case(tmp_path)
    flags = ("--split", "test", "--seq", "clip-0", "--write", "frames,video")
    assert case.run(*flags) == 0
    before = (case.out / "clip-0").stat().st_ino
    CHANGES[key](case)
    capsys.readouterr()
    assert case.run(*flags) == 0
    assert f"clip-0: made again, because these have changed since: {key}" in capsys.readouterr().err
    assert (case.out / "clip-0").stat().st_ino != before
    if key == "annotation":
        assert record_of(case.out / "clip-0")["truth"] == ["WETTER"]


@pytest.mark.parametrize("name, how", crossed(
    ["slowfast/*/frame_003.png", "comparison.mp4", "preds.json", "report.json", "manifest.json"],
    ["gone", "empty", "half", "[]", "folder"]))
def test_what_is_damaged_is_made_again(whole: Case, capsys: pytest.CaptureFixture[str], name: str, how: str) -> None:
    before = files(whole.out / "clip-0")
    file = next((whole.out / "clip-0").glob(name))
    content = file.read_bytes()
    file.unlink()
    if how == "folder":
        file.mkdir()
    elif how != "gone":
        file.write_bytes({"empty": b"", "half": content[:len(content) // 2], "[]": b"[]"}[how])
    assert whole.run("--split", "test", "--seq", "clip-0,clip-1") == 0
    assert "clip-0: made again, because" in capsys.readouterr().err
    assert files(whole.out / "clip-0") == before
    shutil.rmtree(whole.out / "clip-0.aside-1", ignore_errors=True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Case:
    case = tiny_case(tmp_path_factory.mktemp("whole"))
    assert case.run("--split", "test", "--seq", "clip-0,clip-1") == 0
    return case


def test_what_only_looks_like_a_result_is_set_aside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = tiny_case(tmp_path)
    (case.out / "clip-0").mkdir(parents=True)
    (case.out / "clip-0" / "preds.json").write_text("{}")
    (case.out / "clip-0" / "mine.txt").write_text("mine")
    assert case.run("--split", "test", "--seq", "clip-0,clip-1", "--write", "frames,video") == 0
    assert "the old result is kept as clip-0.aside-1" in capsys.readouterr().err
    assert (case.out / "clip-0.aside-1" / "mine.txt").read_text() == "mine"
    assert record_of(case.out / "clip-0")["sequence"] == "clip-0"


def test_a_folder_of_somebody_elses_is_refused_before_any_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]
                                                               ) -> None:
    case = tiny_case(tmp_path)
    (case.out / "clip-4").mkdir(parents=True)
    (case.out / "clip-4" / "mine.txt").write_text("mine")
    for flags in ([], ["--overwrite"]):
        assert case.run("--split", "test", "--quiet", *flags) == 2
        line, = capsys.readouterr().err.splitlines()
        assert "clip-4 exists, but was not written by this program" in line
    assert [path.name for path in case.out.iterdir()] == ["clip-4"]


def test_sequences_that_fail_do_not_stop_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = tiny_case(tmp_path)
    frames = case.data / "features/fullFrame-256x256px/test"
    for path in (frames / "clip-1" / "1").iterdir():
        path.unlink()
    broken = sorted((frames / "clip-4" / "1").iterdir())[2]
    broken.write_bytes(b"no picture")
    assert case.run("--split", "test", "--write", "frames,video", "--quiet") == 1
    first, second = capsys.readouterr().err.splitlines()
    assert "clip-1" in first and "no frames" in first and broken.name in second
    assert sorted(path.name for path in case.out.iterdir() if path.is_dir()) == ["clip-0", "clip-2", "clip-3", "clip-5"]
    merged = json.loads((case.out / "summary.json").read_text(encoding="utf-8"))
    assert merged["counts"] == {"done": 4, "skipped": 0, "failed": 2}
    assert [row["reason"] != "" for row in merged["sequences"]] == [False, True, False, False, True, False]


def test_a_crash_in_one_sequence_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                     capsys: pytest.CaptureFixture[str]) -> None:
    case = tiny_case(tmp_path)
    import cam_runner

    explain = cam_runner.explain_each

    def fails_at_two(recogniser: Any, clip: Any, *rest: Any, **more: Any) -> Any:
        if clip.seq_id == "clip-2":
            raise RuntimeError("CUDA error: an illegal memory access\nand much more")
        return explain(recogniser, clip, *rest, **more)

    monkeypatch.setattr(cam_runner, "explain_each", fails_at_two)
    assert case.run("--split", "test", "--write", "frames,video", "--quiet") == 1
    line, = capsys.readouterr().err.splitlines()
    assert "clip-2: RuntimeError: CUDA error: an illegal memory access (test_nothing_lost.py:" in line
    assert not (case.out / "clip-2").exists() and (case.out / "clip-5").exists()


@pytest.mark.parametrize("number", first([20, 0, 60]))
def test_a_full_disk_is_one_line_and_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int,
                                                          capsys: pytest.CaptureFixture[str]) -> None:
    case = tiny_case(tmp_path)
    encode, written = render.png, []

    def fills_up(picture: Any) -> bytes:
        written.append(picture)
        if len(written) > number:
            raise OSError(errno.ENOSPC, "No space left on device")
        return encode(picture)

    monkeypatch.setattr(render, "png", fills_up)
    assert case.run("--split", "test", "--write", "frames,video", "--quiet") == 1
    line, = capsys.readouterr().err.splitlines()
    assert "the disk is full" in line
    assert all((path / "preds.json").is_file() for path in case.out.iterdir())
    monkeypatch.undo()
    assert case.run("--split", "test", "--write", "frames,video", "--quiet") == 0


@full
@pytest.mark.parametrize("kilobytes", [400, 40])
def test_a_disk_that_is_really_full(tmp_path: Path, kilobytes: int) -> None:
    case = tiny_case(tmp_path)
    case.out.mkdir()
    words = " ".join(f"'{word}'" for word in case.arguments("--split", "test", "--quiet", "--write",
                                                              "frames,video,report,cams"))
    script = (f"mount -t tmpfs -o size={kilobytes}k tmpfs '{case.out}' || exit 77\n"
              f"'{sys.executable}' main.py {words}; code=$?; ls -A '{case.out}'; exit $code")
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script], cwd=ROOT, capture_output=True, text=True)
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("no file system may be mounted here")
    assert done.returncode == 1, done.stderr
    line, = done.stderr.splitlines()
    assert "the disk is full" in line
    assert not [name for name in done.stdout.split() if name.startswith(".")]


def start(case: Case, *flags: str) -> "subprocess.Popen[str]":
    asked = case.arguments("--split", "test", "--write", "frames,video", *flags)
    return subprocess.Popen([sys.executable, "main.py", *asked],
                            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env={**os.environ, "OMP_NUM_THREADS": "1"})


@full
def test_two_runs_at_once_share_the_work_and_both_end_well(tmp_path: Path) -> None:
    case = tiny_case(tmp_path)
    both = [start(case), start(case)]
    told_by = [run.communicate() for run in both]
    assert [run.returncode for run in both] == [0, 0], told_by
    assert all("6 sequences: " in out and " 0 failed" in out for out, _ in told_by)
    made = [line.split(":")[0] for out, _ in told_by for line in out.splitlines() if " frames, " in line]
    assert sorted(made) == [f"clip-{number}" for number in range(6)]        # none twice
    assert not list(case.out.glob(".*"))


@full
def test_of_two_runs_with_different_settings_one_is_refused(tmp_path: Path) -> None:
    case = tiny_case(tmp_path)
    both = [start(case), start(case, "--alpha", "0.3")]
    told_by = [run.communicate() for run in both]
    assert sorted(run.returncode for run in both) == [0, 2], told_by
    refused, = (err for run, (_, err) in zip(both, told_by) if run.returncode)
    assert "alpha: " in refused.splitlines()[-1]
    assert len({record_of(case.out / f"clip-{number}")["settings"]["alpha"] for number in range(6)}) == 1
    assert not list(case.out.glob(".*"))


def test_what_another_run_holds_is_waited_for_and_done_where_that_one_fails(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from results.folder import SequenceFolder

    case = tiny_case(tmp_path)
    assert case.run("--split", "test", "--seq", "clip-1", "--write", "frames,video", "--quiet") == 0
    settings = record_of(case.out / "clip-1")["settings"]
    held = SequenceFolder.claim(case.out, "clip-0")
    assert held is not None
    held.sign(settings)
    waits, waited = Progress.stage, [""][:0]

    def over_when_waited_for(self: Progress, text: str) -> None:
        if "another run is working on it" in text and not waited:
            waited.append(text)
            held.release()
        waits(self, text)

    monkeypatch.setattr(Progress, "stage", over_when_waited_for)
    assert case.run("--split", "test", "--seq", "clip-0,clip-1,clip-2", "--write", "frames,video") == 0
    printed = capsys.readouterr().out
    assert waited and "clip-0: another run is working on it; left to that run" in printed
    assert "3 sequences: 2 done, 1 skipped" in printed
