"""Two drawings of a pair differ in one thing, and in nothing else."""
import json
import pickle
from pathlib import Path
from typing import Dict, List, Set, Tuple

import cv2
import numpy as np
import pytest

from signer.layouts import LAYOUTS
from signer.look import cast
from signer.minimal_pairs import KINDS, PAIRS, VOCABULARY, Pair, Twins, differing, sign_both_ways
from signer.motion import GLOSSES, NAMES, sentence
from signer.synthetic import MARK, make_workspace

HANDS, FACE = range(91, 133), range(23, 91)
ARMS = (*range(7, 11), *HANDS)                 # elbows, wrists, hands
POINTS: Dict[str, List[int]] = {                # of the 133, which may differ
    "handshape": list(HANDS), "place": list(ARMS), "movement": list(ARMS), "mouth": list(range(71, 91)),
    "brows": list(range(40, 50))}
LINES = ((5, 7), (7, 9), (6, 8), (8, 10))       # upper arms and forearms
BROAD = {"handshape": 7, "place": 18, "movement": 18, "mouth": 5, "brows": 6}   # pixels around points and lines


@pytest.fixture(scope="module")
def twins() -> Dict[Pair, Twins]:
    return {pair: sign_both_ways(pair, cast(np.random.default_rng(number)), (1, number))
            for number, pair in enumerate(PAIRS)}


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.second)
def test_keypoints_differ_in_the_thing_alone(pair: Pair, twins: Dict[Pair, Twins]) -> None:
    first, second = twins[pair].drawn
    assert first.words[1] == pair.first and second.words == (first.words[0], pair.second, first.words[2])
    assert np.array_equal(first.motion.active, second.motion.active)
    moved = (first.keypoints[..., :2] != second.keypoints[..., :2]).any(-1)                 # [T, 133]
    assert set(np.flatnonzero(moved.any(0))) <= set(POINTS[pair.kind])
    signed = twins[pair].active
    assert moved[signed].any(1).mean() > 0.8        # a movement crosses its own reverse
    before, after = np.flatnonzero(first.motion.active == 0)[-1], np.flatnonzero(first.motion.active == 2)[0]
    assert not moved[:before].any() and not moved[after + 1:].any()


@pytest.mark.parametrize("kind", KINDS)
def test_pixels_differ_where_the_thing_is_drawn(kind: str, twins: Dict[Pair, Twins]) -> None:
    drawn = twins[next(pair for pair in PAIRS if pair.kind == kind)]
    frames = [np.stack(list(clip.pictures())) for clip in drawn.drawn]
    differs = differing(*frames)
    assert not differs[:np.flatnonzero(drawn.drawn[0].motion.active == 0)[-1]].any()
    for t in np.flatnonzero(drawn.active):
        near = np.zeros(differs.shape[1:], np.uint8)
        for clip in drawn.drawn:
            points = clip.keypoints[t, :, :2].round().astype(int).tolist()
            for point in POINTS[kind]:
                cv2.circle(near, tuple(points[point]), BROAD[kind], 1, -1)
            for one, other in LINES if kind in ("place", "movement") else ():
                cv2.line(near, tuple(points[one]), tuple(points[other]), 1, 2 * BROAD[kind])
            for hand in (range(91, 112), range(112, 133)) if kind in ("handshape", "place", "movement") else ():
                cv2.fillConvexPoly(near, cv2.convexHull(np.array([points[point] for point in hand])), 1)
        assert not (differs[t] & (near == 0)).any(), t
    assert differs[drawn.active].any((1, 2)).mean() > 0.8


def test_a_mouth_that_is_held_does_not_lift_the_brows(twins: Dict[Pair, Twins]) -> None:
    first, second = twins[next(pair for pair in PAIRS if pair.kind == "mouth")].drawn
    assert np.array_equal(first.body.talk, second.body.talk)
    signed = first.motion.active == 1
    assert first.body.mouth[signed][2:-2].max() == 0 and second.body.mouth[signed][2:-2].min() > 1.5


def test_each_kind_has_two_pairs_and_no_gloss_two_twins() -> None:
    assert all(sum(pair.kind == kind for pair in PAIRS) >= 2 for kind in KINDS)
    names = [name for pair in PAIRS for name in pair[1:]]
    assert len(set(names)) == len(names) and set(names) == set(VOCABULARY.glosses)
    assert all(len(layout().words(names)) == len(names) for layout in LAYOUTS.values())


def test_a_gloss_never_stands_beside_its_twin() -> None:
    rng = np.random.default_rng(0)
    pairs: Set[Tuple[str, str]] = set()
    for _ in range(2000):
        words = sentence(rng, VOCABULARY)
        pairs.update(zip(words, words[1:]))
    beside = {VOCABULARY.timed_as(one) == VOCABULARY.timed_as(other) for one, other in pairs}
    assert beside == {False} and len(pairs) == 20 * 18


def test_only_another_vocabulary_is_named(tmp_path: Path) -> None:
    """Data that was drawn before there was a second one is kept."""
    plain, other = (make_workspace(tmp_path / name, {"dev": 1}, frame_sizes=(), vocabulary=name)
                    for name in ("weather", "pairs"))
    assert "vocabulary" not in json.loads((plain / MARK).read_text())
    assert json.loads((other / MARK).read_text())["vocabulary"] == "pairs"
    ids = pickle.loads((other / "annotations" / "manual" / "gloss2ids.pkl").read_bytes())
    assert set(VOCABULARY.glosses) <= set(ids) and set(NAMES) == set(GLOSSES) and "MORGEN" not in ids
