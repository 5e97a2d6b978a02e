from typing import Any, Dict, List, Tuple

import pytest

from results.reading_timeline import reading

READ: List[Dict[str, Any]] = [{"gloss": "A", "start": 4, "stop": 8}, {"gloss": "C", "start": 20, "stop": 24}]


def placed(position: int, truth: List[Dict[str, Any]]) -> Tuple[int, int, int]:
    """Where the missed B stands in the reading, and its frames."""
    entries = reading({"spans": READ, "deleted": [{"gloss": "B", "position": position}], "truth_spans": truth})
    place = [entry["gloss"] for entry in entries].index("B")
    assert [entry["gloss"] for entry in entries if entry["gloss"] != "B"] == ["A", "C"]
    return place, entries[place]["start"], entries[place]["stop"]


@pytest.mark.parametrize("position, expected", [(0, (0, 0, 4)), (1, (1, 8, 20)), (2, (2, 24, 25))])
def test_without_an_aligned_truth_a_missed_gloss_has_the_gap_it_left(position: int, expected: tuple) -> None:
    assert placed(position, []) == expected


def test_of_several_true_places_it_has_the_nearest_to_the_gap() -> None:
    truth = [{"gloss": "B", "start": start, "stop": start + 2} for start in (0, 12, 30)]
    assert placed(1, truth) == (1, 12, 14)
    assert placed(0, truth) == (0, 0, 2)
    assert placed(2, truth) == (2, 30, 32)


def test_a_gap_of_no_frames_has_one() -> None:
    spans = [{"gloss": "A", "start": 0, "stop": 8}, {"gloss": "C", "start": 8, "stop": 9}]
    entries = reading({"spans": spans, "deleted": [{"gloss": "B", "position": 1}], "truth_spans": None})
    assert (entries[1]["gloss"], entries[1]["start"], entries[1]["stop"]) == ("B", 8, 9)
