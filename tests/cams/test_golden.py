"""The maps of the published networks at full size, against those of their authors' code."""
import numpy as np
import pytest

from cam_runner import explain
from tests.golden import published


@pytest.mark.parametrize("weights,prefix", [("clip", "cam"), ("frame", "camframe")])
@pytest.mark.parametrize("name", ["slowfast", "twostream", "vac", "smkd", "corrnet", "corrnetplus", "sen", "tlp"])
def test_all_maps_are_the_authors(name: str, weights: str, prefix: str) -> None:
    golden = published.golden(name)
    model = published.recogniser(name, folded=True)      # as `build` gives them
    layers = [key[len(prefix) + 1:] for key in golden if key.startswith(f"{prefix}/")]
    if "conv1d.temporal_conv.3" in layers:      # the last lift pool: what comes of all, under its own name once more
        layers.remove("conv1d.temporal_conv.3")
    assert set(model.default_layers) <= set(layers)
    found = explain(model, published.clip(name), layers, weights=weights)
    assert abs(found.logits - golden["logits"]).max() <= 1e-4 * abs(golden["logits"]).max()
    for layer in layers:
        ours, theirs = found.layers[layer].raw, golden[f"{prefix}/{layer}"]
        assert ours.shape == theirs.shape
        if not theirs.any():
            assert not ours.any(), layer
            continue
        assert abs(ours - theirs).max() <= 5e-3 * theirs.max(), layer
        assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.9999, layer
