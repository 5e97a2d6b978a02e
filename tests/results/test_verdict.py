"""The verdict on a checkpoint's maps: kept beside it, read again, and ignored where it is another's."""
from pathlib import Path
from typing import Any, Dict

import pytest

from results.verdict import known_verdict, layer_line, line_of, verdict_name, write_verdict

FIGURES: Dict[str, Any] = {"mass_ratio": [3.08, 2.71, 3.44], "in_time": [1.52, 1.2, 1.9], "referee": [0.31, 0.2, 0.4],
                           "above": ["the picture's centre", "random maps"]}


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    verdict = {"sha256": "abc", "layers": {"layer4": {"gradcam": {**FIGURES, "line": line_of(FIGURES)}}}}
    write_verdict(tmp_path, tmp_path / "made.pt", verdict)
    return tmp_path / "made.pt"


def test_the_line_says_how_much_of_its_share_with_the_interval_and_whom_it_beats() -> None:
    assert line_of(FIGURES) == ("on drawn signing this layer's maps held 3.1 times their share [2.7, 3.4]; more than "
                                "the picture's centre and random maps; a gloss's own frames 1.5 times; places ranked "
                                "as by occlusion at 0.31")


def test_a_layer_that_does_no_better_than_chance_is_told() -> None:
    line = line_of({**FIGURES, "mass_ratio": [1.1, 0.9, 1.3], "above": []})
    assert "no different from chance" in line and "more than no trivial map" in line


def test_a_layer_that_does_worse_than_chance_is_told() -> None:
    assert "less than chance" in line_of({**FIGURES, "mass_ratio": [0.8, 0.7, 0.9]})
    assert "chance" not in line_of(FIGURES)


def test_without_an_interval_none_is_told() -> None:
    assert line_of({**FIGURES, "mass_ratio": [2.0, None, None]}).startswith(
        "on drawn signing this layer's maps held 2.0 times their share; more")


def test_what_was_written_is_read_again(checkpoint: Path) -> None:
    verdict, note = known_verdict(checkpoint, "abc")
    assert note == "" and layer_line(verdict, "layer4", "gradcam") == line_of(FIGURES)


def test_layers_and_methods_without_an_entry_say_nothing(checkpoint: Path) -> None:
    verdict, _ = known_verdict(checkpoint, "abc")
    assert layer_line(verdict, "layer4", "hirescam") == layer_line(verdict, "layer1", "gradcam") == ""
    assert layer_line(None, "layer4", "gradcam") == ""


def test_another_checkpoint_s_verdict_is_ignored_with_a_note(checkpoint: Path) -> None:
    assert known_verdict(checkpoint, "abd") == (
        None, "made.pt.evidence.json was measured with another checkpoint: it gives no verdict on the maps")


def test_a_file_that_is_none_of_ours_is_ignored_with_a_note(checkpoint: Path) -> None:
    checkpoint.with_name(verdict_name(checkpoint)).write_text("{")
    verdict, note = known_verdict(checkpoint, "abc")
    assert verdict is None and "can't be read" in note


def test_where_none_lies_nothing_is_said(tmp_path: Path) -> None:
    assert known_verdict(tmp_path / "none.pt", "abc") == (None, "")


@pytest.mark.parametrize("text", [
    "{", "[1]", '"x"', "[" * 100_000, '{"sha256": "abc"}', '{"sha256": "abc", "layers": []}',
    '{"sha256": "abc", "layers": {"layer4": []}}', '{"sha256": "abc", "layers": {"layer4": {"gradcam": [1]}}}',
    '{"sha256": "abc", "layers": {"layer4": {"gradcam": {}}}}',
    '{"sha256": "abc", "layers": {"layer4": {"gradcam": {"line": 3}}}}'])
def test_what_was_never_written_so_says_nothing_of_the_maps(checkpoint: Path, text: str) -> None:
    checkpoint.with_name(verdict_name(checkpoint)).write_text(text)
    verdict, note = known_verdict(checkpoint, "abc")
    assert verdict is None and "it gives no verdict" in note
