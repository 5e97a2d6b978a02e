"""Glosses from tiers as other programs leave them."""
from pathlib import Path
from typing import Any, Sequence, Tuple

import pytest

from files.eaf import Eaf, Interval, Media, Tier
from files.eaf_writer import eaf_bytes
from glosses.elan_truth import ElanTruth, elan_truth
from terminal.errors import UserError

DGS = "Lexem_Gebärde_r_A"
SIGN = Tier("SIGN", (Interval(0, 1, "ICH"), Interval(1, 2, ""), Interval(2, 3, "HAUS GEHEN")))
SENTENCE = Tier("SENTENCE", (Interval(0, 3, "ICH HAUS GEHEN"),))
EMPTY = Tier("SEGMENT", (Interval(0, 1, ""), Interval(1, 2, "")))


def write(folder: Path, *tiers: Tier, media: Sequence[Media] = ()) -> Path:
    path = folder / "a.eaf"
    path.write_bytes(eaf_bytes(Eaf(tiers, tuple(media))))
    return path


@pytest.mark.parametrize("tier", ["SIGN", "SENTENCE"])
def test_a_tier_of_signs_and_one_of_sentences_give_the_glosses(tmp_path: Path, tier: str) -> None:
    assert elan_truth(write(tmp_path, SIGN, SENTENCE), tier).glosses() == ("ICH", "HAUS", "GEHEN")


def test_a_tier_goes_by_its_name_however_its_umlaut_is_written(tmp_path: Path) -> None:
    path = write(tmp_path, Tier(DGS, (Interval(0, 1, "ICH1"),)), SIGN)
    assert elan_truth(path, "Lexem_Geba\u0308rde_r_A").glosses() == ("ICH1",)


def test_the_only_tier_with_texts_need_not_be_named(tmp_path: Path) -> None:
    assert elan_truth(write(tmp_path, EMPTY, SIGN)).tier.name == "SIGN"


def test_glosses_belong_to_where_their_middle_is() -> None:
    truth = ElanTruth(SIGN)
    assert [truth.glosses(0, 1.2), truth.glosses(1.2, 2.5), truth.glosses(2.5, 9)] == [
        ("ICH",), (), ("HAUS", "GEHEN")]


def test_a_gloss_is_outside_of_parts_that_do_not_have_its_middle() -> None:
    truth = ElanTruth(SIGN)
    assert [truth.outside(spans) for spans in ([(0, 3)], [(0, 1), (0.2, 0.9)], [(0.6, 2.4)], [])] == [0, 2, 3, 3]


def test_the_annotation_begins_where_the_media_says(tmp_path: Path) -> None:
    path = write(tmp_path, SIGN, media=[Media("file:///gone/my%20film.mp4", "./my%20film.mp4", 10)])
    truth = elan_truth(path, video="my film.mp4")
    assert truth.glosses(10, 11) == ("ICH",) and truth.glosses(0, 9) == ()
    assert not any("is of" in note for note in truth.notes)
    windows = write(tmp_path, SIGN, media=[Media("C:\\films\\my%20film.mp4", origin=10)])
    assert elan_truth(windows, video="my film.mp4").glosses(10, 11) == ("ICH",)
    path = write(tmp_path, SIGN, media=[Media("file:///gone/my%20film.mp4", "./my%20film.mp4", 10)])
    other = elan_truth(path, video="other.mp4")
    assert other.glosses(0, 1) == ("ICH",)
    assert "a.eaf belongs to my film.mp4, not to other.mp4: its times are used as they are" in other.notes


def test_what_overlaps_or_is_empty_is_said_and_nothing_is_lost(tmp_path: Path) -> None:
    tier = Tier("SIGN", (Interval(0, 2, "A"), Interval(1, 3, "B"), Interval(1.5, 1.9, "C"), Interval(5, 6, "")))
    truth = elan_truth(write(tmp_path, tier))
    assert truth.glosses() == ("A", "B", "C")
    overlap, empty = truth.notes
    assert overlap.startswith("a.eaf: in tier SIGN 2 intervals begin before the previous one ends")
    assert empty == "a.eaf: 1 of 4 intervals of tier SIGN have no gloss"


@pytest.mark.parametrize("tiers, name, words", [
    ((SIGN, SENTENCE), "", r"which tier has the glosses\? name it with --tier; it has SIGN \(3\), SENTENCE \(1\)"),
    ((SIGN,), "sign", r"^--tier sign: .* has no such tier; it has SIGN \(3\)"),
    ((EMPTY, SIGN), "SEGMENT", r"^--tier SEGMENT: .* has 2 intervals in it and no gloss in any; name a tier with "
     r"glosses, of SIGN \(3\)\. Intervals without glosses \(SEGMENT\) tell when, not what: main.py --segments FILE"),
    ((EMPTY,), "", r"which tier has the glosses.* it has none that has texts\. Intervals without glosses \(SEGMENT\)")])
def test_a_tier_that_cannot_be_is_refused_with_those_there_are(tmp_path: Path, tiers: Tuple[Tier, ...], name: str,
                                                              words: str) -> None:
    with pytest.raises(UserError, match=words) as refused:
        elan_truth(write(tmp_path, *tiers), name)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("content", [None, b"<a/>"])
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: Any) -> None:
    if content is not None:
        (tmp_path / "a.eaf").write_bytes(content)
    with pytest.raises(UserError, match="^--truth .*a.eaf"):
        elan_truth(tmp_path / "a.eaf")
