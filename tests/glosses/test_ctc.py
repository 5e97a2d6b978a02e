from itertools import product
from typing import Dict, Tuple

import numpy as np
import pytest

from glosses.ctc import align, beam_search, collapse, decode, greedy, log_softmax
from terminal.errors import UserError


def random_log_probs(seed: int, steps: int, classes: int) -> np.ndarray:
    return log_softmax(2 * np.random.default_rng(seed).standard_normal((steps, classes)))


def all_paths(log_probs: np.ndarray, blank: int) -> Dict[Tuple[int, ...], Dict[Tuple[int, ...], float]]:
    """Every reading, with every path that reads so and its log-probability."""
    steps, classes = log_probs.shape
    readings: Dict[Tuple[int, ...], Dict[Tuple[int, ...], float]] = {}
    for path in product(range(classes), repeat=steps):
        score = float(log_probs[np.arange(steps), path].sum())
        readings.setdefault(tuple(collapse(path, blank)), {})[path] = score
    return readings


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("blank", [0, 2])
def test_beam_search_finds_the_likeliest_reading(seed: int, blank: int) -> None:
    log_probs = random_log_probs(seed, steps=5, classes=3)
    readings = all_paths(log_probs, blank)
    best = max(readings, key=lambda reading: sum(np.exp(score) for score in readings[reading].values()))
    merged = [number for index, number in enumerate(best) if index == 0 or best[index - 1] != number]
    assert beam_search(log_probs, width=200, blank=blank) == merged


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("ids", [[1], [1, 2], [1, 1], [2, 1, 2]])
def test_alignment_is_the_likeliest_path_of_its_reading(seed: int, ids: list) -> None:
    log_probs = random_log_probs(seed, steps=6, classes=3)
    paths = all_paths(log_probs, blank=0)[tuple(ids)]
    best = max(paths, key=lambda path: paths[path])
    path = [0] * 6
    for span in align(log_probs, ids):
        path[span.start:span.stop] = [span.id] * (span.stop - span.start)
    assert tuple(path) == best


def test_a_span_scores_its_mean_probability() -> None:
    log_probs = np.log(np.array([[.9, .1], [.2, .8], [.4, .6], [.7, .3]]))
    (span,) = align(log_probs, [1])
    assert (span.start, span.stop) == (1, 3)
    assert span.score == pytest.approx(0.7)


def test_too_few_steps_for_a_repeated_gloss() -> None:
    with pytest.raises(ValueError, match="need 3 steps"):
        align(random_log_probs(0, 2, 3), [1, 1])


def test_no_glosses_have_no_spans() -> None:
    assert align(random_log_probs(0, 4, 3), []) == []


def test_equal_neighbours_are_merged_when_decoded() -> None:
    log_probs = log_softmax(9 * np.eye(3)[[1, 0, 1, 2]])
    assert greedy(log_probs) == [1, 1, 2]
    assert decode(log_probs, width=1) == decode(log_probs, width=10) == [1, 2]


def test_logits_of_any_size_stay_finite() -> None:
    assert np.isfinite(log_softmax(np.array([[1e4, -1e4, 0.0]], np.float32))).all()


@pytest.mark.parametrize("width", [1, 4])
def test_an_output_that_is_no_number_is_told_of(width: int) -> None:
    log_probs = np.log(np.full((5, 3), 1 / 3))
    log_probs[2, 1] = np.nan
    with pytest.raises(UserError, match="not a number at step 2 of 5"):
        decode(log_probs, width)


def test_width_one_is_the_likeliest_path_and_a_beam_the_likeliest_reading() -> None:
    log_probs = np.log(np.array([[0.5, 0.4, 0.1]] * 2, np.float32))     # no gloss: 0.25, gloss 1 on three paths: 0.56
    assert decode(log_probs, width=1) == [] and decode(log_probs, width=10) == [1]
