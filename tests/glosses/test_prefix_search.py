import itertools
from typing import Dict, Tuple

import numpy as np
import pytest

from glosses import ctc
from glosses.prefix_search import prefix_search, without_sure_blanks


def likeliest(log_probs: np.ndarray) -> Tuple[int, ...]:
    """By adding up every path."""
    shares: Dict[Tuple[int, ...], float] = {}
    for path in itertools.product(range(log_probs.shape[1]), repeat=len(log_probs)):
        read = tuple(ctc.collapse(path, 0))
        shares[read] = np.logaddexp(shares.get(read, -np.inf), sum(row[number] for row, number in zip(log_probs, path)))
    return max(shares, key=lambda read: shares[read])


@pytest.mark.parametrize("seed", range(20))
def test_a_beam_that_holds_everything_finds_the_likeliest_glosses(seed: int) -> None:
    random = np.random.RandomState(seed)
    log_probs = ctc.log_softmax(2 * random.standard_normal((6, 3)))
    assert tuple(prefix_search(log_probs, 1000)) == likeliest(log_probs)


def test_a_gloss_twice_with_a_blank_between_is_two() -> None:
    log_probs = np.log(np.array([[0.1, 0.8, 0.1], [0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.8, 0.1]]))
    assert prefix_search(log_probs, 5) == [1, 1]


def test_a_narrow_beam_loses_what_only_many_paths_make_likely() -> None:
    """Two blanks are the likeliest path, and the gloss, by three paths, the likeliest reading."""
    log_probs = np.log(np.array([[0.6, 0.4], [0.6, 0.4]]))
    assert prefix_search(log_probs, 1) == [] and prefix_search(log_probs, 2) == [1]


def test_of_sure_blanks_one_is_left_between_their_neighbours() -> None:
    log_probs = np.log(np.array([[0.97, 0.03], [0.2, 0.8], [0.96, 0.04], [0.99, 0.01], [0.3, 0.7]]))
    left = without_sure_blanks(log_probs, 0.95)
    assert np.exp(left).round(3).tolist() == [[1, 0], [0.2, 0.8], [1, 0], [0.3, 0.7]]
    assert prefix_search(left, 5) == [1, 1]


def test_nothing_is_read_in_no_steps() -> None:
    assert prefix_search(np.zeros((0, 4)), 5) == [] and len(without_sure_blanks(np.zeros((0, 4)), 0.95)) == 0
