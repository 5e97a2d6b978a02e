import json

import pytest

from glosses.rules import TWOSTREAM_2014, VAC_PYTHON, VAC_SCLITE
from glosses.wer import WER, as_it_is, count, edits, verdicts
from tests.golden import GOLDENS

GOLDEN = json.loads((GOLDENS / "wer_golden.json").read_text())


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["reference"][:30])
def test_published_clean_up_and_counts(case: dict) -> None:
    assert TWOSTREAM_2014.truth(case["reference"]) == case["clean_reference"]
    assert TWOSTREAM_2014.reading(case["hypothesis"]) == case["clean_hypothesis"]
    counts = TWOSTREAM_2014.count(case["reference"].split(), case["hypothesis"].split())
    assert (counts.substitutions, counts.insertions, counts.deletions, counts.reference) == (
        case["num_sub"], case["num_ins"], case["num_del"], case["num_ref"])


def test_published_corpus_rate() -> None:
    total = TWOSTREAM_2014.total((case["reference"].split(), case["hypothesis"].split()) for case in GOLDEN["cases"])
    assert total.percent == pytest.approx(GOLDEN["corpus"]["wer"])
    assert (total.substitutions, total.insertions, total.deletions) == (39, 31, 25)


def test_repeats_parted_by_a_dropped_marker_are_one() -> None:
    assert TWOSTREAM_2014.truth("REGEN REGEN __PU__ REGEN") == "REGEN"
    assert TWOSTREAM_2014.truth("NORD __PU__ NORD+WEST") == "NORD+WEST"


def test_nothing_read_is_all_deleted() -> None:
    assert count(["A", "REGEN"], []) == WER(deletions=2, reference=2) and count(["A", "REGEN"], []).percent == 100.0


def test_each_gloss_has_its_verdict() -> None:
    judged = verdicts(["MORGEN", "NORD", "REGEN", "WIND"], ["MORGEN", "loc-NORD", "SCHNEE", "WIND", "ABEND"],
                      TWOSTREAM_2014.truth)
    assert judged.hypothesis == ("right", "right", "substituted", "right", "inserted")
    assert judged.deleted == ()


def test_deleted_glosses_know_where_they_miss() -> None:
    judged = verdicts(["MORGEN", "REGEN", "WIND"], ["MORGEN", "WIND"], as_it_is)
    assert judged.hypothesis == ("right", "right")
    assert judged.deleted == (("REGEN", 1),)


def test_deleted_at_the_end() -> None:
    assert verdicts(["MORGEN", "WIND"], ["MORGEN"], as_it_is).deleted == (("WIND", 1),)


def test_what_cleaning_empties_is_neither_right_nor_wrong() -> None:
    judged = verdicts(["__PU__", "REGEN"], ["__PU__", "WIND"], TWOSTREAM_2014.truth)
    assert judged.hypothesis == ("right", "substituted") and judged.deleted == ()
    assert [(edit.true, edit.read) for edit in edits(["__PU__", "REGEN"], ["WIND"], TWOSTREAM_2014.truth)] == [(1, 0)]


@pytest.mark.parametrize("reference, hypothesis, counts", [
    ("AA", "BB", (1, 0, 0)),                              # one substitution (4) before insertion and deletion (3 + 3)
    ("AA BB", "BB XX", (0, 1, 1)),                        # two of them (8) after these (6)
    ("AA BB CC", "CC XX YY", (3, 0, 0)),                  # three as dear as two pairs (12): then the substitutions
    ("AA BB CC DD EE", "DD EE XX YY ZZ", (0, 3, 3)),    # five (20) dearer than three pairs (18)
    ("AA BB CC", "XX AA YY", (1, 1, 1))])
def test_errors_are_told_apart_by_the_published_costs(reference: str, hypothesis: str, counts: tuple) -> None:
    counted = count(reference.split(), hypothesis.split())
    assert (counted.substitutions, counted.insertions, counted.deletions) == counts


def test_the_rule_says_which_of_an_insertion_and_a_deletion_as_cheap_is_taken_first() -> None:
    """Three substitutions cost what two insertions and two deletions do, so the number of errors differs too."""
    truth, reading = "ACBDC", "ADAECD"
    assert count(truth, reading, ties="ID") == WER(substitutions=3, insertions=1, reference=5)
    assert count(truth, reading, ties="DI") == WER(insertions=3, deletions=2, reference=5)
    assert VAC_SCLITE.count(truth, reading).errors == 4 and VAC_PYTHON.count(truth, reading).errors == 5
