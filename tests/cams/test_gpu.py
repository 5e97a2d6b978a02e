"""On a card: the maps are those of the CPU."""
from typing import Optional

import numpy as np
import pytest
import torch

from cam_runner import explain
from cams.methods import METHODS
from pairs.explaining import explain_pictures
from records.explanation import Explanation
from records.question import Question
from tests.kit import networks

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")]
RECOGNISERS = ("slowfast", "twostream", "vac", "smkd", "corrnet", "corrnetplus", "sen", "tlp", "signgraph", "swin",
               "mamba", "mska")
FAINT = 1e-6        # half precision holds no such maps of these small networks


def alike(ours: Explanation, exact: Explanation) -> float:
    """The least correlation of two layers' maps that show something."""
    likeness = [np.corrcoef(ours.layers[name].raw.ravel(), layer.raw.ravel())[0, 1]
                for name, layer in exact.layers.items() if not layer.flags and layer.raw.max() > FAINT]
    assert likeness
    return float(np.min(likeness))         # NaN if one is


def on_both(name: str, precision: Optional[str], method: str = "gradcam") -> float:
    clip = networks.clip(16)
    exact = explain(networks.recogniser(name), clip, Question(method=method, precision="fp32"))
    explanation = explain(networks.recogniser(name).to("cuda"), clip, Question(method=method, precision=precision))
    return alike(explanation, exact)


@pytest.mark.parametrize("name", RECOGNISERS)
def test_a_recognisers_maps(name: str) -> None:
    assert on_both(name, "fp32") > 0.999


@pytest.mark.parametrize("name", RECOGNISERS)
def test_in_mixed_precision(name: str) -> None:
    assert on_both(name, "amp") > 0.97


@pytest.mark.parametrize("method", METHODS)
def test_by_every_method(method: str) -> None:
    assert on_both("vac", "fp32", method) > 0.999


@pytest.mark.parametrize("name", ["arcface", "promptsg"])
def test_an_embedders_maps(name: str) -> None:
    picture = networks.picture(80, 60)
    exact, = explain_pictures(networks.embedder(name), [picture])
    explanation, = explain_pictures(networks.embedder(name).to("cuda"), [picture])
    for key, drawn in exact.maps.items():
        np.testing.assert_allclose(explanation.maps[key].raw, drawn.raw, rtol=1e-3, atol=1e-4 * drawn.raw.max())
