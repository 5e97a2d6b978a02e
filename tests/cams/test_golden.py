"""The maps of the published networks at full size, against those of their authors' code."""
from typing import Sequence

import numpy as np
import pytest

from cam_runner import explain
from records.question import Question
from tests.golden import published
from tests.kit.tiers import full

NAMES = ("slowfast", "twostream", "vac", "smkd", "corrnet")


def check(name: str, layers: Sequence[str], weights: str = "clip", prefix: str = "cam") -> None:
    """Logits, and the maps of these layers."""
    golden = published.golden(name)
    model = published.recogniser(name, folded=True)      # as `build` gives them
    found = explain(model, published.clip(name), Question(layers=tuple(layers), pool=weights))
    assert abs(found.logits - golden["logits"]).max() <= 1e-4 * abs(golden["logits"]).max()
    for layer in layers:
        ours, theirs = found.layers[layer].raw, golden[f"{prefix}/{layer}"]
        assert ours.shape == theirs.shape
        assert abs(ours - theirs).max() <= 5e-3 * theirs.max(), layer
        assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.9999, layer


@pytest.mark.parametrize("name", published.each(*NAMES))
def test_logits_and_the_map_of_the_deepest_layer_with_space_are_the_authors(name: str) -> None:
    """A short way back: little more than one forward."""
    model = published.recogniser(name, folded=True)
    check(name, [layer for layer in model.default_layers if model.layers[layer].spatial][-1:])


@full
@pytest.mark.parametrize("weights,prefix", [("clip", "cam"), ("frame", "camframe")])
@pytest.mark.parametrize("name", published.each(*NAMES))
def test_all_maps_are_the_authors(name: str, weights: str, prefix: str) -> None:
    layers = [key[len(prefix) + 1:] for key in published.golden(name) if key.startswith(f"{prefix}/")]
    assert set(published.recogniser(name, folded=True).default_layers) <= set(layers)
    check(name, layers, weights, prefix)
