import numpy as np

from glosses.rules import TWOSTREAM_2014, VAC_PYTHON
from glosses.vocabulary import GlossVocabulary
from results.readings import read

COUNTED = (TWOSTREAM_2014, None)
VOCABULARY = GlossVocabulary(["<blank>", "REGEN", "SONNE", "WIND"])


def logits(path: str, sure: float = 9.0) -> np.ndarray:
    """Each step's class as a digit -> [steps, 4]"""
    return sure * np.eye(4, dtype=np.float32)[[int(step) for step in path]]


def test_steps_become_frames_and_the_last_ends_with_the_clip() -> None:
    told = read("slowfast", logits("0110033"), [1, 3], VOCABULARY, ["REGEN", "WIND"], 26, 4, *COUNTED)
    spans = [(span["gloss"], span["start"], span["stop"]) for span in told["spans"]]
    assert spans == [("REGEN", 4, 12), ("WIND", 20, 26)]
    assert all(span["score"] > 0.99 for span in told["spans"])


def test_each_gloss_has_its_verdict_and_missed_ones_their_place() -> None:
    truth = ["REGEN", "NEBEL", "WIND", "KALT"]
    told = read("slowfast", logits("1020300"), [1, 2, 3], VOCABULARY, truth, 28, 4, *COUNTED)
    assert [span["verdict"] for span in told["spans"]] == ["right", "substituted", "right"]
    assert told["deleted"] == [{"gloss": "KALT", "position": 3}]
    assert told["wer"] == {"wer": 50.0, "sub": 1, "ins": 0, "del": 1, "reference": 4, "rule": "TwoStream 2014"}
    assert told["wer_authors"] is None


def test_the_authors_own_count_stands_beside_the_common_one() -> None:
    told = read("slowfast", logits("1030"), [1, 3], VOCABULARY, ["REGEN", "__PU__", "WIND"], 16, 4, TWOSTREAM_2014,
                VAC_PYTHON)
    assert (told["wer"]["wer"], told["wer"]["reference"]) == (0.0, 2)
    assert told["wer_authors"] == {"wer": 33.3333, "sub": 0, "ins": 0, "del": 1, "reference": 3, "rule": "VAC python"}
    assert [span["verdict"] for span in told["spans"]] == ["right", "right"]       # by the common one


def test_true_glosses_are_placed_where_the_model_has_classes_for_them() -> None:
    told = read("slowfast", logits("1020000"), [1, 2], VOCABULARY, ["REGEN", "KALT", "SONNE"], 28, 4, *COUNTED)
    assert [(span["gloss"], span["start"]) for span in told["truth_spans"]] == [("REGEN", 0), ("SONNE", 8)]
    assert told["notes"] == ["true glosses without a class of their own: KALT"]


def test_a_truth_too_long_to_be_placed_is_a_note() -> None:
    told = read("slowfast", logits("11"), [1], VOCABULARY, ["REGEN", "SONNE", "WIND"], 8, 4, *COUNTED)
    assert told["truth_spans"] == [] and "can't be aligned" in told["notes"][0]


def test_nothing_read_is_all_missed() -> None:
    told = read("slowfast", logits("000"), [], VOCABULARY, ["REGEN"], 12, 4, *COUNTED)
    assert told["glosses"] == [] and told["spans"] == [] and told["wer"]["del"] == 1


def test_without_truth_there_is_no_verdict() -> None:
    told = read("slowfast", logits("010"), [1], VOCABULARY, [], 12, 4, *COUNTED)
    assert told["spans"][0]["verdict"] is None and told["wer"] is None and told["deleted"] == []


def test_a_class_without_a_name_reads_as_its_number() -> None:
    told = read("third", np.eye(900, dtype=np.float32)[[857, 0]] * 9, [857], VOCABULARY, ["REGEN"], 8, 4, *COUNTED)
    assert told["glosses"] == ["#857"] and told["title"] == "third"
