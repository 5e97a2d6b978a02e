"""main.py --check: does a map hold on its own clip?"""
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from torch import Tensor

from cam_runner import explain
from cams.targets import largest
from datasets.clip import Clip
from evidence.clip_check import SHIFTS, Judge, checked, cover_of, highest_tenth, other_way, without
from evidence.shifts import shifted
from geometry.joints import JointMap
from geometry.laid import Cells, Extent, LaidMap
from models.reading import read
from records.explanation import LayerMap
from records.hiding import BLUR, GONE, MEAN, REST, STILL, Hiding
from records.question import Question
from records.shift_check import HOLDS, NO_BETTER, UNTOLD
from tests.kit import networks
from tests.kit.linear import Linear, even_clip
from tests.kit.recogniser import TinyRecogniser, tiny_clip
from tests.kit.tiers import full

RANDOM_MAPS = 100
MOST = 11               # of them may hold: 1 in 21, and three standard deviations more


def laid(raw: np.ndarray, box: Any = (2, 14, 4, 16), seen: Any = None) -> LaidMap:
    """A map with a cell for each pixel of a view on 16 x 16 frames."""
    cells = Cells(np.arange(len(raw), dtype=float), *(np.arange(first, stop, dtype=float)
                                                      for first, stop in (box[:2], box[2:])) if raw.ndim == 3 else ())
    ends = raw.reshape(len(raw), -1)
    return LaidMap(raw, cells, Extent((len(raw), 16, 16), seen or (0, len(raw)), box), ends.min(1), ends.max(1))


def judge(model: TinyRecogniser, clip: Clip) -> Judge:
    return Judge(model, clip, Hiding(STILL), True, lambda done, total: None)


def smooth(random: np.random.RandomState, shape: Any) -> np.ndarray:
    """Noise without its high frequencies: no place or time is special."""
    spectrum = np.fft.fftn(random.standard_normal(shape))
    for axis, size in enumerate(shape):
        keep = np.abs(np.fft.fftfreq(size)) < 0.2
        spectrum *= keep.reshape([-1 if axis == other else 1 for other in range(len(shape))])
    return np.asarray(np.fft.ifftn(spectrum).real, np.float32)


@full
def test_random_smooth_maps_hold_in_at_most_one_case_of_twenty_one() -> None:
    model, clip, random = TinyRecogniser(seed=3).eval(), tiny_clip(frames=12), np.random.RandomState(0)
    judgement = judge(model, clip)
    picks = [largest(judgement.logits)]
    checks = [judgement.check(laid(smooth(random, (12, 12, 12))), picks) for _ in range(RANDOM_MAPS)]
    ranks = np.array([check.beaten for check in checks])
    assert sum(check.verdict == HOLDS for check in checks) <= MOST
    assert (ranks >= SHIFTS - 3).sum() > MOST               # a laxer rule would be noticed here
    assert abs(ranks.mean() - SHIFTS / 2) < 3 * np.sqrt(SHIFTS * (SHIFTS + 2) / 12 / RANDOM_MAPS)


def everything(logits: Tensor) -> Tensor:
    return logits.max(1).values.sum()


def test_the_map_of_what_counts_holds_and_its_opposite_does_not() -> None:
    clip = even_clip(24)
    model, question = Linear(clip), Question(target=everything, method="inputxgradient")
    made = explain(model, clip, question)
    layer = made.layers["input"]
    turned = replace(layer, laid=replace(layer.laid, raw=layer.laid.raw.max() - layer.laid.raw))
    layers = checked(model, clip, question, replace(made, layers={"input": layer, "turned": turned})).layers
    assert layers["input"].check is not None and layers["turned"].check is not None
    assert layers["input"].check.verdict == HOLDS and layers["turned"].check.verdict == NO_BETTER
    assert layers["input"].check.lost > layers["input"].check.usual


def test_what_is_lost_is_the_log_probability_of_the_gloss_with_the_highest_tenth_hidden() -> None:
    model, clip = TinyRecogniser(seed=3).eval(), tiny_clip()
    question = Question(target="each", layers=("pathways",))
    explanation = checked(model, clip, question, explain(model, clip, question))
    gloss = explanation.glosses[0]
    layer, about = gloss.layers["pathways"], gloss.about
    assert about.checks["pathways"] == layer.check and layer.check is not None and layer.check.shifts == SHIFTS
    instead = judge(model, clip).instead
    gone = without(clip, highest_tenth(layer.laid), layer.laid, instead)
    number = model.vocabulary.id(about.gloss)
    before, after = (read(model, each).double().log_softmax(1)[slice(*about.steps), number].sum()
                     for each in (clip, gone))
    assert layer.check.lost == pytest.approx(float(before - after), abs=1e-5)
    usual = [float(before - read(model, without(clip, mask, layer.laid, instead)).double().log_softmax(1)[
        slice(*about.steps), number].sum()) for mask in shifted(highest_tenth(layer.laid), SHIFTS)]
    assert layer.check.usual == pytest.approx(np.mean(usual), abs=1e-5)


def test_no_map_is_judged_in_the_one_way_that_it_was_made_by() -> None:
    moving, standing = tiny_clip(), tiny_clip(pixels=np.full((8, 16, 16, 3), 9, np.uint8))
    assert other_way(moving, None) == Hiding(STILL, GONE)
    for way in (STILL, MEAN, BLUR):
        for points in (GONE, REST):
            other = other_way(moving, Hiding(way, points))
            assert other.way != way and other.points != points
    assert other_way(standing, None).way == MEAN and other_way(standing, Hiding(MEAN)).way == BLUR


def test_the_highest_tenth_is_never_what_the_map_leaves_at_its_lowest() -> None:
    raw = np.zeros((10, 12, 12), np.float32)
    raw[3, 4, 5:8] = (1, 2, 3)
    assert np.argwhere(highest_tenth(laid(raw))).tolist() == [[3, 4, 5], [3, 4, 6], [3, 4, 7]]
    many = np.arange(1440, dtype=np.float32).reshape(10, 12, 12)
    assert highest_tenth(laid(many)).sum() == 144 and highest_tenth(laid(many))[9].all()


def test_only_what_the_network_sees_is_hidden_and_shifted() -> None:
    clip, raw = tiny_clip(frames=10), np.random.RandomState(0).rand(10, 12, 12).astype(np.float32)
    lies = laid(raw, seen=(2, 9))
    highest = highest_tenth(lies)
    assert highest.shape == (7, 12, 12)
    black = replace(clip, frames=np.zeros_like(clip.frames))
    gone = without(replace(clip, frames=np.full_like(clip.frames, 9)), highest, lies, black)
    hidden = (gone.frames == 0).all(-1)
    np.testing.assert_array_equal(hidden[2:9, 2:14, 4:16], highest)
    assert hidden.sum() == highest.sum()


def test_a_layer_that_knows_only_when_is_hidden_frame_by_frame() -> None:
    model, clip = TinyRecogniser(seed=3).eval(), tiny_clip(frames=40)
    question = Question(layers=("rnn",))
    layer_map = checked(model, clip, question, explain(model, clip, question)).layers["rnn"]
    assert layer_map.check is not None and layer_map.check.shifts == SHIFTS
    highest = highest_tenth(layer_map.laid)
    assert highest.shape == (40,) and highest.sum() == 4
    white = np.full_like(clip.frames, 255)
    gone = without(replace(clip, frames=white), highest, layer_map.laid, replace(clip, frames=np.zeros_like(white)))
    assert (gone.frames[highest] == 0).all() and (gone.frames[~highest] == 255).all()


def test_a_clip_too_short_for_as_many_shifts_is_told_nothing() -> None:
    model, clip = TinyRecogniser(seed=3).eval(), tiny_clip(frames=20)
    question = Question(layers=("rnn",))
    layer_map = checked(model, clip, question, explain(model, clip, question)).layers["rnn"]
    assert layer_map.check is not None and layer_map.check.verdict == UNTOLD and "too short" in layer_map.check.words


def test_an_empty_map_has_no_verdict() -> None:
    model, clip = TinyRecogniser(seed=3).eval(), tiny_clip()
    made = explain(model, clip, Question(layers=("pathways",)))
    layer = made.layers["pathways"]
    empty = LayerMap(replace(layer.laid, void=True), ("all-zero",))
    assert checked(model, clip, Question(), replace(made, layers={"pathways": empty})).layers["pathways"].check is None


def test_of_joints_the_keypoints_alone_are_hidden() -> None:
    model, clip = networks.recogniser("mska"), networks.clip(24)
    question = Question(layers=("body_graph_layers.7",), method="gradcam")
    made = explain(model, clip, question)
    layer = made.layers["body_graph_layers.7"]
    gone = without(clip, highest_tenth(layer.laid), layer.laid, Judge(model, clip, Hiding(MEAN), True,
                                                                     lambda done, total: None).instead)
    assert gone.keypoints is not None and clip.keypoints is not None
    assert np.array_equal(gone.frames, clip.frames)
    changed = (gone.keypoints != clip.keypoints).any(-1)
    assert changed.sum() == highest_tenth(layer.laid).sum() > 0
    later = replace(layer.laid, extent=replace(layer.laid.extent, seen=(5, 20)))
    highest = highest_tenth(later)
    gone = without(clip, highest, later, replace(clip, keypoints=clip.keypoints + 1))
    assert isinstance(later, JointMap) and gone.keypoints is not None
    changed = (gone.keypoints != clip.keypoints).any(-1)
    np.testing.assert_array_equal(changed[5:20][:, later.joints.numbers], highest)
    layer_map = checked(model, clip, question, made).layers["body_graph_layers.7"]
    assert layer_map.check is not None and layer_map.check.verdict in (HOLDS, NO_BETTER)


def test_the_network_is_left_as_it_was_and_progress_is_told() -> None:
    model, clip, calls = TinyRecogniser(seed=3), tiny_clip(), []  # type: ignore[var-annotated]
    model.train()
    question = Question(target="each", layers=("first", "pathways"))
    made = explain(model, clip, question)
    checked(model, clip, question, made, tell=lambda done, total: calls.append((done, total)))
    total = 2 * (1 + len(made.glosses)) * (SHIFTS + 1)
    assert made.glosses and model.training and calls[-1] == (total, total)
    assert [done for done, _ in calls] == sorted({done for done, _ in calls})


def test_a_mask_covers_pictures_of_any_size_by_the_middles_of_their_pixels() -> None:
    mask = np.array([[[False, True, False]]])
    assert cover_of(mask)(1, 4).tolist() == [[[False, True, True, False]]]
