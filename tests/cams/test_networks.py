"""The engine on small siblings of the published networks."""
import pytest

from cam_runner import explain
from models.folding import fold_batch_norm
from records.question import Question
from tests.kit import networks
from tests.kit.tiers import crossed, first, only

NAMES = ("slowfast", "twostream", "vac", "corrnet", "corrnetplus", "sen", "tlp", "signgraph", "swin",
         "mska")


@pytest.mark.parametrize("name", first(NAMES, 2))
def test_one_pass_equals_a_pass_for_each_layer(name: str) -> None:
    model, clip = networks.recogniser(name), networks.clip(26)
    together = explain(model, clip)
    apart = explain(model, clip, schedule="per-layer")
    assert abs(together.logits - apart.logits).max() <= 1e-6 * abs(together.logits).max()
    for layer, layer_map in together.layers.items():
        assert layer_map.flags in ((), ("saturated",)), layer
        assert abs(layer_map.raw - apart.layers[layer].raw).max() <= 3e-6 * layer_map.raw.max(), layer


@pytest.mark.parametrize("name, folded", crossed(NAMES, [False, True]))
def test_every_layer_that_can_be_asked_for_has_a_map(name: str, folded: bool) -> None:
    model = networks.recogniser(name)
    if folded:
        fold_batch_norm(model.network)
    explanation = explain(model, networks.clip(26), Question(layers=tuple(model.layers)))
    shapes = {layer: probe.shape(len(explanation.layers[layer].raw) * probe.stride + probe.lost)[1:]
              for layer, probe in model.layers.items()}
    assert {layer: layer_map.raw.shape for layer, layer_map in explanation.layers.items()} == shapes
    assert all(layer_map.map.shape == ((26, 256, 256) if layer_map.spatial else (26,))
               for layer_map in explanation.layers.values())


@pytest.mark.parametrize("name", only(("slowfast", "twostream"), NAMES))
def test_long_clips_have_one_logit_a_step_and_one_map_a_frame(name: str) -> None:
    model = networks.recogniser(name, window=40)
    clip = networks.clip(94)
    explanation = explain(model, clip)
    assert len(explanation.logits) == model.steps(94)
    assert all(layer_map.map.shape[0] == 94 and layer_map.map.any() for layer_map in explanation.layers.values())


def test_one_stream_alone_equals_both_together() -> None:
    model, clip = networks.recogniser("twostream"), networks.clip(26)
    both = explain(model, clip, Question(layers=("rgb_stream.layer1", "pose_stream.layer1")))
    for layer, layer_map in both.layers.items():
        alone = explain(model, clip, Question(layers=(layer,))).layers[layer]
        assert abs(layer_map.raw - alone.raw).max() <= 1e-6 * layer_map.raw.max()


def test_frames_beyond_a_multiple_of_four_have_no_map_in_twostream() -> None:
    explanation = explain(networks.recogniser("twostream"), networks.clip(26), Question(layers=("rgb_stream.layer1",)))
    drawn = explanation.layers["rgb_stream.layer1"].map
    assert not drawn[24:].any() and drawn[:24].any() and "2 of the clip's 26 frames" in explanation.notes[0]
