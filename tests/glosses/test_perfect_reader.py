"""What a reader without a mistake is given by each rule, worked out by hand on the corners that real lists have."""
from itertools import groupby
from typing import List, Tuple

import pytest

from glosses.rules import RULES

PHOENIX = ["MORGEN REGEN",                  # nothing to clean
           "REGEN REGEN WIND",              # a repeat, which no decoder gives
           "loc-NORD WIND",                 # a prefix that is cut
           "NORD __PU__ NORD WIND",         # a repeat parted by a marker
           "JETZT WIE AUSSEHEN",
           "S O S KOMMEN",                  # becomes S O+S: a letter that opens a sentence is left alone
           "REGION ZEIGEN",
           "poss-EUCH HABEN2",              # never read right by the VAC family
           "__ON__ FREUNDLICH"]
CHINESE = ["他 今天 4", "慢 慢 走", "APP 好"]


def rate(rule: str, sentences: List[str]) -> List[Tuple[int, int]]:
    """(errors, glosses of the truth) of each sentence."""
    pairs = []
    for sentence in sentences:
        truth = sentence.split()
        counts = RULES[rule].count(truth, [word for word, _ in groupby(truth)])
        pairs.append((counts.errors, counts.reference))
    return pairs


@pytest.mark.parametrize("rule, expected", [
    ("TwoStream 2014", [(0, 2), (0, 2), (0, 2), (0, 2), (0, 2), (0, 3), (0, 2), (0, 2), (0, 2)]),
    ("TwoStream 2014T", [(0, 2), (0, 2), (0, 2), (0, 2), (0, 2), (0, 3), (0, 2), (0, 2), (0, 1)]),
    ("VAC python", [(0, 2), (1, 3), (1, 2), (2, 4), (0, 3), (0, 4), (1, 2), (2, 2), (0, 2)]),
    ("VAC sclite", [(0, 2), (1, 3), (1, 2), (1, 4), (0, 3), (0, 4), (1, 2), (2, 2), (0, 2)]),
    ("SignGraph 2014", [(0, 2), (0, 2), (1, 2), (2, 2), (2, 2), (2, 3), (1, 2), (2, 2), (0, 2)]),
    ("SignGraph 2014T", [(0, 2), (0, 2), (1, 2), (2, 2), (2, 2), (2, 3), (0, 2), (0, 2), (1, 1)]),
    ("fewest edits", [(0, 2), (1, 3), (0, 2), (0, 4), (0, 3), (0, 4), (0, 2), (0, 2), (0, 2)])])
def test_on_phoenix(rule: str, expected: List[Tuple[int, int]]) -> None:
    assert rate(rule, PHOENIX) == expected


@pytest.mark.parametrize("rule", ["TwoStream plain", "VAC python", "VAC sclite", "plain"])
def test_on_csl_daily_repeats_alone_are_missed(rule: str) -> None:
    assert rate(rule, CHINESE) == [(0, 3), (1, 3), (0, 2)]


def test_small_letters_are_no_mistake_where_the_authors_read_in_capitals() -> None:
    truth, reading = ["poss-EUCH", "STRAßE", "APP"], ["POSS-EUCH", "STRASSE", "app"]
    assert RULES["TwoStream 2014T"].count(truth, reading).errors == 0
    assert RULES["TwoStream plain"].count(truth, reading).errors == 0
    assert RULES["TwoStream 2014"].count(truth, reading).errors == 3
    assert RULES["VAC sclite"].count(["REGEN", "KÜHL"], ["regen", "kühl"]).errors == 1      # umlauts keep theirs
    assert RULES["VAC python"].count(["REGEN", "KÜHL"], ["regen", "kühl"]).errors == 2
