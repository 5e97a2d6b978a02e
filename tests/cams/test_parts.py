"""What each part of a clip gives to a gloss, and each stretch of it, on networks whose answers are known."""
from dataclasses import replace
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest
import torch
from torch import Tensor

from cam_runner import explain
from cams import memory, rereading
from cams.memory import BatchSize
from cams.per_gloss import each
from cams.shapley import alone, shapley, without
from datasets.clip import Clip
from datasets.hiding import stand_in
from geometry.viewport import Viewport
from glosses.vocabulary import GlossVocabulary
from models.reading import read
from models.recogniser import Inputs, Recogniser
from records.hiding import GONE, MEAN, STILL, Hiding
from records.hiding import REST as REST_POINTS
from records.networks import hidden_points_of
from records.parts import BODY, FACE, HANDS, LEFT, PARTS, REST, RIGHT, STRETCH, UPPER_FACE, ClipParts
from records.question import Question
from terminal.errors import UserError
from tests.cams.test_per_gloss import Reader
from tests.kit import networks
from tests.kit.parted import FLASH, FRAMES, STEP, PartReader, parted_clip
from tests.kit.recogniser import WORDS, TinyRecogniser, tiny_clip
from tests.kit.tiers import only

WORTH = {RIGHT: 1.0, LEFT: 0.5, "mouth": 0.25, UPPER_FACE: 0.125, BODY: 2.0, REST: 0.0}


def added(shown: Dict[str, Tensor]) -> Tensor:
    return torch.stack([WORTH[name] * value for name, value in shown.items()]).sum(0)


def both(shown: Dict[str, Tensor]) -> Tensor:
    """Two for both hands at once, nothing for one; one for the trunk."""
    return 2 * shown[RIGHT] * shown[LEFT] + shown[BODY]


def parts(model: Recogniser, clip: Clip, count: int = 6, target: str = "each", **asked: Any) -> ClipParts:
    clip_parts = explain(model, clip, Question(target=target, method="gradient", parts=count, **asked)).parts
    assert clip_parts is not None
    return clip_parts


def figures(clip_parts: ClipParts) -> Dict[str, Tuple[Any, ...]]:
    return {part.name: (part.value, part.alone, part.without) for part in clip_parts.glosses[0].parts}


def test_values_of_an_addition_are_its_terms_whatever_the_order() -> None:
    terms = np.array([1.0, -2.0, 4.0])
    scores = np.array([sum(term for bit, term in enumerate(terms) if coalition >> bit & 1) for coalition in range(8)])
    for figure in (shapley, alone, without):
        np.testing.assert_allclose(figure(scores), terms)


def test_values_of_an_and_are_halves_and_neither_gives_anything_alone() -> None:
    scores = np.array([0.0, 0.0, 0.0, 1.0])
    np.testing.assert_allclose(shapley(scores), [0.5, 0.5])
    np.testing.assert_allclose(alone(scores), [0, 0])
    np.testing.assert_allclose(without(scores), [1, 1])


def test_values_are_the_mean_over_all_orders() -> None:
    """Shapley's own definition, written slowly, on a game of four."""
    from itertools import permutations

    scores = np.random.default_rng(0).normal(size=16)
    expected = np.zeros(4)
    orders = list(permutations(range(4)))
    for order in orders:
        there = 0
        for player in order:
            expected[player] += (scores[there | 1 << player] - scores[there]) / len(orders)
            there |= 1 << player
    np.testing.assert_allclose(shapley(scores), expected)


def test_on_a_network_that_adds_each_part_gives_its_own() -> None:
    clip_parts = parts(PartReader(added, sum(WORTH.values())), parted_clip())
    gloss, = clip_parts.glosses
    assert gloss.about.gloss == "REGEN" and gloss.about.steps == (STEP, STEP + 1)
    for name, values in figures(clip_parts).items():
        assert values == pytest.approx((WORTH[name],) * 3, abs=1e-4)
    assert gloss.score == pytest.approx(-0.1, abs=1e-5) and gloss.hidden == pytest.approx(-3.975, abs=1e-4)


def test_on_a_network_that_needs_both_hands_each_has_half_and_alone_nothing() -> None:
    worth = figures(parts(PartReader(both, 3.0), parted_clip()))
    assert worth[RIGHT] == worth[LEFT] == pytest.approx((1, 0, 2), abs=1e-4)
    assert worth[BODY] == pytest.approx((1, 1, 1), abs=1e-4)
    assert worth["mouth"] == worth[REST] == pytest.approx((0, 0, 0), abs=1e-4)


def test_four_parts_take_a_quarter_of_the_readings() -> None:
    clip, stretches = parted_clip(), FRAMES // STRETCH
    assert parts(PartReader(added, sum(WORTH.values())), clip).readings == 64 + stretches

    def hands(shown: Dict[str, Tensor]) -> Tensor:
        return 2 * shown[HANDS] + shown[FACE]

    clip_parts = parts(PartReader(hands, 3.0, 4), clip, 4)
    assert clip_parts.readings == 16 + stretches and clip_parts.names == PARTS[4]
    assert figures(clip_parts)[HANDS] == pytest.approx((2, 2, 2), abs=1e-4)
    assert figures(clip_parts)[FACE] == pytest.approx((1, 1, 1), abs=1e-4)


@pytest.mark.parametrize("name, way", [("slowfast", STILL), ("twostream", MEAN), ("mska", STILL)])
def test_values_add_up_to_the_score_less_that_of_the_hidden_clip(name: str, way: str) -> None:
    """Of a network that hardly reads anything: one gloss by name, at all steps. Both are read on their own here."""
    model, clip = networks.recogniser(name), networks.clip(16)
    model.vocabulary = GlossVocabulary(WORDS)
    clip_parts = parts(model, clip, 4, target="WIND", hide=way)
    gloss, = clip_parts.glosses
    number, steps = WORDS.index("WIND"), range(*gloss.about.steps)
    scores = [float(read(model, version).double().log_softmax(1)[list(steps), number].sum())
              for version in (clip, stand_in(clip, Hiding(way, hidden_points_of(name))))]
    known = [part.value for part in gloss.parts if part.value is not None]
    assert sum(known) == pytest.approx(scores[0] - scores[1], abs=1e-4)


@pytest.mark.parametrize("name, asked, points", [("mska", None, REST_POINTS), ("mska", GONE, GONE),
                                                 ("twostream", None, GONE)])
def test_hidden_keypoints_are_at_rest_where_a_network_reads_them_alone(name: str, asked: Any, points: str) -> None:
    model, clip = networks.recogniser(name), networks.clip(16)
    model.vocabulary = GlossVocabulary(WORDS)
    clip_parts = parts(model, clip, 4, target="WIND", hidden_keypoints=asked)
    assert clip_parts.hiding.points == points and ("at rest" in clip_parts.asks) == (points == REST_POINTS)


@pytest.mark.parametrize("name", only(("mska",), ("slowfast", "twostream", "mska")))
def test_batched_is_single(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    model, clip = networks.recogniser(name), networks.clip(16)
    model.vocabulary = GlossVocabulary(WORDS)
    glosses = []
    for at_once in (16, 16 * 5):
        monkeypatch.setattr(memory, "AT_ONCE", at_once)
        glosses.append(parts(model, clip, 4, target="WIND").glosses[0])
    one, five = ([figure for part in gloss.parts for figure in (part.value, part.alone, part.without)
                  if figure is not None]
                 for gloss in glosses)
    assert len(one) == len(five) > 3
    np.testing.assert_allclose(one, five, atol=1e-5)
    np.testing.assert_allclose(glosses[0].when, glosses[1].when, atol=1e-5)


def test_a_long_clip_is_scored_on_the_reading_of_all_its_windows() -> None:
    clip = replace(tiny_clip(60), keypoints=np.repeat(parted_clip().keypoints[:1], 60, axis=0))     # type: ignore
    explanation = explain(Reader(), clip, Question(target="each", parts=4), window=20)
    assert explanation.parts is not None
    for pick, gloss in zip(each(Reader(), clip, torch.from_numpy(explanation.logits)), explanation.parts.glosses):
        score = pick.score(torch.from_numpy(explanation.logits).log_softmax(1))
        assert score is not None and gloss.score == pytest.approx(float(score), abs=1e-4)


def test_memory_that_runs_out_is_met_with_smaller_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    class Small(PartReader):
        def forward(self, inputs: Inputs) -> Tensor:
            if len(inputs.tensors[0]) > 2:
                raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
            return super().forward(inputs)

    monkeypatch.setattr(memory, "AT_ONCE", FRAMES * 8)
    clip_parts = parts(Small(both, 3.0), parted_clip())
    assert figures(clip_parts)[RIGHT] == pytest.approx((1, 0, 2), abs=1e-4)
    assert clip_parts.readings == 64 + FRAMES // STRETCH


def test_where_one_alone_is_too_much_it_is_said_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> List[Tensor]:
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(rereading, "_read", full)
    with pytest.raises(UserError, match="out of memory with one clip at once"):
        parts(PartReader(both, 3.0), parted_clip())


def test_a_batch_is_never_empty() -> None:
    assert BatchSize(torch.device("cpu"), 4000).count == 1


def test_a_part_that_is_not_in_the_view_has_no_value_and_is_no_player() -> None:
    """The network's view ends above the hands: what hides them is everything else."""
    model = PartReader(added, sum(WORTH.values()))
    model.viewport = Viewport(0, 0, 1, 0.6)
    clip_parts = parts(model, parted_clip())
    worth = figures(clip_parts)
    assert worth[RIGHT] == worth[LEFT] == (None, None, None)
    assert worth[BODY][0] == pytest.approx(2, abs=1e-4) and worth[REST][0] == pytest.approx(1.5, abs=1e-4)
    assert clip_parts.readings == 16 + FRAMES // STRETCH


def test_without_keypoints_a_line_says_what_is_missing_and_stretches_are_told_all_the_same() -> None:
    clip_parts = parts(PartReader(added, sum(WORTH.values())), parted_clip(keypoints=None))
    assert not clip_parts.glosses[0].parts and clip_parts.glosses[0].sentence == ""
    assert len(clip_parts.glosses[0].when) == FRAMES // STRETCH and "no keypoints" in clip_parts.notes[0]
    unsure = parted_clip()
    assert unsure.keypoints is not None
    unsure.keypoints[..., 2] = 0.1
    assert "sure enough" in parts(PartReader(added, sum(WORTH.values())), unsure).notes[0]


def test_of_a_clip_in_which_nothing_moves_nothing_is_said_but_that() -> None:
    clip = parted_clip()
    clip.frames[:] = 255
    clip_parts = parts(PartReader(added, sum(WORTH.values())), clip)
    assert not clip_parts.glosses and clip_parts.readings == 0
    assert clip_parts.notes[0].startswith("nothing moves in this clip")
    assert parts(PartReader(added, sum(WORTH.values())), clip, hide=MEAN).readings


def test_a_gloss_is_lost_when_the_stretch_that_shows_it_stands_still() -> None:
    gloss, = parts(PartReader(added, sum(WORTH.values())), parted_clip()).glosses
    lost = [gloss.score - score for score in gloss.when]
    expected = [0.0] * (FRAMES // STRETCH)
    expected[FLASH // STRETCH] = sum(WORTH.values())
    assert lost == pytest.approx(expected, abs=1e-4)


def test_of_an_error_parts_are_of_the_log_odds_and_the_other_side_s_are_the_same_against_it() -> None:
    class Wrong(PartReader):
        """Reads REGEN, and the right hand makes it; the left hand speaks for WIND."""

        def forward(self, inputs: Inputs) -> Tensor:
            x = self.entry(*inputs.tensors)
            made = x.new_full((len(x), x.shape[2] // 2, 5), -1e4)
            made[..., 0] = 0.0
            for number, name, worth in ((1, RIGHT, 6.0), (3, LEFT, 2.0)):
                row, column = self.places[name]
                made[:, STEP, number] = worth * x[:, 0, FLASH, row, column]
            return made

    clip = replace(parted_clip(), glosses=("WIND",), rule=tiny_clip().rule)
    clip_parts = parts(Wrong(added, 0.0), clip, target="errors")
    read_side, true_side = clip_parts.glosses
    values = {part.name: part.value for part in read_side.parts}
    assert values[RIGHT] == pytest.approx(6, abs=1e-4) and values[LEFT] == pytest.approx(-2, abs=1e-4)
    assert {part.name: part.value for part in true_side.parts} == pytest.approx(
        {name: -value for name, value in values.items() if value is not None}, abs=1e-4)
    assert read_side.sentence == ("REGEN rather than the true WIND has support from right hand (+6.00); "
                                  "against it: left hand (-2.00)")


def test_a_gloss_that_is_not_read_is_scored_at_all_steps_and_says_so() -> None:
    clip_parts = parts(PartReader(added, sum(WORTH.values())), parted_clip(), target="KALT")
    gloss, = clip_parts.glosses
    assert "which is not predicted, at all 12 steps" in gloss.about.words and gloss.about.steps == (0, 12)
    assert gloss.about.id == "unread-1" and gloss.about.verdict is None


def test_the_true_gloss_of_the_middle_has_parts_too() -> None:
    clip = replace(parted_clip(), glosses=("REGEN",), rule=tiny_clip().rule)
    gloss, = parts(PartReader(added, sum(WORTH.values())), clip, target="from-gt").glosses
    assert (gloss.about.id, gloss.about.verdict) == ("true-1", "right")
    assert [part.value for part in gloss.parts] == pytest.approx([WORTH[name] for name in PARTS[6]], abs=1e-4)


def test_a_method_without_a_target_has_parts_all_the_same() -> None:
    clip_parts = explain(TinyRecogniser(), tiny_clip(), Question(target="REGEN", method="eigencam", parts=4)).parts
    assert clip_parts is not None and len(clip_parts.glosses) == 1


@pytest.mark.parametrize("target", ["max", "pred", lambda logits: logits.sum()])
def test_parts_are_of_single_glosses(target: Any) -> None:
    with pytest.raises(UserError, match="ask for each, errors, from-gt or a gloss"):
        Question(target=target, parts=6).check()


def test_passes_are_told_up_to_the_last() -> None:
    heard: List[Tuple[int, int]] = []
    explain(PartReader(both, 3.0), parted_clip(), Question(target="each", method="gradient", parts=6),
            tell=lambda *count: heard.append(count))
    assert heard[-1] == (67, 67)
