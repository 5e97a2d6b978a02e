"""What is written appears whole or not at all; what killed runs left goes, and nothing else does."""
import fcntl
import os
from pathlib import Path

import pytest

from files import atomic
from files.atomic import atomic_file, draft_folder, sweep_drafts, sweep_parts


def aged(path: Path, seconds: float) -> Path:
    status = path.stat()
    os.utime(path, (status.st_atime - seconds, status.st_mtime - seconds))
    return path


def test_a_part_has_the_files_own_suffix_and_takes_its_place(tmp_path: Path) -> None:
    with atomic_file(tmp_path / "film.mp4") as part:
        assert part.suffix == ".mp4" and atomic.PART.fullmatch(part.name)
        part.write_text("whole")
        assert not (tmp_path / "film.mp4").exists()
    assert os.listdir(tmp_path) == ["film.mp4"]


def test_a_block_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("before")
    with pytest.raises(KeyboardInterrupt), atomic_file(tmp_path / "a") as part:
        part.write_text("half")
        raise KeyboardInterrupt
    assert os.listdir(tmp_path) == ["a"] and (tmp_path / "a").read_text() == "before"


def test_only_old_parts_of_ours_are_swept(tmp_path: Path) -> None:
    for name, age in ((".0123456789ab.part.mp4", 1000), (".0123456789ab.part", 1000), (".0123456789ac.part", 1),
                      (".mine.part", 1000), ("0123456789ab.part", 1000), (".0123456789ab.mp4", 1000)):
        (tmp_path / name).touch()
        aged(tmp_path / name, age)
    (tmp_path / ".0123456789ad.part").mkdir()
    aged(tmp_path / ".0123456789ad.part", 1000)
    sweep_parts(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".0123456789ab.mp4", ".0123456789ac.part", ".0123456789ad.part",
                                            ".mine.part", "0123456789ab.part"]


def test_who_writes_into_a_folder_sweeps_it(tmp_path: Path) -> None:
    (tmp_path / ".0123456789ab.part").touch()
    aged(tmp_path / ".0123456789ab.part", 1000)
    with atomic_file(tmp_path / "a") as part:
        part.touch()
    assert os.listdir(tmp_path) == ["a"]


def test_a_draft_takes_its_place_and_those_of_the_dead_go(tmp_path: Path) -> None:
    for name in (".data.4711", ".data.4712", ".data.old", ".other.4711"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").touch()
        aged(tmp_path / name, 1000)
    (tmp_path / ".data.4713").mkdir()           # just made: its maker may not have locked it yet
    alive = os.open(tmp_path / ".data.4712", os.O_RDONLY)
    fcntl.flock(alive, fcntl.LOCK_EX)
    with draft_folder(tmp_path / "data") as draft:
        (draft / "y").touch()
    assert sorted(os.listdir(tmp_path)) == [".data.4712", ".data.4713", ".data.old", ".other.4711", "data"]
    os.close(alive)
    sweep_drafts(tmp_path / "data")
    assert ".data.4712" not in os.listdir(tmp_path)


def test_a_draft_that_fails_leaves_the_folder_before(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with pytest.raises(ValueError), draft_folder(tmp_path / "data") as draft:
        (draft / "half").touch()
        raise ValueError
    assert [path.name for path in tmp_path.rglob("*")] == ["data"]
