"""What a sequence's record says of a network and its maps."""
from pathlib import Path
from typing import Any, Dict

import pytest

from cam_runner import explain
from datasets.corpora import open_corpus
from records.question import Question
from results.verdict import write_verdict
from runs.describe import describe_model
from tests.cams.test_per_gloss import Reader
from tests.kit.recogniser import tiny_clip


@pytest.mark.parametrize("asked, said", [({}, True), ({"hide": "mean"}, True), ({"hide": "still"}, False),
                                         ({"hidden_keypoints": "rest"}, False)])
def test_of_maps_that_hide_in_another_way_than_those_measured_nothing_is_said(
        tmp_path: Path, asked: Dict[str, Any], said: bool) -> None:
    checkpoint = tmp_path / "made.pt"
    write_verdict(tmp_path, checkpoint, {"sha256": "abc", "layers": {"input": {"integrated": {"line": "held much"}}}})
    model, clip = Reader(), tiny_clip()
    explanation = explain(model, clip, Question(method="integrated", budget=2, **asked))
    record = describe_model("slowfast", model, clip, explanation, checkpoint, "abc", open_corpus(tmp_path))
    assert (record.layers["input"].evidence == "held much") is said and record.hiding == explanation.hiding


def test_of_maps_from_the_still_clip_what_was_measured_of_those_is_said(tmp_path: Path) -> None:
    checkpoint = tmp_path / "made.pt"
    lines = {"integrated": {"line": "held little"}, "integrated, still": {"line": "held much"}}
    write_verdict(tmp_path, checkpoint, {"sha256": "abc", "layers": {"input": lines}})
    model, clip = Reader(), tiny_clip()
    explanation = explain(model, clip, Question(method="integrated", budget=2, hide="still"))
    record = describe_model("slowfast", model, clip, explanation, checkpoint, "abc", open_corpus(tmp_path))
    assert record.layers["input"].evidence == "held much"
