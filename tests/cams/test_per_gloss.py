"""Glosses on their own: one forward for all of them, and contrasts where the reading is wrong."""
from dataclasses import replace
from functools import partial
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np
import pytest
import torch
from torch import Tensor

from cam_runner import explain
from cams.methods import METHODS, signed_map
from cams.one_pass import Ask, run_pass
from cams.per_gloss import each, errors
from cams.picks import Picks
from glosses.rules import PLAIN
from records.explained import ExplainedGloss
from records.question import Question
from terminal.errors import UserError
from tests.kit.recogniser import TinyRecogniser, tiny_clip

# Class by step: blank 0, REGEN 1, SONNE 2, WIND 3, KALT 4.
PATH = [0, 1, 1, 0, 2, 0, 3, 3, 3, 0]
READ = ("REGEN", "SONNE", "WIND")


def logits(path: Sequence[int] = PATH) -> Tensor:
    """The next class is always the second best."""
    best = torch.nn.functional.one_hot(torch.tensor(path), 5).float()
    return 9 * best + 3 * best.roll(1, dims=1)


class Reader(TinyRecogniser):
    """Reads PATH, whatever it is shown, by logits that still depend on it."""

    def forward(self, inputs: Any) -> Tensor:
        made = super().forward(inputs)
        path = torch.tensor([PATH[step % len(PATH)] for step in range(made.shape[1])])
        return made + 9 * torch.nn.functional.one_hot(path, made.shape[2])


def facts(glosses: List[Picks]) -> List[Tuple[Any, ...]]:
    return [(about.gloss, about.verdict, about.side, picks.steps, picks.classes, picks.against)
            for picks, about in zip(glosses, abouts(glosses))]


def abouts(glosses: List[Picks]) -> List[ExplainedGloss]:
    return [picks.about for picks in glosses if picks.about is not None]


def test_each_gloss_read_is_taken_at_its_own_steps() -> None:
    glosses = each(TinyRecogniser(), replace(tiny_clip(), glosses=("REGEN", "KALT", "WIND")), logits())
    assert facts(glosses) == [("REGEN", "right", None, (1, 2), (1, 1), ()),
                              ("SONNE", "substituted", None, (4,), (2,), ()),
                              ("WIND", "right", None, (6, 7, 8), (3, 3, 3), ())]
    assert abouts(glosses)[1].true_gloss == "KALT" and abouts(glosses)[1].truth == "true-2"


def test_without_a_truth_there_is_no_verdict() -> None:
    glosses = each(TinyRecogniser(), replace(tiny_clip(), glosses=()), logits())
    assert [about.verdict for about in abouts(glosses)] == [None] * 3


def test_a_substituted_gloss_is_held_against_the_true_one_and_the_other_way_round() -> None:
    glosses = errors(TinyRecogniser(), replace(tiny_clip(), glosses=("REGEN", "KALT", "WIND")), logits())
    assert facts(glosses) == [("SONNE", "substituted", "read", (4,), (2,), (4,)),
                              ("SONNE", "substituted", "true", (4,), (4,), (2,))]
    assert all("SONNE" in picks.words and "KALT" in picks.words for picks in glosses)


def test_an_inserted_gloss_is_held_against_the_blank() -> None:
    glosses = errors(TinyRecogniser(), replace(tiny_clip(), glosses=("REGEN", "WIND")), logits())
    assert facts(glosses) == [("SONNE", "inserted", "read", (4,), (2,), (0,))]


def test_a_missed_gloss_is_held_against_the_best_other_class_where_the_truth_is_aligned() -> None:
    glosses = errors(TinyRecogniser(), replace(tiny_clip(), glosses=("REGEN", "SONNE", "WIND", "KALT")), logits())
    (gloss, verdict, side, steps, classes, against), (_, _, other, *_) = facts(glosses)
    assert (gloss, verdict, side, other) == ("KALT", "deleted", "read", "true")
    assert against == (4,) * len(steps) and classes == tuple([PATH[step] for step in steps])
    assert glosses[0].words.startswith("the best other class (WIND) minus KALT")


def test_every_caption_says_the_contrast_that_made_its_map() -> None:
    """For each kind of error and both sides: what is added stands before `minus`, what is taken off behind it."""
    model = TinyRecogniser()
    for truth in (("REGEN", "KALT", "WIND"), ("REGEN", "WIND"), ("REGEN", "SONNE", "WIND", "KALT"),
                  ("REGEN", "SCHNEE", "WIND")):
        for picks in errors(model, replace(tiny_clip(), glosses=truth), logits()):
            assert picks.about is not None and picks.words == picks.about.words
            before, after = picks.words.split(" minus ")
            for classes, words in ((picks.classes, before), (picks.against, after)):
                for number in set(classes):
                    name = "the blank" if number == 0 else model.vocabulary.name(number)
                    assert name in words, picks.words


def test_both_sides_of_a_missed_gloss_have_words_of_their_own() -> None:
    clip = replace(tiny_clip(), glosses=("REGEN", "SONNE", "WIND", "KALT"))
    read, true = abouts(errors(TinyRecogniser(), clip, logits()))
    assert (read.id, true.id, read.span, true.span) == ("true-4-for-read", "true-4-for-true", "true-4", "true-4")
    assert read.words.startswith("the best other class") and true.words.startswith("KALT, which was missed, minus")


def test_a_true_gloss_without_a_class_is_said() -> None:
    glosses = errors(TinyRecogniser(), replace(tiny_clip(), glosses=("REGEN", "SCHNEE", "WIND")), logits())
    assert [picks.against for picks in glosses] == [(0,)] and "SCHNEE has no class" in glosses[0].words


def test_glosses_are_compared_as_their_corpus_cleans_them() -> None:
    """PHOENIX's `loc-SONNE` is right for `SONNE`; where nothing is cleaned it is another gloss."""
    clip = replace(tiny_clip(), glosses=("REGEN", "loc-SONNE", "WIND"))
    assert errors(TinyRecogniser(), clip, logits()) == []
    glosses = errors(TinyRecogniser(), replace(clip, rule=PLAIN), logits())
    assert [about.verdict for about in abouts(glosses)] == ["substituted"]
    verdicts = [about.verdict for about in abouts(each(TinyRecogniser(), replace(clip, rule=PLAIN), logits()))]
    assert verdicts == ["right", "substituted", "right"]


def test_a_clip_read_right_is_not_explained() -> None:
    explanation = explain(Reader(), replace(tiny_clip(), glosses=READ), Question(target="errors", layers=("pathways",)))
    assert explanation.glosses == () and "nothing" in explanation.target
    assert not explanation.layers["pathways"].map.any()


def test_errors_need_a_truth() -> None:
    with pytest.raises(UserError, match="no annotation"):
        explain(Reader(), replace(tiny_clip(), glosses=()), Question(target="errors", layers=("pathways",)))


def test_a_method_without_a_gradient_has_no_gloss_to_show() -> None:
    with pytest.raises(UserError, match="whatever the gloss"):
        explain(Reader(), tiny_clip(), Question(target="each", method="eigencam", layers=("pathways",)))


@pytest.mark.parametrize("layer", ["first", "pathways", "timed", "rnn"])
def test_one_kept_graph_gives_what_separate_passes_give(layer: str) -> None:
    """Each gloss and each layer; recurrent layers go through all glosses together."""
    model, clip = Reader(), replace(tiny_clip(), glosses=READ)
    together = explain(model, clip, Question(target="each", layers=("first", "pathways", "timed", "rnn")))
    assert [gloss.about.gloss for gloss in together.glosses] == list(READ)
    for gloss in together.glosses:
        question = Question(target=gloss.about.gloss, layers=("first", "pathways", "timed", "rnn"))
        apart = explain(model, clip, question)
        raw = apart.layers[layer].raw
        np.testing.assert_allclose(gloss.layers[layer].raw, raw, rtol=0, atol=1e-5 * raw.max())


@pytest.mark.parametrize("per_frame", [False, True])
def test_before_relu_the_maps_of_all_glosses_add_up_to_that_of_their_sum(per_frame: bool) -> None:
    """Grad-CAM is linear in what is explained."""
    model, clip = Reader().double(), replace(tiny_clip(), glosses=READ)
    probes = {name: model.layers[name] for name in ("first", "pathways")}
    inputs = model.prepare(clip)

    def maps(picks: List[Picks]) -> Dict[str, Tensor]:
        added: Dict[str, Tensor] = {}

        def finish(name: str, activation: Tensor, gradient: Any) -> None:
            made = signed_map(METHODS["gradcam"], activation[0], gradient[0], per_frame)
            added[name] = added.get(name, 0) + made

        def score(each: Picks, output: Tensor) -> Any:
            return each.score(output[0])

        run_pass(model, inputs, probes, [Ask(partial(score, each), finish) for each in picks])
        return added

    glosses = each(model, clip, model(inputs)[0].detach())
    summed = Picks("", sum((picks.steps for picks in glosses), ()), sum((picks.classes for picks in glosses), ()))
    alone, whole = maps(glosses), maps([summed])
    for name in probes:
        torch.testing.assert_close(alone[name], whole[name])


def test_a_contrast_is_the_difference_of_two_gradients() -> None:
    model, clip = Reader().double().eval(), replace(tiny_clip(), glosses=("REGEN", "KALT", "WIND"))
    explanation = explain(model, clip, Question(target="errors", method="hirescam", layers=("timed",)))
    maps = {}
    for name, number in (("SONNE", 2), ("KALT", 4)):
        kept: List[Tensor] = []
        hook = model.network.timed.register_forward_hook(lambda module, given, output, kept=kept: kept.append(output))
        logits = model(model.prepare(clip))[0]
        hook.remove()
        gradient, = torch.autograd.grad(logits[4, number], kept)
        maps[name] = (gradient * kept[0])[0].sum(0).detach().numpy()
    read, true = (gloss.layers["timed"].raw for gloss in explanation.glosses)
    np.testing.assert_allclose(read, (maps["SONNE"] - maps["KALT"]).clip(0), rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(true, (maps["KALT"] - maps["SONNE"]).clip(0), rtol=1e-5, atol=1e-9)


def test_every_gloss_of_a_long_clip_has_a_map() -> None:
    """In windows of 40 frames, 20 apart: every gloss of the whole clip has a map, wherever it lies."""
    model, clip = Reader(window=40), replace(tiny_clip(frames=60), glosses=())
    explanation = explain(model, clip, Question(target="each", layers=("pathways",)))
    starts = [gloss.about.steps[0] for gloss in explanation.glosses]
    assert starts and starts == sorted(starts) and len(explanation.logits) == 30
    for gloss in explanation.glosses:
        steps = np.flatnonzero(gloss.layers["pathways"].raw.reshape(len(gloss.layers["pathways"].raw), -1).any(1))
        assert len(steps)


def test_pooling_is_of_each_frame_unless_the_clip_is_asked_for() -> None:
    model, clip = Reader(), replace(tiny_clip(), glosses=READ)
    assert explain(model, clip, Question(target="each", layers=("pathways",))).pool == "frame"
    assert explain(model, clip, Question(target="REGEN", layers=("pathways",))).pool == "frame"
    assert explain(model, clip, Question(target="max", layers=("pathways",))).pool == "clip"
    asked = explain(model, clip, Question(target="each", method="gradcam", layers=("pathways",), pool="clip"))
    assert asked.pool == "clip" and any("at any time" in note for note in asked.notes)


def test_a_missed_gloss_has_a_map_of_its_own_that_the_clip_s_does_not_have() -> None:
    """So that right can be compared with wrong; what is shown of the clip is what was read."""
    asked = Question(target="each", layers=("pathways",), normalise="clip")
    with_it = explain(Reader(), replace(tiny_clip(), glosses=(*READ, "KALT")), asked)
    without = explain(Reader(), replace(tiny_clip(), glosses=READ), asked)
    *read, missed = with_it.glosses
    assert [gloss.about.verdict for gloss in with_it.glosses] == ["right"] * len(read) + ["deleted"]
    assert (missed.about.id, missed.about.gloss, missed.about.side) == ("true-4", "KALT", None)
    assert missed.about.words == "KALT, which was missed: the sum of its logits at the steps where the truth is aligned"
    assert missed.layers["pathways"].raw.any()
    np.testing.assert_allclose(with_it.layers["pathways"].raw, without.layers["pathways"].raw, rtol=5e-6)   # rounding
    assert with_it.target.endswith("here the sum of their maps; missed glosses (KALT) have separate maps, "
                                   "not part of the sum")


class Silent(TinyRecogniser):
    """Reads nothing."""

    def forward(self, inputs: Any) -> Tensor:
        made = super().forward(inputs)
        return made + 99 * torch.nn.functional.one_hot(torch.zeros(made.shape[1], dtype=torch.long), made.shape[2])


def test_where_nothing_was_read_the_missed_have_maps_and_the_clip_has_none() -> None:
    question = Question(target="each", layers=("pathways",))
    explanation = explain(Silent(), replace(tiny_clip(), glosses=("KALT",)), question)
    missed, = explanation.glosses
    assert missed.layers["pathways"].raw.any() and not explanation.layers["pathways"].raw.any()
    assert explanation.layers["pathways"].flags == ("all-zero",)
