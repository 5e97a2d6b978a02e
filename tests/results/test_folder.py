from pathlib import Path
from typing import List

import pytest

from results.folder import SequenceFolder, finished, preds_lines, prepare_out
from terminal.errors import UserError


def hidden(out: Path) -> List[str]:
    return [path.name for path in out.iterdir() if path.name.startswith(".")]


def test_a_folder_appears_when_it_is_published(tmp_path: Path) -> None:
    with SequenceFolder(tmp_path, "clip") as folder:
        (folder.path / "a").write_text("new")
        assert not (tmp_path / "clip").exists()
        folder.publish()
    assert (tmp_path / "clip" / "a").read_text() == "new" and hidden(tmp_path) == []


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "clip").mkdir()
    (tmp_path / "clip" / "a").write_text("old")
    with pytest.raises(ZeroDivisionError), SequenceFolder(tmp_path, "clip") as folder:
        (folder.path / "a").write_text("new")
        raise ZeroDivisionError
    assert (tmp_path / "clip" / "a").read_text() == "old" and hidden(tmp_path) == []


def test_a_new_folder_replaces_the_old_one_whole(tmp_path: Path) -> None:
    (tmp_path / "clip").mkdir()
    (tmp_path / "clip" / "gone").write_text("old")
    with SequenceFolder(tmp_path, "clip") as folder:
        folder.publish()
    assert list((tmp_path / "clip").iterdir()) == [] and hidden(tmp_path) == []


def test_two_runs_never_write_the_same_sequence(tmp_path: Path) -> None:
    with SequenceFolder(tmp_path, "clip"):
        with pytest.raises(UserError, match="another run is writing"), SequenceFolder(tmp_path, "clip"):
            pass
        prepare_out(tmp_path)       # nor is it swept away
        assert (tmp_path / ".partial-clip").is_dir()
    with SequenceFolder(tmp_path, "clip"):
        pass


def test_what_a_killed_run_left_is_swept_up(tmp_path: Path) -> None:
    (tmp_path / ".lock-clip").write_text("")
    (tmp_path / ".partial-clip" / "slowfast").mkdir(parents=True)
    prepare_out(tmp_path)
    assert hidden(tmp_path) == []


def test_killed_between_two_renames_the_old_one_comes_back(tmp_path: Path) -> None:
    (tmp_path / ".lock-clip").write_text("")
    (tmp_path / ".partial-clip").mkdir()
    (tmp_path / ".old-clip").mkdir()
    (tmp_path / ".old-clip" / "a").write_text("old")
    prepare_out(tmp_path)
    assert (tmp_path / "clip" / "a").read_text() == "old" and hidden(tmp_path) == []


def test_a_damaged_record_is_no_finished_sequence(tmp_path: Path) -> None:
    assert finished(tmp_path, "clip") is None
    (tmp_path / "clip").mkdir()
    (tmp_path / "clip" / "preds.json").write_text('{"settings": ')
    assert finished(tmp_path, "clip") is None


def test_an_output_folder_that_is_a_file_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="--out"):
        prepare_out(tmp_path / "file")


def test_the_lines_of_preds_txt() -> None:
    wer = {"wer": 50.0, "sub": 1, "ins": 0, "del": 0, "reference": 2}
    model = {"title": "SlowFastSign", "glosses": ["REGEN"], "wer": wer}
    preds = {"truth": ["KÜHL", "REGEN"], "models": {"slowfast": model}}
    assert preds_lines(preds) == ["GT: KÜHL REGEN", "SlowFast: REGEN",
                                  "SlowFast WER: 50.00 % (sub 1, ins 0, del 0, of 2 glosses)"]
