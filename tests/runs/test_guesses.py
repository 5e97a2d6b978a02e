"""A reading that is less sure than the corpus's own is called a guess wherever it is shown."""
import json
import sys
from pathlib import Path
from typing import List

import numpy as np
import pytest

from drawing.grid import Reading
from drawing.text import DIM, VERDICTS
from records.sequence import Certainty, CheckpointRecord
from records.summary import outcome_of
from records.transcript import Transcript
from reports.index import _model
from results.certainty import BESIDE, is_guess
from results.folder import preds_lines
from runs.clip_lines import finished_line, read_lines
from runs.describe import drawn
from runs.videos import how_sure
from signer.motion import NAMES
from tests.kit import records

RANGE = {"sha256": "abc", "split": "dev", "clips": 40, "confidence": [0.75, 0.9], "blank": [0.1, 0.9]}
GREY = "\x1b[90m"


def transcript(*scores: float) -> Transcript:
    spans = tuple(records.span(number, "REGEN", (4 * number, 4 * number + 4), score=score)
                  for number, score in enumerate(scores, start=1))
    return Transcript(tuple(span.gloss for span in spans), spans, (), (), None, None, ())


def sure_of(folder: Path, *scores: float) -> Certainty:
    (folder / f"a.pt{BESIDE}").write_text(json.dumps(RANGE), encoding="utf-8")
    read, sure = how_sure(transcript(*scores), lambda: transcript(), np.eye(2)[[0, 1]], 0, folder / "a.pt", "abc")
    assert (read.glosses == ()) == (max(scores) < 0.5)
    return sure


@pytest.mark.parametrize("scores, guess", [((0.8, 0.68), True), ((0.8, 0.7), False), ((0.95, 0.95), False)])
def test_a_guess_is_less_sure_than_nearly_all_of_dev(tmp_path: Path, scores: List[float], guess: bool) -> None:
    """Below the range on average; above it nothing is said here."""
    sure = sure_of(tmp_path, *scores)
    assert sure.guess == guess and sure.line.startswith("a guess: mean confidence 0.74 (below dev's") == guess


def test_where_nothing_is_likely_nothing_was_read_and_without_a_range_nothing_is_a_guess(tmp_path: Path) -> None:
    sure = sure_of(tmp_path, 0.4, 0.3)
    assert not sure.guess and sure.line.startswith("nothing read")
    assert not is_guess(Certainty(0.1, 0.5, ""), None) and not is_guess(Certainty(None, 0.5, ""), RANGE)
    assert not is_guess(Certainty(0.1, 0.5, ""), {**RANGE, "confidence": None})


def test_a_guess_is_told_in_text_table_film_and_on_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    spans = transcript(0.8, 0.6).spans
    model = records.model(glosses=("REGEN", "REGEN"), spans=spans, certainty=Certainty(0.7, 0.5, "a guess: ...", True))
    record = records.sequence({"slowfast": model, "twostream": records.model(glosses=("WIND",))})
    assert preds_lines(record)[1:3] == ["SlowFast: guess: REGEN REGEN", "TwoStream: WIND"]
    assert "SlowFastSign guesses" in finished_line(record, ())
    outcome = outcome_of(record, "done").models
    assert outcome["slowfast"].guess and not outcome["twostream"].guess
    assert _model(model, {})["guess"]
    assert read_lines(record)[1] == "SlowFast: guess: REGEN REGEN"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert [line.startswith(GREY) for line in read_lines(record)[:3]] == [False, True, False]


def test_a_guess_is_grey_in_the_film() -> None:
    spans = transcript(0.8, 0.6).spans
    shown = {guess: Reading(records.model(glosses=("REGEN",), spans=spans, certainty=Certainty(0.7, 0.5, "", guess)),
                            16, 720).at(15) for guess in (False, True)}
    white = [int((shown[guess] == VERDICTS[None]).all(axis=-1).sum()) for guess in (False, True)]
    assert white[0] > 50 and white[1] == 0 and (shown[True] == DIM).all(axis=-1).sum() > 50


def test_a_network_with_the_drawn_signers_glosses_was_trained_on_drawings() -> None:
    assert drawn(["<blank>", *sorted(NAMES)]) and drawn(["<s>", "<pad>", "</s>", "<unk>", *NAMES])
    assert not drawn(NAMES[:-1]) and not drawn([*NAMES, "KÜHL"]) and not drawn([])


def test_what_was_trained_on_drawings_says_so_in_the_film() -> None:
    first, second = (Reading(records.model(checkpoint=CheckpointRecord("a.pt", "0f", on_drawings)), 4, 720).at(0)
                     for on_drawings in (False, True))
    assert not np.array_equal(first, second)
