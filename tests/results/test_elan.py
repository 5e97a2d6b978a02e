"""A sequence's tiers and subtitles: what they say, and when."""
from dataclasses import replace
from pathlib import Path
from typing import Any, List, Tuple

import numpy as np
import pytest

from files.eaf import Media, read_eaf
from records.hiding import Hiding
from records.parts import ClipParts, GlossParts, Part
from records.sequence import Certainty
from results.elan import tiers_of, vtt, write_elan
from tests.files.test_eaf import check
from tests.kit import records
from tests.kit.maps import laid, on_grid

SPANS = (records.span(1, "REGEN", (0, 10), "right", score=0.91), records.span(2, "WIND", (10, 20), "substituted"))


def contents(tier: Any) -> List[Tuple[float, float, str]]:
    return [(interval.start, interval.stop, interval.text) for interval in tier.intervals]


def test_what_was_read_has_its_score_and_verdict() -> None:
    record = records.sequence({"slowfast": records.model(spans=SPANS)}, frames=25)
    tier, = tiers_of(record, {})
    assert tier.name == "SlowFastSign" and contents(tier) == [(0, 0.4, "REGEN"), (0.4, 0.8, "WIND")]
    assert tier.about == (("SlowFastSign score", ("0.91", "0.80")), ("SlowFastSign verdict", ("right", "substituted")))


def test_a_guess_is_called_a_guess() -> None:
    sure = Certainty(0.3, 0.5, "", True)
    spans = (records.span(1, "REGEN", (0, 10)), records.span(2, "WIND", (10, 20), "right"))
    tier, = tiers_of(records.sequence({"slowfast": records.model(spans=spans, certainty=sure)}), {})
    assert tier.about[1] == ("SlowFastSign verdict", ("guess", "guess, right"))


def test_times_are_those_of_the_video_that_was_written() -> None:
    record = records.sequence({"slowfast": records.model(spans=SPANS)}, fps=10.0)
    assert contents(tiers_of(record, {})[0])[1] == (1, 2, "WIND")


@pytest.mark.parametrize("placed, expected", [
    ({1: (5, 10), 3: (20, 25)}, [(0.2, 0.4, "A"), (0.4, 0.8, "B"), (0.8, 1.0, "C"), (1.0, 1.2, "D")]),
    ({}, [(0, 0.3, "A"), (0.3, 0.6, "B"), (0.6, 0.9, "C"), (0.9, 1.2, "D")]),
    ({4: (10, 20)}, [(0, 0.133, "A"), (0.133, 0.267, "B"), (0.267, 0.4, "C"), (0.4, 0.8, "D")])])
def test_every_true_gloss_is_there_aligned_or_in_the_gap(placed: Any, expected: List[Tuple[float, float, str]]) -> None:
    words = ("A", "B", "C", "D")
    spans = tuple(records.span(number, words[number - 1], frames, truth=True) for number, frames in placed.items())
    record = records.sequence({"slowfast": records.model(truth_spans=spans)}, frames=30, truth=words)
    tier = tiers_of(record, {})[0]
    assert tier.name == "truth" and contents(tier) == expected


def test_peaks_name_the_gloss_the_layer_and_the_place() -> None:
    values = np.zeros((3, 2, 2), np.float32)
    values[1, 0, 1] = 1
    when = np.array([0, 1, 0], np.float32)
    maps = {"layer4": on_grid(values, 1, 3, (8, 8), (0, 8, 0, 8)), "lstm": replace(laid(when, (8, 8)), highs=when)}
    record = records.sequence({"slowfast": records.model()}, frames=3)
    alone = records.explanation(maps, [records.gloss_maps(records.gloss(frames=(0, 3)), maps)])
    for explanation, gloss in ((records.explanation(maps), ""), (alone, "REGEN: ")):
        tier, = tiers_of(record, {"slowfast": explanation})
        (start, stop, text), = contents(tier)
        assert (tier.name, start, stop) == ("SlowFastSign peaks", 0.04, 0.08)
        first, second = text.split("; ")
        assert first == f"{gloss}layer4 at 6,0" and second == f"{gloss}lstm"


def test_parts_stand_in_a_tier_where_they_were_asked_for_the_largest_first() -> None:
    parts = (Part("mouth", -0.1), Part("right hand", 1.234), Part("left hand"))
    of = [GlossParts(records.gloss(side=side), 1.0, 0.0, parts, ()) for side in ("read", "true")]
    told_of = ClipParts(Hiding("mean", "gone"), "", (), 1, 8, tuple(of))
    record = records.sequence({"slowfast": records.model(parts=told_of)})
    tier, = tiers_of(record, {})
    assert tier.name == "SlowFastSign parts" and contents(tier) == [
        (0.16, 0.32, "REGEN (read): right hand +1.23, mouth -0.10; REGEN (true): right hand +1.23, mouth -0.10")]
    assert vtt([tier]) == "WEBVTT\n\n"


def test_the_files_keep_to_their_formats(tmp_path: Path) -> None:
    spans = (records.span(1, "A<B", (0, 10), "right"), records.span(2, "WIND", (5, 12), "inserted"))
    record = records.sequence({"slowfast": records.model(spans=spans)}, frames=25)
    write_elan(tmp_path, record, {}, [Media("./comparison.mp4", "./comparison.mp4")])
    check((tmp_path / "a_clip.eaf").read_bytes())
    assert read_eaf(tmp_path / "a_clip.eaf").media[0].url == "./comparison.mp4"
    assert (tmp_path / "a_clip.vtt").read_text() == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:00.400\n<v SlowFastSign>A&lt;B</v>\n\n"
        "00:00:00.400 --> 00:00:00.480\n<v SlowFastSign>WIND</v>\n")
    assert vtt([]) == "WEBVTT\n\n"
