"""How far a figure may be off by chance: the bootstrap's 95% interval, drawn anew from what was measured."""
from typing import Callable, NamedTuple, Sequence

import numpy as np

DRAWS = 400
ENDS = (2.5, 97.5)      # percentiles


class Interval(NamedTuple):
    """A figure and the ends of its interval, which are NaN where one value is all there is."""

    value: float
    low: float
    high: float

    def above(self, bound: float) -> bool:
        """Whether it is above for sure; without an interval nothing is."""
        return self.low > bound

    def below(self, bound: float) -> bool:
        return self.high < bound


def resampled(count: int) -> np.ndarray:
    """int [DRAWS, count]: which values each draw takes. The same for one count, so that differences are of pairs."""
    draws = np.random.default_rng(0)
    return np.stack([draws.integers(0, count, count) for _ in range(DRAWS)])


def of_sums(rows: np.ndarray, figure: Callable[[np.ndarray], np.ndarray]) -> Interval:
    """rows [n, k], one of each clip; figure: from their sum [..., k] to a number [...]."""
    if not len(rows):
        return Interval(*3 * (float("nan"),))
    value = float(figure(rows.sum(0)))
    if len(rows) < 2:
        return Interval(value, float("nan"), float("nan"))
    drawn = figure(rows[resampled(len(rows))].sum(1))
    known = drawn[np.isfinite(drawn)]
    low, high = np.percentile(known, ENDS) if len(known) else (np.nan, np.nan)
    return Interval(value, float(low), float(high))


def of_mean(values: Sequence[float]) -> Interval:
    """Of the values that are known."""
    known = np.asarray([value for value in values if np.isfinite(value)], np.float64)
    return of_sums(np.stack([known, np.ones_like(known)], 1), lambda sums: sums[..., 0] / sums[..., 1])
