"""What makes a finished sequence another one's: every flag that changes what is written."""
import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Dict, List

import pytest

from models.recogniser import Recogniser
from records.requests import VideoRequest
from tests.kit.commands import Case, tiny_case


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Case:
    case = tiny_case(tmp_path_factory.mktemp("case"))
    assert case.run("--split", "test", "--seq", "clip-0", "--write", "frames", "--every", "2",
                    "--quiet") == 0
    return case


@pytest.mark.parametrize("flags, key", [
    (["--scale", "2"], "scale"), (["--alpha", "0.3"], "alpha"), (["--blend", "even"], "blend"),
    (["--colormap", "viridis"], "colormap"), (["--fps", "12"], "fps"), (["--every", "3"], "every"),
    (["--normalise", "frame"], "normalise"), (["--pool", "frame"], "pool"), (["--method", "hirescam"], "method"),
    (["--layers", "slowfast:classifier"], "layers.slowfast"), (["--target", "pred"], "target"),
    (["--precision", "amp"], "precision"),
    (["--method", "smoothgrad", "--budget", "2"], "budget"),
    (["--method", "integrated", "--hide", "still"], "hide"),
    (["--method", "integrated", "--hidden-keypoints", "rest"], "hidden_keypoints")])
def test_what_was_made_with_another_flag_is_neither_finished_nor_replaced(
        finished: Case, capsys: pytest.CaptureFixture[str], flags: List[str], key: str) -> None:
    assert finished.run("--split", "test", "--seq", "clip-0", "--write", "frames", "--quiet", *flags) == 2
    line, = capsys.readouterr().err.splitlines()
    assert f"{key}: " in line and "--overwrite replaces it" in line


def test_other_weights_of_the_same_name_are_not_finished(finished: Case, tmp_path: Path,
                                                         capsys: pytest.CaptureFixture[str]) -> None:
    there = finished.checkpoints["slowfast"]
    other = tmp_path / there.name
    other.write_bytes(there.read_bytes() + b"\0")
    assert Case(finished.data, {"slowfast": other}, finished.out).run("--split", "test", "--seq", "clip-0", "--write",
                                                                      "frames", "--quiet") == 2
    assert "checkpoints.slowfast: " in capsys.readouterr().err


OTHERS: Dict[str, Any] = {"start": 1.0, "stop": 2.0, "keep": True, "rate": 30.0, "crop": (0, 0, 9, 9),
                          "truth": ("A",), "longest": 8.0, "annotation": Path("truth.eaf"), "tier": "Glosses",
                          "person": "left", "restored": True, "segments": Path("truth.eaf"),
                          "segment_tier": "Sentences"}


@pytest.mark.parametrize("name", [field.name for field in fields(VideoRequest)
                                  if field.name not in ("keypoints", "paths", "estimator")])
def test_what_is_wanted_of_a_video_is_among_its_settings(name: str) -> None:
    """Keypoints are told by who finds them; where it lies is among what it is made of."""
    file = Path("other.eaf")
    with_file = {"tier": VideoRequest(annotation=file), "segment_tier": VideoRequest(segments=file)}
    usual = with_file.get(name, VideoRequest())
    assert replace(usual, **{name: OTHERS[name]}).settings() != usual.settings()


def test_a_gloss_begins_and_ends_within_its_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However coarse a recogniser's steps are."""
    monkeypatch.setattr(Recogniser, "frames_per_step", 50)
    case = tiny_case(tmp_path)
    assert case.run("--split", "test", "--write", "cams", "--target", "errors", "--quiet") == 0
    records = [json.loads(path.read_text(encoding="utf-8")) for path in case.out.glob("*/preds.json")]
    explained = [(gloss["frames"], preds["frames"])
                 for preds in records for gloss in preds["models"]["slowfast"]["explained"]]
    assert any(start > 0 for (start, _), _ in explained)
    assert all(0 <= start < stop <= frames for (start, stop), frames in explained)
