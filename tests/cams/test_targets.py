from dataclasses import replace
from typing import Tuple

import pytest
import torch

from cam_runner import explain
from cams.targets import Picks, target_of
from records.question import Question
from terminal.errors import UserError
from tests.kit.recogniser import TinyRecogniser, tiny_clip

# Class by step: blank 0, REGEN 1, SONNE 2, WIND 3, KALT 4.
PATH = [0, 1, 1, 0, 2, 0, 3, 3, 3, 0]


def logits() -> torch.Tensor:
    return torch.nn.functional.one_hot(torch.tensor(PATH), 5).float() * 9


def picks(name: str, glosses: Tuple[str, ...] = ()) -> Picks:
    chosen, = target_of(name, TinyRecogniser(), replace(tiny_clip(), glosses=glosses))(logits())
    return chosen


def test_max_takes_the_largest_logit_of_each_step() -> None:
    chosen = picks("max")
    assert chosen.steps == tuple(range(10)) and list(chosen.classes) == PATH
    assert chosen.score(logits()) == 90


def test_pred_takes_the_glosses_at_their_own_steps_and_no_blank() -> None:
    chosen = picks("pred")
    assert chosen.steps == (1, 2, 4, 6, 7, 8) and chosen.classes == (1, 1, 2, 3, 3, 3)
    assert "REGEN SONNE WIND" in chosen.words


def test_a_gloss_is_taken_where_it_is_read_or_else_everywhere() -> None:
    assert picks("WIND").steps == (6, 7, 8) and set(picks("WIND").classes) == {3}
    assert "steps 6-8," in picks("WIND").words and "steps 4," in picks("SONNE").words
    assert picks("KALT").steps == tuple(range(10)) and "not predicted" in picks("KALT").words


def test_from_gt_takes_the_true_gloss_at_the_middle_frame() -> None:
    """20 frames, 2 a step: the middle is frame 10, step 5, a blank beside SONNE's step 4 and WIND's step 6."""
    chosen = picks("from-gt", glosses=("REGEN", "SONNE", "WIND"))
    assert chosen.steps == (4,) and chosen.classes == (2,)
    assert "SONNE" in chosen.words and "middle frame 10" in chosen.words


def test_from_gt_takes_the_gloss_that_several_models_agreed_on() -> None:
    clip = replace(tiny_clip(), glosses=("REGEN", "SONNE", "WIND"))
    chosen, = target_of("from-gt", TinyRecogniser(), clip, true_gloss=3)(logits())
    assert chosen.steps == (6, 7, 8) and set(chosen.classes) == {3}


def test_from_gt_takes_a_true_gloss_that_was_not_read() -> None:
    chosen = picks("from-gt", glosses=("REGEN", "KALT", "WIND"))
    assert chosen.classes == (4,)


@pytest.mark.parametrize("name,glosses,words", [
    ("from-gt", (), "no annotation"), ("from-gt", ("SCHNEE",), "lacks SCHNEE"), ("SCHNEE", (), "no such gloss"),
    ("from-gt", ("REGEN",) * 9, "cannot be aligned"), ("<blank>", (), "no such gloss")])
def test_what_cannot_be_explained_is_said(name: str, glosses: Tuple[str, ...], words: str) -> None:
    with pytest.raises(UserError, match=words):
        picks(name, glosses=glosses)


def test_pred_without_a_prediction_is_said() -> None:
    silent = logits()
    silent[:, 0] += 50
    with pytest.raises(UserError, match="reads no gloss"):
        target_of("pred", TinyRecogniser(), tiny_clip())(silent)


def test_glosses_differ_in_their_maps() -> None:
    model = TinyRecogniser()
    explanations = [explain(model, tiny_clip(), Question(target=name, method="hirescam", layers=("pathways",)))
                    for name in ("REGEN", "WIND")]
    one, other = (explanation.layers["pathways"].raw for explanation in explanations)
    assert abs(one - other).max() > 0.1 * max(one.max(), other.max())


def test_steps_outside_the_window_have_no_score() -> None:
    assert Picks("", (30,), (1,)).score(logits()) is None
