"""Versions that are read side by side have the scores that they have one after the other."""
from typing import Iterator, List

import numpy as np
import pytest
import torch

from cams import side_by_side
from cams.rereading import reread
from cams.usual import Usual
from tests.cams.test_usual import without
from tests.kit import networks


@pytest.fixture
def two_cores() -> Iterator[None]:
    cores = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(cores)


def score(logits: torch.Tensor) -> np.ndarray:
    return np.array([float(logits.double().max(1).values.sum())])


def test_the_scores_are_the_same_in_the_same_order(two_cores: None, monkeypatch: pytest.MonkeyPatch) -> None:
    model, clip, told = networks.recogniser("slowfast", size=64), networks.clip(20), []     # type: ignore[var-annotated]
    versions = [lambda start=start: without(clip, start, start + 3) for start in (0, 4, 17, 4, 9, 12)]
    assert side_by_side.lanes(model) == 2
    together = reread(model, versions, 20, 20, score, lambda *done: told.append(done), usual=Usual(model, clip))
    monkeypatch.setattr(side_by_side, "SMALL", 0)
    assert side_by_side.lanes(model) == 1
    assert np.allclose(together, reread(model, versions, 20, 20, score, lambda *_: None), rtol=1e-6)
    assert told[-1] == (6, 6) and torch.get_num_threads() == 2


def test_where_memory_runs_out_those_before_are_kept(two_cores: None) -> None:
    def read(start: int, stop: int) -> List[int]:
        if start >= 4:
            raise RuntimeError("not enough memory: you tried to allocate 9 bytes")
        return list(range(start, stop))

    assert list(side_by_side.side_by_side(2, read, 9, 2)) == [[0, 1], [2, 3]]


def test_another_mistake_is_no_lack_of_memory(two_cores: None) -> None:
    def read(start: int, stop: int) -> None:
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        list(side_by_side.side_by_side(2, read, 3, 1))
