"""Which cases every change needs, and which are left to `make test-all`."""
from itertools import product
from typing import Any, List, Sequence

import pytest

full = pytest.mark.full


def first(cases: Sequence[Any], count: int = 1) -> List[Any]:
    """All cases, those after the first so many in test-all alone."""
    return [case if number < count else in_full(case) for number, case in enumerate(cases)]


def only(chosen: Sequence[Any], cases: Sequence[Any]) -> List[Any]:
    """All cases, those that are not chosen in test-all alone."""
    return [case if case in chosen else in_full(case) for case in cases]


def in_full(case: Any) -> Any:
    return pytest.param(*case, marks=full) if isinstance(case, tuple) else pytest.param(case, marks=full)


def crossed(*axes: Sequence[Any]) -> List[Any]:
    """Every combination, in test-all; for every change so many that each value comes at least once."""
    count = max(map(len, axes))
    needed = {tuple(number % len(axis) for axis in axes) for number in range(count)}
    return [pytest.param(*(axis[index] for axis, index in zip(axes, indices)), marks=() if indices in needed else full)
            for indices in product(*(range(len(axis)) for axis in axes))]
