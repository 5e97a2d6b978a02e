"""Records go to JSON and come back the same, and damaged ones are refused in one line."""
import json
from dataclasses import replace
from typing import Any, Callable, Dict, List, Tuple

import pytest

from records.codec import from_json, to_json
from records.sequence import Certainty, Sequence, VideoRecord, read_sequence, sequence_json
from records.summary import Outcome, failure, outcome_of
from records.transcript import WordErrors
from terminal.errors import UserError
from tests.kit import records


def whole() -> Sequence:
    model = records.model(
        glosses=("REGEN",), spans=(records.span(1, "REGEN", (4, 8), "right"),), wer=records.errors(1),
        deleted=(records.missed(2, "WIND", 1, (8, 9)),), layers={"deep": records.layer(["all-zero"], field=0.25)},
        explained=(records.gloss(1, layers={"deep": ("all-zero",)}, side="true"),), certainty=Certainty(None, 0.5, "x"))
    return records.sequence({"slowfast": model}, truth=("REGEN", "WIND"),
                            video=VideoRecord("a.mp4", 0.0, 1.5, "0,0,1,1", "none", ("note",), ("line",)))


def test_a_sequence_comes_back_as_it_was() -> None:
    tree = json.loads(json.dumps(sequence_json(whole())))
    assert tree["format"] == 3 and read_sequence(tree, "preds.json") == whole()


def test_keys_that_are_no_names_in_python_keep_their_own() -> None:
    assert to_json(WordErrors(50.0, 1, 0, 0, 2, "plain")) == {
        "wer": 50.0, "sub": 1, "ins": 0, "del": 0, "reference": 2, "rule": "plain"}


def test_outcomes_come_back_as_they_were() -> None:
    for outcome in (outcome_of(whole(), "done"), failure("a", "broken", True)):
        assert from_json(Outcome, json.loads(json.dumps(to_json(outcome))), "outcome") == outcome


def test_a_record_of_another_version_is_refused_in_one_line() -> None:
    trees: List[Any] = [{"sequence": "a"}, {"format": 1}, {"format": "2"}, [], None, 3]
    for tree in trees:
        with pytest.raises(UserError, match="another version of this program"):
            read_sequence(tree, "preds.json")


def set_to(value: Any, *path: Any) -> Callable[[Dict[str, Any]], None]:
    def change(tree: Any) -> None:
        for key in path[:-1]:
            tree = tree[key]
        tree[path[-1]] = value
    return change


@pytest.mark.parametrize("change, words", [
    (set_to("x", "frames"), "frames: 'x'; expected a whole number"), (set_to(True, "fps"), "fps: True"),
    (set_to(None, "models"), "models: None; expected an object"),
    (set_to([1], "models", "slowfast", "spans", 0, "frames"), "1 values; expected 2"),
    (set_to(3, "models", "slowfast", "layers", "deep"), "layers.deep: 3; expected an object"),
    (lambda tree: tree.pop("sequence"), "key 'sequence' is missing")])
def test_what_was_tampered_with_is_named(change: Callable[[Any], None], words: str) -> None:
    tree = json.loads(json.dumps(sequence_json(whole())))
    change(tree)
    with pytest.raises(UserError, match=words):
        read_sequence(tree, "preds.json")


def test_a_field_with_its_default_is_left_out() -> None:
    assert "video" in sequence_json(whole()) and "video" not in sequence_json(replace(whole(), video=None))


@pytest.mark.parametrize("items", [[4], [4, 8, 9]])
def test_a_range_of_other_than_two_numbers_is_refused(items: List[int]) -> None:
    with pytest.raises(UserError, match=f"frames: {len(items)} values; expected 2"):
        from_json(Tuple[int, int], items, "frames")      # type: ignore[arg-type]
