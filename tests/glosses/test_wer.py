import json

import pytest

from glosses.wer import clean, verdicts, wer
from tests.golden import GOLDENS

GOLDEN = json.loads((GOLDENS / "wer_golden.json").read_text())


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["reference"][:30])
def test_published_clean_up_and_counts(case: dict) -> None:
    assert clean(case["reference"]) == case["clean_reference"]
    assert clean(case["hypothesis"]) == case["clean_hypothesis"]
    counts = wer([case["reference"]], [case["hypothesis"]])
    assert (counts.substitutions, counts.insertions, counts.deletions, counts.reference) == (
        case["num_sub"], case["num_ins"], case["num_del"], case["num_ref"])


def test_published_corpus_rate() -> None:
    total = wer([case["reference"] for case in GOLDEN["cases"]], [case["hypothesis"] for case in GOLDEN["cases"]])
    assert total.percent == pytest.approx(GOLDEN["corpus"]["wer"])
    assert (total.substitutions, total.insertions, total.deletions) == (39, 31, 25)


def test_repeats_parted_by_a_dropped_marker_stay_two() -> None:
    assert clean("REGEN REGEN __PU__ REGEN") == "REGEN REGEN"


def test_nothing_read_is_all_deleted() -> None:
    assert wer(["A REGEN"], [""]).percent == 100.0


def test_each_gloss_has_its_verdict() -> None:
    told = verdicts(["MORGEN", "NORD", "REGEN", "WIND"], ["MORGEN", "loc-NORD", "SCHNEE", "WIND", "ABEND"])
    assert told.hypothesis == ("right", "right", "substituted", "right", "inserted")
    assert told.deleted == ()


def test_deleted_glosses_know_where_they_miss() -> None:
    told = verdicts(["MORGEN", "REGEN", "WIND"], ["MORGEN", "WIND"])
    assert told.hypothesis == ("right", "right")
    assert told.deleted == (("REGEN", 1),)


def test_deleted_at_the_end() -> None:
    assert verdicts(["MORGEN", "WIND"], ["MORGEN"]).deleted == (("WIND", 1),)


@pytest.mark.parametrize("reference, hypothesis, counts", [
    ("AA", "BB", (1, 0, 0)),                              # one substitution (4) before insertion and deletion (3 + 3)
    ("AA BB", "BB XX", (0, 1, 1)),                        # two of them (8) after these (6)
    ("AA BB CC", "CC XX YY", (3, 0, 0)),                  # three as dear as two pairs (12): then the substitutions
    ("AA BB CC DD EE", "DD EE XX YY ZZ", (0, 3, 3)),    # five (20) dearer than three pairs (18)
    ("AA BB CC", "XX AA YY", (1, 1, 1))])
def test_errors_are_told_apart_by_the_published_costs(reference: str, hypothesis: str, counts: tuple) -> None:
    told = wer([reference], [hypothesis])
    assert (told.substitutions, told.insertions, told.deletions) == counts
