"""The maps of the published networks at full size, against those of their authors' code."""
from typing import Dict, List, Optional, Sequence

import numpy as np
import pytest
import torch
from torch import Tensor

from cam_runner import explain
from cams.methods import METHODS, signed_map
from cams.one_pass import one_pass
from models.recogniser import Recogniser
from records.question import Question
from tests.golden import published
from tests.kit.tiers import full

NAMES = ("slowfast", "twostream", "vac", "smkd", "corrnet", "corrnetplus", "sen", "tlp", "signgraph")


def is_the_authors(name: str, layer: str, ours: np.ndarray, theirs: np.ndarray) -> None:
    assert ours.shape == theirs.shape
    assert abs(ours - theirs).max() <= published.FLOAT32.get(name, 5e-3) * abs(theirs).max(), layer
    if theirs.any():
        assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.9999, layer


def check(name: str, layers: Sequence[str], weights: str = "clip", prefix: str = "cam") -> None:
    """Logits, and the maps of these layers."""
    golden = published.golden(name)
    model = published.recogniser(name, folded=True)      # as `build` gives them
    explanation = explain(model, published.clip(name), Question(layers=tuple(layers), pool=weights))
    assert abs(explanation.logits - golden["logits"]).max() <= 1e-4 * abs(golden["logits"]).max()
    for layer in layers:
        is_the_authors(name, layer, explanation.layers[layer].raw, golden[f"{prefix}/{layer}"])


@pytest.mark.parametrize("name", published.each(*NAMES, always=("vac",)))
def test_logits_and_the_map_of_the_deepest_layer_with_space_are_the_authors(name: str) -> None:
    """A short way back, for older torch: little more than one forward."""
    if name != "vac" and torch.__version__ >= "2":
        pytest.skip("held with all maps of it")
    model = published.recogniser(name, folded=True)
    check(name, [layer for layer in model.default_layers if model.layers[layer].spatial][-1:])


@full
@pytest.mark.parametrize("name", published.each(*NAMES, "swin"))
def test_all_maps_are_the_authors(name: str) -> None:
    check_all(name, "clip", "cam")


@full
@pytest.mark.parametrize("name", published.each("slowfast", "signgraph"))
def test_those_pooled_by_frame_are_too(name: str) -> None:
    check_all(name, "frame", "camframe")


def check_all(name: str, weights: str, prefix: str) -> None:
    layers = [key[len(prefix) + 1:] for key in published.golden(name) if key.startswith(f"{prefix}/")]
    if "conv1d.temporal_conv.3" in layers:      # the last lift pool: what comes of all, under its own name once more
        layers.remove("conv1d.temporal_conv.3")
    assert set(published.recogniser(name, folded=True).default_layers) <= set(layers)
    check(name, layers, weights, prefix)


@full
@published.of("signgraph")
def test_before_the_relu_too() -> None:
    name = "signgraph"
    golden, model = published.golden(name), published.recogniser(name, folded=True)
    layers = [key[len("camsigned/"):] for key in golden if key.startswith("camsigned/")]
    for layer, ours in signed(model, layers, published.clip(name)).items():
        is_the_authors(name, layer, ours, golden[f"camsigned/{layer}"])


def signed(model: Recogniser, layers: List[str], clip: published.Clip) -> Dict[str, np.ndarray]:
    maps: Dict[str, np.ndarray] = {}

    def finish(name: str, activation: Tensor, gradient: Optional[Tensor]) -> None:
        assert gradient is not None
        values, slope = (model.layers[name].arrange(each)[0] for each in (activation, gradient))
        maps[name] = signed_map(METHODS["gradcam"], values, slope, False).numpy()

    one_pass(model, model.prepare(clip), {name: model.layers[name] for name in layers},
             lambda logits: torch.max(logits, dim=1).values.sum(), finish)
    return maps
