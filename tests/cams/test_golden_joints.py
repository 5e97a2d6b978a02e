"""The maps of MSKA-SLR, whose cells are joints, at full size against those of its authors' code."""
from typing import Dict, List, Optional

import numpy as np
import pytest
from torch import Tensor

from cam_runner import Question, explain
from cams.methods import METHODS, signed_map
from cams.one_pass import one_pass
from models.mska import BODY, STREAMS
from tests.golden import published

LAYERS = [f"{part}_graph_layers.{number}" for part in STREAMS for number in range(8)]


# Of a map's largest magnitude before the ReLU: a cut map that has less is mostly what rounding left. One layer's has
# 0.036; on processors without AVX-512 it lies 4e-3 to 8e-3 of its maximum apart, by the number of threads.
FAINT = 0.1


def is_the_authors(ours: np.ndarray, theirs: np.ndarray, layer: str, signed: float = 0.0) -> None:
    """signed: the largest magnitude before the ReLU."""
    assert ours.shape == theirs.shape
    assert abs(ours - theirs).max() <= 5e-3 * max(abs(theirs).max(), FAINT * signed), layer
    if theirs.any():
        assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.9999, layer


@pytest.mark.parametrize("weights, prefix", [("clip", "cam"), ("frame", "camframe")])
def test_all_maps_are_the_authors(weights: str, prefix: str) -> None:
    golden, model = published.golden("mska"), published.recogniser("mska", folded=True)
    assert {key[len(prefix) + 1:] for key in golden if key.startswith(f"{prefix}/")} == set(LAYERS)
    explanation = explain(model, published.clip("mska"), Question(layers=tuple(LAYERS), pool=weights))
    assert abs(explanation.logits - golden["logits"]).max() <= 1e-4 * abs(golden["logits"]).max()
    for layer in LAYERS:
        is_the_authors(explanation.layers[layer].raw, golden[f"{prefix}/{layer}"], layer,
                       abs(golden[f"camsigned/{layer}"]).max())


def test_maps_before_the_relu_are_the_authors() -> None:
    """A map may be zero all over once it is cut."""
    golden, model = published.golden("mska"), published.recogniser("mska", folded=True)
    maps: Dict[str, np.ndarray] = {}

    def finish(name: str, activation: Tensor, gradient: Optional[Tensor]) -> None:
        assert gradient is not None
        maps[name] = signed_map(METHODS["gradcam"], activation[0], gradient[0], False).numpy()

    one_pass(model, model.prepare(published.clip("mska")), {name: model.layers[name] for name in LAYERS},
             lambda logits: logits.max(1).values.sum(), finish)
    for layer in LAYERS:
        is_the_authors(maps[layer], golden[f"camsigned/{layer}"], layer)


def test_input_x_gradient_is_the_authors_gradient_times_the_input_per_joint() -> None:
    golden, model, clip = published.golden("mska"), published.recogniser("mska"), published.clip("mska")
    layer_map = explain(model, clip, Question(method="inputxgradient")).layers["input"]
    given = model.prepare(clip).tensors[0][0].numpy()
    wanted = (given * golden["inputgrad"]).sum(0)[:, list(BODY)].clip(0)
    is_the_authors(layer_map.raw, wanted, "input")


@pytest.mark.parametrize("layer", [f"{part}_graph_layers.{number}" for part in STREAMS for number in (0, 7)])
def test_the_matrix_is_the_authors_attention_less_the_part_that_all_clips_share(layer: str) -> None:
    model, golden = published.recogniser("mska"), published.golden("mska")
    explanation = explain(model, published.clip("mska"), Question(method="attention", layers=(layer,)))
    fixed = published.state("mska")[f"recognition_network.visual_backbone_keypoint.{layer}.attention0s"][0].numpy()
    wanted = abs(golden[f"attention/{layer}"] - fixed).mean(0).T            # a row the joint that takes
    matrix = explanation.layers[layer].laid.matrix
    assert matrix is not None and abs(matrix - wanted).max() <= 1e-4 * wanted.max()
    given: List[np.ndarray] = list(explanation.layers[layer].raw)         # by each joint, the same at all times
    assert all(np.allclose(step, wanted.mean(0), atol=1e-5) for step in given)
    assert any("one matrix for the whole clip" in note for note in explanation.notes)
