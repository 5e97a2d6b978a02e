"""What a run may do with what it finds in its output folder."""
import json
import os
from pathlib import Path
from typing import Any, Dict

import pytest

from files.lock import take
from records.sequence import sequence_json
from results.existing_result import Existing, check_holder, check_out, existing
from results.folder import LOCK, SequenceFolder
from results.manifest import differing
from results.retire_output import set_aside
from terminal.errors import UserError
from tests.kit import records

SETTINGS: Dict[str, Any] = {"alpha": 0.5, "layers": {"slowfast": ["a"]}}
RECORD = records.sequence()
INPUTS = {"frames": "2 files, ab", "annotation": "REGEN"}


@pytest.fixture()
def folder(tmp_path: Path) -> Path:
    claimed = SequenceFolder.claim(tmp_path, "clip")
    assert claimed is not None
    with claimed:
        (claimed.path / "layer").mkdir()
        (claimed.path / "layer" / "frame_000.png").write_bytes(b"picture")
        (claimed.path / "preds.json").write_text(json.dumps(sequence_json(RECORD)))
        claimed.publish(SETTINGS, INPUTS)
    return claimed.final


def test_complete_and_current_is_finished(folder: Path) -> None:
    assert existing(folder, SETTINGS, INPUTS) == Existing(RECORD, settings=SETTINGS)
    assert existing(folder.with_name("other"), SETTINGS, INPUTS) == Existing()


@pytest.mark.parametrize("content", [None, b"", b"pictur", b"pictures"])
def test_a_file_that_is_gone_or_of_another_size_has_it_made_again(folder: Path, content: Any) -> None:
    picture = folder / "layer" / "frame_000.png"
    picture.unlink() if content is None else picture.write_bytes(content)
    assert existing(folder, SETTINGS, INPUTS) == Existing(
        flaw="layer/frame_000.png is missing or was changed after it was written", settings=SETTINGS)


def test_inputs_that_changed_have_it_made_again(folder: Path) -> None:
    result = existing(folder, SETTINGS, {**INPUTS, "annotation": "SONNE"})
    assert result.record is None and result.flaw == "these have changed since: annotation"


def test_other_settings_are_refused_and_named(folder: Path) -> None:
    with pytest.raises(UserError, match="alpha: 0.5 there, 0.3 here.*--overwrite.*another --out"):
        existing(folder, {**SETTINGS, "alpha": 0.3}, INPUTS)
    with pytest.raises(UserError, match="layers.slowfast"):
        check_out(folder.parent, ["clip"], lambda: {**SETTINGS, "layers": {"slowfast": ("b",)}}, False)
    check_out(folder.parent, ["clip"], lambda: {**SETTINGS, "alpha": 0.3}, True)
    assert existing(folder, None, {}) == Existing()


@pytest.mark.parametrize("name, content", [("manifest.json", "[]"), ("manifest.json", '{"settings": '),
                                           ("preds.json", "[]"), ("preds.json", '{"sequence":')])
def test_a_damaged_record_has_it_made_again(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content)
    result = existing(folder, SETTINGS, INPUTS)
    assert result.record is None and name in result.flaw and result.aside == (name == "manifest.json")


def test_the_same_size_is_not_enough_for_the_record(folder: Path) -> None:
    text = (folder / "preds.json").read_text()
    (folder / "preds.json").write_text(text.replace("a_clip", "a_clop"))
    assert existing(folder, SETTINGS, INPUTS).flaw == "preds.json was changed, or is of another version"


def test_a_result_without_a_manifest_is_kept_under_another_name(folder: Path) -> None:
    (folder / "manifest.json").unlink()
    assert existing(folder, SETTINGS, INPUTS).aside
    (folder.parent / "clip.aside-1").mkdir()
    assert set_aside(folder).name == "clip.aside-2" and not folder.exists()


@pytest.mark.parametrize("settings", [SETTINGS, None])
def test_what_is_no_result_is_never_replaced(tmp_path: Path, settings: Any) -> None:
    (tmp_path / "mine").mkdir()
    assert existing(tmp_path / "mine", settings, INPUTS) == Existing()      # empty: nothing to lose
    (tmp_path / "mine" / "thesis.tex").write_text("")
    (tmp_path / "file").write_text("")
    for name in ("mine", "file"):
        with pytest.raises(UserError, match="was not written by this program"):
            existing(tmp_path / name, settings, INPUTS)


def test_a_run_says_what_it_makes(tmp_path: Path) -> None:
    claimed = SequenceFolder.claim(tmp_path, "clip")
    assert claimed is not None
    assert not check_holder(tmp_path, "clip", SETTINGS)         # not yet
    claimed.sign(SETTINGS)
    assert check_holder(tmp_path, "clip", SETTINGS)
    with pytest.raises(UserError, match="another run is making clip .*alpha: 0.5 there, 0.3 here"):
        check_out(tmp_path, ["clip"], lambda: {**SETTINGS, "alpha": 0.3}, True)
    claimed.release()
    assert not check_holder(tmp_path, "clip", SETTINGS) and not (tmp_path / (LOCK + "clip")).exists()


def test_differences_are_found_at_any_depth_and_in_either_direction() -> None:
    before = json.loads(json.dumps({"a": 1, "b": {"c": [1, 2], "d": None}, "gone": True}))
    assert differing(before, {"a": 1, "b": {"c": (1, 2), "d": None}, "gone": True}) == {}
    assert set(differing(before, {"a": 2, "b": {"c": (1, 3), "d": 0}, "new": 1})) == {"a", "b.c", "b.d", "new", "gone"}


def test_what_was_a_group_and_is_one_value_differs_and_long_values_are_cut() -> None:
    assert differing({"a": {"b": 1}}, {"a": 1}) == {"a": '{"b": 1} there, 1 here'}
    assert differing({"a": 1}, {"a": {"b": 1}}) == {"a": '1 there, {"b": 1} here'}
    assert differing({"a": "x" * 38}, {"a": "y" * 39}) == {"a": f'"{"x" * 38}" there, "{"y" * 15}... here'}


def test_a_lock_that_another_program_holds_is_one_line(tmp_path: Path) -> None:
    lock = take(tmp_path / ".lock-clip")
    assert lock is not None
    os.write(lock, b"[1]")
    with pytest.raises(UserError, match=r"\.lock-clip is held by a process of another program"):
        check_holder(tmp_path, "clip", SETTINGS)
    os.close(lock)
