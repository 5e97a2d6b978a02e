"""Passes at the input go through the network several at once, and are what they are one by one."""
from typing import Any, Dict, List

import numpy as np
import pytest
import torch

from cam_runner import explain
from cams import memory
from cams.memory import BatchSize, in_batches
from cams.multi_pass import Window
from models.contract import Inputs
from records.question import Question
from tests.kit import networks
from tests.kit.tiers import first, full

FRAMES, PASSES = 8, 5
NAMES = ("slowfast", "twostream", "vac", "signgraph", "mamba")


def maps(monkeypatch: pytest.MonkeyPatch, name: str, method: str, at_once: int) -> Dict[str, np.ndarray]:
    monkeypatch.setattr(memory, "AT_ONCE", at_once * FRAMES)
    asked = Question(target="each", method=method, budget=PASSES,
                     hide="blur" if method == "integrated" else None)        # of even grey rounding picks the largest
    explanation = explain(networks.recogniser(name), networks.clip(FRAMES), asked)
    assert explanation.glosses
    return {f"{number} {layer}": map.raw for number, gloss in enumerate(explanation.glosses)
            for layer, map in gloss.layers.items()}


def sizes(monkeypatch: pytest.MonkeyPatch, most: int = 100) -> List[int]:
    """Of the batches that are tried from now on; larger ones than `most` find no memory, once a map has come."""
    tried: List[int] = []
    pull = Window.pull

    def watched(window: Window, inputs: Inputs, probes: Any, receive: Any) -> torch.Tensor:
        tried.append(len(inputs.tensors[0]))

        def spoil(*given: Any) -> None:
            receive(*given)
            if tried[-1] > most:
                raise RuntimeError("out of memory")

        return pull(window, inputs, probes, spoil)

    monkeypatch.setattr(Window, "pull", watched)
    return tried


def assert_same(ours: Dict[str, np.ndarray], theirs: Dict[str, np.ndarray]) -> None:
    assert list(ours) == list(theirs)
    for name, found in ours.items():
        # to 1e-6, but here and there rounding tips a ReLU; a pass more or less would be a fifth
        assert np.linalg.norm(found - theirs[name]) <= 1e-2 * np.linalg.norm(theirs[name]), name


@pytest.mark.parametrize("name", first(NAMES))
@pytest.mark.parametrize("method", ["integrated", "smoothgrad"])
def test_batched_is_single(monkeypatch: pytest.MonkeyPatch, name: str, method: str) -> None:
    alone = maps(monkeypatch, name, method, 1)
    tried = sizes(monkeypatch)
    assert_same(maps(monkeypatch, name, method, 3), alone)
    assert tried[:2] == [3, 2]


@full
@pytest.mark.parametrize("method", ["integrated", "smoothgrad"])
def test_a_batch_that_found_no_memory_leaves_nothing(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    alone = maps(monkeypatch, "slowfast", method, 1)
    tried = sizes(monkeypatch, most=2)
    assert_same(maps(monkeypatch, "slowfast", method, 5), alone)
    assert tried == [5, 2, 2, 1]


def test_layers_beyond_the_input_go_through_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some networks lay clips and frames along one axis there."""
    monkeypatch.setattr(memory, "AT_ONCE", 100 * FRAMES)
    tried = sizes(monkeypatch)
    asked = Question(method="integrated", layers=("conv2d.layer4",), budget=3)
    explain(networks.recogniser("vac"), networks.clip(FRAMES), asked)
    assert tried == [1, 1, 1]


def test_one_that_finds_no_memory_alone_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(first: int, stop: int) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(memory, "AT_ONCE", 4)
    with pytest.raises(RuntimeError, match="out of memory"):
        in_batches(BatchSize(torch.device("cpu"), 1), 4, run)


def test_other_mistakes_are_not_tried_again() -> None:
    tried: List[int] = []

    def run(first: int, stop: int) -> None:
        tried.append(stop - first)
        raise RuntimeError("sizes do not match")

    with pytest.raises(RuntimeError, match="sizes do not match"):
        in_batches(BatchSize(torch.device("cpu"), 16), 8, run)
    assert tried == [4]
