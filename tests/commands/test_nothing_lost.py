"""Runs that are killed, stopped, fail in part or find the disk full: what is there is whole, the rest can be redone."""
import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List

import pytest
import torch

import main
import render
from tests.kit.commands import Case, files, tiny_case

ROOT = Path(main.__file__).parent


def forked(case: Case, *what: str, flags: List[str]) -> List[int]:
    done = subprocess.run([sys.executable, "-m", "tests.kit.forked_runs", *what, *case.arguments("--quiet", *flags)],
                          cwd=ROOT, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    return [int(code) for code in done.stdout.split()]


def told(folder: Path) -> Dict[str, Any]:
    """preds.json but for what no two runs have in common."""
    preds = json.loads((folder / "preds.json").read_text(encoding="utf-8"))
    return {key: value for key, value in preds.items() if key not in ("seconds", "peak_memory")}


def assert_same(out: Path, whole: Path) -> None:
    names = sorted(path.name for path in whole.iterdir())
    assert sorted(path.name for path in out.iterdir()) == names     # nothing hidden was left behind either
    for name in names:
        if (whole / name).is_dir():
            assert files(out / name) == files(whole / name)
            assert told(out / name) == told(whole / name)


def test_killed_ten_times_it_ends_as_if_undisturbed(tmp_path: Path) -> None:
    case = tiny_case(tmp_path)
    flags = ["--split", "test", "--seq", "clip-0,clip-1,clip-2", "--save-cams"]
    codes = forked(case, "SIGKILL", "1", "10", flags=flags)
    assert codes == [-9] * 10 + [0]
    assert_same(case.out, case.out.with_name("outputs.whole"))


def test_stopped_by_hand_it_ends_as_if_undisturbed(tmp_path: Path) -> None:
    case = tiny_case(tmp_path)
    assert forked(case, "SIGINT", "2", "2", flags=["--split", "test", "--no-report"]) == [130] * 2 + [0]
    assert_same(case.out, case.out.with_name("outputs.whole"))


def test_a_finished_sequence_is_skipped_with_a_note(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = tiny_case(tmp_path)
    flags = ("--split", "test", "--seq", "clip-0", "--no-report")
    assert case.run(*flags) == 0
    before = (case.out / "clip-0").stat().st_ino
    assert case.run(*flags) == 0
    assert "clip-0: finished with these settings before, skipped" in capsys.readouterr().out
    assert (case.out / "clip-0").stat().st_ino == before
    assert case.run(*flags, "--overwrite") == 0
    assert (case.out / "clip-0").stat().st_ino != before


@pytest.mark.parametrize("change", [["--alpha", "0.3"], ["--target", "pred"], ["--pool", "frame"], ["--save-cams"]])
def test_with_other_settings_it_is_redone(tmp_path: Path, change: List[str]) -> None:
    case = tiny_case(tmp_path)
    flags = ("--split", "test", "--seq", "clip-0", "--no-report", "--quiet")
    assert case.run(*flags) == 0
    before = told(case.out / "clip-0")["settings"]
    assert case.run(*flags, *change) == 0
    assert told(case.out / "clip-0")["settings"] != before


def test_another_checkpoint_under_the_same_name_is_another_setting(tmp_path: Path) -> None:
    case = tiny_case(tmp_path)
    flags = ("--split", "test", "--seq", "clip-0", "--no-report", "--quiet")
    assert case.run(*flags) == 0
    before = (case.out / "clip-0").stat().st_ino
    content = torch.load(case.checkpoints["slowfast"], weights_only=False)
    next(iter(content["model_state_dict"].values())).mul_(1.5)
    torch.save(content, case.checkpoints["slowfast"])
    assert case.run(*flags) == 0
    assert (case.out / "clip-0").stat().st_ino != before


def test_sequences_that_fail_do_not_stop_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = tiny_case(tmp_path)
    frames = case.data / "features/fullFrame-256x256px/test"
    for path in (frames / "clip-1" / "1").iterdir():
        path.unlink()
    broken = sorted((frames / "clip-4" / "1").iterdir())[2]
    broken.write_bytes(b"no picture")
    assert case.run("--split", "test", "--no-report", "--quiet") == 1
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

    explain = cam_runner.explain

    def fails_at_two(recogniser: Any, clip: Any, *rest: Any) -> Any:
        if clip.seq_id == "clip-2":
            raise RuntimeError("CUDA error: an illegal memory access\nand much more")
        return explain(recogniser, clip, *rest)

    monkeypatch.setattr(cam_runner, "explain", fails_at_two)
    assert case.run("--split", "test", "--no-report", "--quiet") == 1
    line, = capsys.readouterr().err.splitlines()
    assert "clip-2: RuntimeError: CUDA error: an illegal memory access (test_nothing_lost.py:" in line
    assert not (case.out / "clip-2").exists() and (case.out / "clip-5").exists()


@pytest.mark.parametrize("number", [0, 20, 60])
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
    assert case.run("--split", "test", "--no-report", "--quiet") == 1
    line, = capsys.readouterr().err.splitlines()
    assert "the disk is full" in line
    assert all((path / "preds.json").is_file() for path in case.out.iterdir())
    monkeypatch.undo()
    assert case.run("--split", "test", "--no-report", "--quiet") == 0


@pytest.mark.parametrize("kilobytes", [40, 400])
def test_a_disk_that_is_really_full(tmp_path: Path, kilobytes: int) -> None:
    case = tiny_case(tmp_path)
    case.out.mkdir()
    words = " ".join(f"'{word}'" for word in case.arguments("--split", "test", "--quiet", "--save-cams"))
    script = (f"mount -t tmpfs -o size={kilobytes}k tmpfs '{case.out}' || exit 77\n"
              f"'{sys.executable}' main.py {words}; code=$?; ls -A '{case.out}'; exit $code")
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script], cwd=ROOT, capture_output=True, text=True)
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("no file system may be mounted here")
    assert done.returncode == 1, done.stderr
    line, = done.stderr.splitlines()
    assert "the disk is full" in line
    assert not [name for name in done.stdout.split() if name.startswith(".")]


def test_a_sequence_that_another_run_is_writing_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]
                                                              ) -> None:
    from results.folder import SequenceFolder

    case = tiny_case(tmp_path)
    case.out.mkdir()
    with SequenceFolder(case.out, "clip-0") as held:
        (held.path / "kept").write_text("")
        assert case.run("--split", "test", "--seq", "clip-0,clip-1", "--no-report", "--quiet") == 1
        assert "another run is writing" in capsys.readouterr().err
        assert (held.path / "kept").exists()
    assert (case.out / "clip-1" / "preds.json").exists()
