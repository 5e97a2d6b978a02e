"""Intervals with glosses or without as the stretches of a video that are read."""
from pathlib import Path

import numpy as np
import pytest

from files.eaf import Eaf, Interval, Media, Tier
from files.eaf_writer import eaf_bytes
from glosses.elan_segments import ElanSegments, elan_segments
from terminal.errors import UserError

SENTENCE = Tier("SENTENCE", (Interval(0.2, 0.6, ""), Interval(0.5, 1.0, "")))
SIGN = Tier("SIGN", (Interval(0.2, 0.3, ""),))


def write(folder: Path, *tiers: Tier) -> Path:
    path = folder / "a.eaf"
    path.write_bytes(eaf_bytes(Eaf(tiers, (Media("file:///gone/film.mp4", origin=10),))))
    return path


def test_every_interval_is_a_stretch_of_the_video(tmp_path: Path) -> None:
    segments = elan_segments(write(tmp_path, SENTENCE, SIGN), "SENTENCE", "film.mp4")
    assert segments.name == "SENTENCE" and segments.spans == ((10.2, 10.6), (10.5, 11.0))
    assert segments.notes[0].startswith("a.eaf: in tier SENTENCE 1 intervals begin before the previous one ends")
    assert elan_segments(write(tmp_path, SENTENCE)).spans == ((0.2, 0.6), (0.5, 1.0))


def test_a_frame_belongs_to_the_segment_that_has_its_middle() -> None:
    times = np.arange(25) / 25
    segments = ElanSegments("S", ((0.2, 0.6), (0.63, 0.65), (0.59, 0.65), (2, 3)))
    assert segments.frames(times, 0.04) == [(5, 15), (15, 16)]


@pytest.mark.parametrize("tier, words", [
    ("", r"^--segments .*a.eaf: which tier has the segments\? name it with --segments a.eaf TIER; it has SENTENCE \(2"),
    ("NONE", r"^--segments NONE: .* has no such tier; it has SENTENCE \(2\), SIGN \(1\)"),
    ("LEER", r"^--segments LEER: .* has 0 intervals in it; name a tier with intervals, of SENTENCE")])
def test_a_tier_that_cannot_be_is_refused(tmp_path: Path, tier: str, words: str) -> None:
    path = write(tmp_path, SENTENCE, SIGN, Tier("LEER", ()))
    with pytest.raises(UserError, match=words):
        elan_segments(path, tier)


def test_intervals_of_no_length_are_no_stretches(tmp_path: Path) -> None:
    path = write(tmp_path, Tier("S", (Interval(0.2, 0.2, ""),)))
    with pytest.raises(UserError, match="all intervals of tier S have a length of 0"):
        elan_segments(path)
    with pytest.raises(UserError, match="^--segments .*gone.eaf: can't be read"):
        elan_segments(tmp_path / "gone.eaf")
