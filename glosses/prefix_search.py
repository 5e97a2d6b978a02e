"""CTC prefix beam search that tries every class at every step, as Mamba-SLR's authors decode."""
from typing import Dict, List, Tuple

import numpy as np

NEVER = -1e30       # stands for a log-probability of minus infinity, and survives sums

Prefix = Tuple[int, ...]


def without_sure_blanks(log_probs: np.ndarray, above: float, blank: int = 0) -> np.ndarray:
    """[T, V] -> fewer steps: of each run in which the blank is likelier than `above`, one wholly sure blank is left."""
    sure = log_probs[:, blank] > np.log(above)
    kept = ~sure | np.concatenate(([True], ~sure[:-1]))
    steps = log_probs[kept].copy()
    steps[sure[kept]] = NEVER
    steps[sure[kept], blank] = 0.0
    return steps


def prefix_search(log_probs: np.ndarray, width: int, blank: int = 0) -> List[int]:
    """The likeliest glosses; each prefix is the sum of its paths, those that end in a blank and those that don't."""
    prefixes: List[Prefix] = [()]
    ended, open_ = np.zeros(1), np.full(1, NEVER)               # log-probabilities: after a blank, after the last gloss
    for step in log_probs:
        either = np.logaddexp(ended, open_)
        longer = either[:, None] + step                         # [prefixes, V]
        stays = np.full(len(prefixes), NEVER)
        for index, prefix in enumerate(prefixes):
            if prefix:
                stays[index] = open_[index] + step[prefix[-1]]
                longer[index, prefix[-1]] = ended[index] + step[prefix[-1]]     # only a blank parts it from itself
        longer[:, blank] = NEVER
        index_of = {prefix: index for index, prefix in enumerate(prefixes)}
        for index, prefix in enumerate(prefixes):               # paths that come to one prefix in two ways
            origin = index_of.get(prefix[:-1]) if prefix else None
            if origin is not None:
                stays[index] = np.logaddexp(stays[index], longer[origin, prefix[-1]])
                longer[origin, prefix[-1]] = NEVER
        prefixes, ended, open_ = _best(prefixes, either + step[blank], stays, longer, width)
    return list(prefixes[int(np.logaddexp(ended, open_).argmax())])


def _best(prefixes: List[Prefix], ended: np.ndarray, stays: np.ndarray, longer: np.ndarray,
          width: int) -> Tuple[List[Prefix], np.ndarray, np.ndarray]:
    """The `width` likeliest of the prefixes and their continuations."""
    flat = longer.ravel()
    count = min(width, len(flat))
    best = np.argpartition(flat, -count)[-count:]
    extended: Dict[Prefix, Tuple[float, float]] = dict(zip(prefixes, zip(ended.tolist(), stays.tolist())))
    for index in best[flat[best] > NEVER / 2].tolist():
        origin, number = divmod(index, longer.shape[1])
        extended[(*prefixes[origin], number)] = (NEVER, float(flat[index]))
    order = sorted(extended, key=lambda prefix: float(np.logaddexp(*extended[prefix])), reverse=True)[:width]
    ends, goes_on = (np.array([extended[prefix][index] for prefix in order]) for index in (0, 1))
    return order, ends, goes_on
