"""State spaces and attention layers, asked what they attend to, through the same `explain`."""
import numpy as np

from cam_runner import explain
from records.question import Question
from tests.kit import networks


def test_mixers_attend_in_space_or_from_frame_to_frame() -> None:
    model, clip = networks.recogniser("mamba"), networks.clip(9)
    explanation = explain(model, clip, Question(method="attention"))
    assert list(explanation.layers) == [f"layers.{number}.{kind}_mixer" for number in range(3)
                                        for kind in ("spatial", "temporal")]
    for name, layer in explanation.layers.items():
        matrix = layer.laid.matrix
        if name.endswith("spatial_mixer"):
            assert matrix is None and layer.raw.shape == (9, 4, 4) and (layer.raw.sum((1, 2)) < 1).all()
        else:
            assert matrix is not None and matrix.shape == (9, 9)
            np.testing.assert_allclose(matrix.sum(1), 1, rtol=1e-5)
            np.testing.assert_allclose(layer.raw, matrix.mean(0), rtol=1e-5)


def test_across_windows_a_frame_takes_nothing_from_those_it_was_not_shown_with() -> None:
    model, clip = networks.recogniser("mamba"), networks.clip(30)
    name = "layers.1.temporal_mixer"
    matrix = explain(model, clip, Question(method="attention", layers=(name,)), window=20).layers[name].laid.matrix
    assert matrix is not None and matrix.shape == (30, 30)
    assert not matrix[:10, 20:].any() and not matrix[20:, :10].any() and (matrix[10:20] > 0).all()
    np.testing.assert_allclose(matrix.sum(1), 1, rtol=1e-5)


def test_mixers_have_maps_too_with_blocks_computed_again() -> None:
    clip, layers = networks.clip(14), ["layers.0", "layers.1.spatial_mixer", "layers.1.temporal_mixer", "layers.2"]
    kept, again = (explain(networks.recogniser("mamba", recompute=frames), clip, Question(layers=tuple(layers)))
                   for frames in (100, 1))
    for layer, layer_map in kept.layers.items():
        assert layer_map.raw.any(), layer
        assert abs(layer_map.raw - again.layers[layer].raw).max() <= 1e-6 * layer_map.raw.max(), layer


def test_blocks_are_computed_again_for_each_gloss() -> None:
    clip = networks.clip(14)
    question = Question(target="each", layers=("layers.0", "layers.2"))
    kept, again = (explain(networks.recogniser("mamba", recompute=frames), clip, question) for frames in (100, 1))
    assert len(kept.glosses) == len(again.glosses) > 1
    for one, other in zip(kept.glosses, again.glosses):
        for layer, layer_map in one.layers.items():
            assert abs(layer_map.raw - other.layers[layer].raw).max() <= 1e-6 * max(layer_map.raw.max(), 1e-9), layer
