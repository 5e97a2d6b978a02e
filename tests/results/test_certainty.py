"""How sure a reading is, beside what is usual, and when it is none."""
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Optional

import numpy as np
import pytest

from records.sequence import Certainty
from results.certainty import (
    BESIDE,
    certainty,
    certainty_line,
    guessed,
    known_range,
    range_of,
    video_lines,
    write_range,
)
from runs.demo import CHECKPOINTS
from runs.loading import sha256
from tests.kit import records

SURE = [records.span(1, "REGEN", (0, 4), score=0.9), records.span(2, "WIND", (4, 8), score=0.3)]


def measured(confidence: Optional[float], blank: float) -> Certainty:
    return Certainty(confidence, blank, "")


def test_confidence_is_the_glosses_mean_and_blank_the_share_of_steps() -> None:
    logits = np.eye(4)[[0, 0, 0, 2]]
    assert certainty(logits, [0.9, 0.3], 0) == measured(0.6, 0.75)
    assert certainty(logits, [], 0) == measured(None, 0.75)


def test_a_reading_is_none_when_no_gloss_is_sure() -> None:
    assert guessed(SURE) == "" and guessed([]) == ""
    assert guessed([replace(SURE[1], score=0.5)]) == "" and guessed([replace(SURE[1], score=0.49)]) != ""
    assert guessed(SURE[1:]) == "nothing read: the surest gloss, WIND, has a probability of 0.30"


def test_the_range_is_what_most_clips_of_the_corpus_have(tmp_path: Path) -> None:
    rows = [measured(None if number == 0 else number / 100, number / 200) for number in range(101)]
    known = range_of(rows, "dev", "abc")
    assert known["clips"] == 101 and np.allclose(known["confidence"], (0.0595, 0.9505))
    assert np.allclose(known["blank"], (0.025, 0.475))
    write_range(tmp_path, Path("elsewhere/net.pt"), "abc", "dev", rows)
    assert known_range(tmp_path / "net.pt", "abc") == known
    assert known_range(Path("none/net.pt"), "abc", [tmp_path / f"net.pt{BESIDE}"]) == known
    assert known_range(tmp_path / "net.pt", "another file") is None
    (tmp_path / f"net.pt{BESIDE}").write_text("{")
    assert known_range(tmp_path / "net.pt", "abc") is None


def test_the_line_says_on_which_side_of_the_range_a_clip_is() -> None:
    known = {"split": "dev", "confidence": (0.7, 0.9), "blank": (0.6, 0.8)}
    assert certainty_line(measured(0.55, 0.7), known) == ("mean confidence 0.55 (below dev's 0.70 to 0.90), "
                                                          "blank in 70 % of steps (within dev's 60 to 80)")
    assert "above dev's 60 to 80" in certainty_line(measured(None, 0.95), known)
    assert "was not measured" in certainty_line(measured(0.5, 0.5), None)


def test_a_video_is_told_as_what_it_is() -> None:
    lines = video_lines("a.mp4", 1.0, 2.5, "0,0,9,9", "none", "", ["a note"])
    assert lines[0].startswith("a.mp4, 1.00 to 2.50 s, is outside the recognisers' training data") and len(lines) == 3
    assert "left hand found" in video_lines("a.mp4", 1.0, 2.5, "0,0,9,9", "x", "left hand found", [])[2]


@pytest.mark.parametrize("checkpoint", CHECKPOINTS.values(), ids=str)
def test_the_demo_comes_with_the_range_of_its_own_weights(checkpoint: Path) -> None:
    known = known_range(checkpoint, sha256(checkpoint))
    assert known is not None and known["split"] == "dev" and known["clips"] == 40


@pytest.mark.parametrize("change", [{"split": 3}, {"confidence": "high"}, {"confidence": [1]}, {"blank": [0.1, "x"]},
                                    {"blank": {"low": 0}}, {"confidence": [0.1, 1e300]}])
def test_a_range_that_was_never_written_so_is_none(tmp_path: Path, change: Dict[str, Any]) -> None:
    known = {"sha256": "abc", "split": "dev", "confidence": [0.5, 0.9], "blank": [0.1, 0.4]}
    path = tmp_path / ("a.pt" + BESIDE)
    path.write_text(json.dumps(known))
    assert known_range(tmp_path / "a.pt", "abc") == known
    path.write_text(json.dumps({**known, **change}))
    assert known_range(tmp_path / "a.pt", "abc") is None
