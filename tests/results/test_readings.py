from typing import List, Sequence, Tuple

import numpy as np
import pytest

from glosses.rules import TWOSTREAM_2014, VAC_PYTHON
from glosses.vocabulary import GlossVocabulary
from records.transcript import Transcript, WordErrors
from results.readings import transcribe

VOCABULARY = GlossVocabulary(["<blank>", "REGEN", "SONNE", "WIND"])


def read(logits: np.ndarray, ids: Sequence[int], truth: Sequence[str], frames: int) -> Transcript:
    return transcribe(logits, ids, VOCABULARY, truth, frames, 4, TWOSTREAM_2014, None)


def logits(path: str, sure: float = 9.0) -> np.ndarray:
    """Each step's class as a digit -> [steps, 4]"""
    return sure * np.eye(4, dtype=np.float32)[[int(step) for step in path]]


def test_steps_become_frames_and_the_last_ends_with_the_clip() -> None:
    reading = read(logits("0110033"), [1, 3], ["REGEN", "WIND"], 26)
    assert [(span.id, span.gloss, span.steps, span.frames) for span in reading.spans] == [
        ("read-1", "REGEN", (1, 3), (4, 12)), ("read-2", "WIND", (5, 7), (20, 26))]
    assert all(span.score > 0.99 for span in reading.spans)
    assert read(logits("0110033"), [1, 3], [], 10).spans[1].frames == (9, 10)       # steps that go on beyond the clip


def test_each_gloss_has_its_verdict_and_missed_ones_their_place() -> None:
    reading = read(logits("1020300"), [1, 2, 3], ["REGEN", "NEBEL", "WIND", "KALT"], 28)
    assert [(span.verdict, span.truth) for span in reading.spans] == [
        ("right", "true-1"), ("substituted", "true-2"), ("right", "true-3")]
    assert [(missed.id, missed.gloss, missed.after) for missed in reading.deleted] == [("true-4", "KALT", 3)]
    assert reading.wer == WordErrors(50.0, 1, 0, 1, 4, "TwoStream 2014") and reading.wer_authors is None


def test_the_authors_own_count_stands_beside_the_common_one() -> None:
    reading = transcribe(logits("1030"), [1, 3], VOCABULARY, ["REGEN", "__PU__", "WIND"], 16, 4, TWOSTREAM_2014,
                         VAC_PYTHON)
    assert reading.wer == WordErrors(0.0, 0, 0, 0, 2, "TwoStream 2014")
    assert reading.wer_authors == WordErrors(33.3333, 0, 0, 1, 3, "VAC python")
    assert [span.verdict for span in reading.spans] == ["right", "right"]       # by the common one


def test_a_missed_gloss_is_due_where_the_truth_is_aligned() -> None:
    reading = read(logits("1002000"), [1, 2], ["REGEN", "WIND", "SONNE"], 28)
    assert [(missed.id, missed.frames) for missed in reading.deleted] == [("true-2", reading.truth_spans[1].frames)]
    assert reading.truth_spans[1].gloss == "WIND"


@pytest.mark.parametrize("truth, frames", [(["KALT", "REGEN", "SONNE"], (0, 4)), (["REGEN", "KALT", "SONNE"], (8, 20)),
                                           (["REGEN", "SONNE", "KALT"], (24, 25))])
def test_one_without_a_class_is_due_in_the_gap_it_left(truth: List[str], frames: Tuple[int, int]) -> None:
    reading = read(logits("0100020"), [1, 2], truth, 28)
    assert [missed.frames for missed in reading.deleted] == [frames]


def test_a_span_never_begins_past_the_clip() -> None:
    assert read(logits("0001"), [1], [], 12).spans[0].frames == (11, 12)


def test_true_glosses_are_placed_where_the_model_has_classes_for_them() -> None:
    reading = read(logits("1020000"), [1, 2], ["REGEN", "KALT", "SONNE"], 28)
    assert [(span.id, span.gloss, span.frames[0]) for span in reading.truth_spans] == [
        ("true-1", "REGEN", 0), ("true-3", "SONNE", 8)]
    assert reading.notes == ("true glosses without a class of their own: KALT",)


def test_a_truth_too_long_to_be_placed_is_a_note() -> None:
    reading = read(logits("11"), [1], ["REGEN", "SONNE", "WIND"], 8)
    assert reading.truth_spans == () and "can't be aligned" in reading.notes[0]


def test_nothing_read_is_all_missed() -> None:
    reading = read(logits("000"), [], ["REGEN"], 12)
    assert reading.glosses == () and reading.spans == () and reading.wer is not None and reading.wer.deletions == 1


def test_without_truth_there_is_no_verdict() -> None:
    reading = read(logits("010"), [1], [], 12)
    assert reading.spans[0].verdict is None and reading.wer is None and reading.deleted == ()


def test_a_class_without_a_name_reads_as_its_number() -> None:
    reading = read(np.eye(900, dtype=np.float32)[[857, 0]] * 9, [857], ["REGEN"], 8)
    assert reading.glosses == ("#857",)
