"""Which cases every change needs, and which are left to `make test-all`."""
from itertools import product
from typing import Any, List, Sequence

import pytest

full = pytest.mark.full


def first(cases: Sequence[Any], count: int = 1) -> List[Any]:
    """All cases, those after the first so many in test-all alone."""
    return [case if place < count else in_full(case) for place, case in enumerate(cases)]


def in_full(case: Any) -> Any:
    return pytest.param(*case, marks=full) if isinstance(case, tuple) else pytest.param(case, marks=full)


def crossed(*axes: Sequence[Any]) -> List[Any]:
    """Every combination, in test-all; for every change so many that each value comes at least once."""
    count = max(map(len, axes))
    needed = {tuple(number % len(axis) for axis in axes) for number in range(count)}
    return [pytest.param(*(axis[place] for axis, place in zip(axes, places)), marks=() if places in needed else full)
            for places in product(*(range(len(axis)) for axis in axes))]
