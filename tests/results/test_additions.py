"""What a finished sequence lacks of what is asked, and what may not be added to it."""
from pathlib import Path
from typing import Any, Dict, Tuple

import pytest

from results.additions import carry_over, joined, lacking, other_settings, written


def settings(*write: str, every: int = 1, **more: Any) -> Dict[str, Any]:
    return {"target": "each", "write": list(write), "every": every, **more}


CASES: Dict[str, Tuple[Dict[str, Any], Dict[str, Any], Tuple[str, ...], Dict[str, Any]]] = {
    "less": (settings("frames", "report"), settings("report"), (), settings("frames", "report")),
    "more": (settings("report"), settings("frames", "cams"), ("frames", "cams"), settings("frames", "report", "cams")),
    "finer": (settings("frames", every=4), settings("frames", every=2), ("frames",), settings("frames", every=2)),
    "coarser": (settings("frames", every=2), settings("frames", every=4), (), settings("frames", every=2)),
    "no frames yet": (settings("cams"), settings("frames", every=3), ("frames",), settings("frames", "cams", every=3)),
    "no frames now": (settings("frames", every=3), settings("cams"), ("cams",), settings("frames", "cams", every=3)),
    "parts": (settings("report"), settings("parts", parts=6), ("parts",), settings("report", "parts", parts=6)),
    "beside parts": (settings("parts", parts=4), settings("cams"), ("cams",), settings("cams", "parts", parts=4)),
    "damaged": ({"target": "each", "write": 3, "every": "x"}, settings("cams"), ("cams",), settings("cams")),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_added_and_what_is_there_then(name: str) -> None:
    before, now, more, then = CASES[name]
    assert other_settings(before, now) == {}
    assert lacking(before, now) == more
    assert joined(before, now) == then and set(written(then)) == {*written(before), *written(now)}


def test_neither_other_maps_nor_pictures_of_other_frames_are_added() -> None:
    assert set(other_settings(settings("frames"), settings("cams", alpha=0.3))) == {"alpha"}
    assert other_settings(settings("frames", every=3), settings("frames", every=2)) == {"every": "3 there, 2 here"}
    assert set(other_settings(settings("parts", parts=4), settings("parts", parts=6))) == {"parts"}


def test_only_what_is_not_made_anew_is_carried_over(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder, text in ((old, "old"), (new, "new")):
        (folder / "layer").mkdir(parents=True)
        (folder / "layer" / "preds.json").write_text(text)
    (old / "layer" / "frame.png").write_text("old")
    (old / "notes.txt").write_text("mine")
    carry_over(["layer/preds.json", "layer/frame.png"], old, new)
    assert {str(path.relative_to(new)): path.read_text() for path in new.rglob("*.*")} == {
        "layer/preds.json": "new", "layer/frame.png": "old"}
