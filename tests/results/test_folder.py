import json
from dataclasses import replace
from pathlib import Path
from typing import Any, List

import pytest

from records.sequence import sequence_json
from results.folder import SequenceFolder, finished, preds_lines, prepare_out, wer_lines
from results.manifest import read_manifest
from terminal.errors import UserError
from tests.kit import records


def hidden(out: Path) -> List[str]:
    return [path.name for path in out.iterdir() if path.name.startswith(".")]


def claimed(out: Path, name: str = "clip") -> SequenceFolder:
    folder = SequenceFolder.claim(out, name)
    assert folder is not None
    return folder


def published(out: Path, settings: Any = None, name: str = "clip", **contents: str) -> Path:
    """A finished sequence with these files beside its record."""
    out.mkdir(exist_ok=True)
    with claimed(out, name) as folder:
        for file, text in {"preds_json": "{}", **contents}.items():
            (folder.path / file.replace("_", ".")).write_text(text)
        folder.publish(settings or {}, {})
    return out / name


def test_a_folder_appears_when_it_is_published(tmp_path: Path) -> None:
    with claimed(tmp_path) as folder:
        (folder.path / "preds.json").write_text("{}")
        assert not (tmp_path / "clip").exists()
        folder.publish({}, {})
    assert (tmp_path / "clip" / "preds.json").read_text() == "{}" and hidden(tmp_path) == []


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    published(tmp_path, a_txt="old")
    with pytest.raises(ZeroDivisionError), claimed(tmp_path) as folder:
        (folder.path / "a.txt").write_text("new")
        raise ZeroDivisionError
    assert (tmp_path / "clip" / "a.txt").read_text() == "old" and hidden(tmp_path) == []


def test_a_new_folder_replaces_the_old_one_whole(tmp_path: Path) -> None:
    published(tmp_path, gone_png="old")
    published(tmp_path, new_png="new")
    assert sorted(path.name for path in (tmp_path / "clip").iterdir()) == ["manifest.json", "new.png", "preds.json"]
    assert hidden(tmp_path) == []


def test_what_the_program_did_not_write_is_never_deleted(tmp_path: Path) -> None:
    folder = published(tmp_path, old_png="old")
    (folder / "notes" / "deep").mkdir(parents=True)
    (folder / "notes" / "deep" / "mine.txt").write_text("mine")
    (folder / "new.png").write_text("mine")                     # where the next result has a file
    (folder / "preds.json").unlink()
    (folder / "preds.json").mkdir()
    (folder / "preds.json" / "mine.txt").write_text("mine")     # and where it has one in a folder's place
    (folder / "link").symlink_to("notes")
    published(tmp_path, new_png="new")
    assert (folder / "new.png").read_text() == "new" and (folder / "preds.json").read_text() == "{}"
    for name in ("notes/deep/mine.txt", "new.png.kept", "preds.json.kept/mine.txt", "link/deep/mine.txt"):
        assert (folder / name).read_text() == "mine"
    assert not (folder / "old.png").exists() and hidden(tmp_path) == []


@pytest.mark.parametrize("kept", [1, 2, 3])
def test_killed_while_the_old_one_goes_nothing_of_it_is_taken_for_the_users(tmp_path: Path, kept: int) -> None:
    folder = published(tmp_path, a_png="old", b_png="old")
    published(tmp_path)
    old = tmp_path / ".old-clip"
    published(tmp_path / "elsewhere", a_png="1", b_png="1").rename(old)
    for name in ("a.png", "b.png", "preds.json")[kept:]:
        (old / name).unlink()
    (tmp_path / ".lock-clip").write_text("")
    prepare_out(tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "preds.json"]
    assert hidden(tmp_path) == []


def test_a_linked_result_is_replaced_and_what_it_points_at_stays(tmp_path: Path) -> None:
    far = published(tmp_path / "far", a_png="old")
    (tmp_path / "clip").symlink_to(far)
    published(tmp_path, a_png="new")
    assert (far / "a.png").read_text() == "old" and not (tmp_path / "clip").is_symlink()
    assert (tmp_path / "clip" / "a.png").read_text() == "new"


def test_two_runs_never_write_the_same_sequence(tmp_path: Path) -> None:
    with claimed(tmp_path):
        assert SequenceFolder.claim(tmp_path, "clip") is None
        prepare_out(tmp_path)       # nor is it swept away
        assert (tmp_path / ".partial-clip").is_dir()
    with claimed(tmp_path):
        pass


def test_what_a_killed_run_left_is_swept_up(tmp_path: Path) -> None:
    (tmp_path / ".lock-clip").write_text("")
    (tmp_path / ".partial-clip" / "slowfast").mkdir(parents=True)
    prepare_out(tmp_path)
    assert hidden(tmp_path) == []


def test_killed_between_two_renames_the_old_one_comes_back(tmp_path: Path) -> None:
    published(tmp_path, a_txt="old").rename(tmp_path / ".old-clip")
    (tmp_path / ".lock-clip").write_text("")
    (tmp_path / ".partial-clip").mkdir()
    prepare_out(tmp_path)
    assert (tmp_path / "clip" / "a.txt").read_text() == "old" and hidden(tmp_path) == []


def test_the_manifest_lists_every_file_with_its_size(tmp_path: Path) -> None:
    with claimed(tmp_path) as folder:
        (folder.path / "model" / "layer").mkdir(parents=True)
        (folder.path / "model" / "layer" / "frame_000.png").write_bytes(b"1234")
        (folder.path / "preds.json").write_text("{}")
        folder.publish({"alpha": 0.5}, {"frames": "3 files"})
    made = read_manifest(tmp_path / "clip")
    assert made is not None and made.files == {"preds.json": 2, "model/layer/frame_000.png": 4}
    assert (made.settings, made.inputs) == ({"alpha": 0.5}, {"frames": "3 files"})


@pytest.mark.parametrize("name", ["../a", "a/../../b", "/etc/passwd", "a\0b"])
def test_a_manifest_that_leaves_its_folder_is_not_believed(tmp_path: Path, name: str) -> None:
    folder = published(tmp_path)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][name] = 1
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert read_manifest(folder) is None


def test_a_damaged_record_is_no_finished_sequence(tmp_path: Path) -> None:
    assert finished(tmp_path, "clip") is None
    folder = published(tmp_path)
    assert finished(tmp_path, "clip") is None       # of another version: no record of this one
    folder = published(tmp_path, preds_json=json.dumps(sequence_json(records.sequence())))
    assert finished(tmp_path, "clip") == records.sequence()
    (folder / "preds.json").write_text('{"settings": ')
    assert finished(tmp_path, "clip") is None


def test_an_output_folder_that_is_a_file_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="--out"):
        prepare_out(tmp_path / "file")


def test_the_lines_of_preds_txt() -> None:
    model = records.model(glosses=("REGEN",), wer=records.errors(1), target="the largest logit")
    assert preds_lines(records.sequence({"slowfast": model}, truth=("KÜHL", "REGEN"))) == [
        "GT: KÜHL REGEN", "SlowFast: REGEN",
        "SlowFast WER: 50.00 % (sub 1, ins 0, del 0, of 2 glosses; TwoStream 2014)",
        "SlowFast explained: the largest logit"]


def test_each_count_of_errors_says_whose_it_is() -> None:
    wer = records.errors(1)
    line = "TwoStream WER: 50.00 % (sub 1, ins 0, del 0, of 2 glosses; TwoStream 2014)"
    assert wer_lines("TwoStream", wer, wer) == [line + ", as its authors count"]
    assert wer_lines("TwoStream", wer, replace(wer, rule="VAC python")) == [
        line, "TwoStream WER as its authors count: 50.00 % (sub 1, ins 0, del 0, of 2 glosses; VAC python)"]
    assert wer_lines("TwoStream", wer, None) == [line] and wer_lines("TwoStream", None, None) == []


def test_what_maps_are_worth_is_told_of_the_layers_where_it_is_known() -> None:
    layers = {"layer1": records.layer(), "layer4": records.layer(evidence="on drawn signing 3.1 times")}
    assert preds_lines(records.sequence({"slowfast": records.model(layers=layers)}))[3:] == [
        "SlowFast layer4: on drawn signing 3.1 times"]
