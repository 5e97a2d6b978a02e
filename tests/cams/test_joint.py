"""Joint maps: the product of maps that the pass has made anyway."""
from typing import Dict, List

import numpy as np
import pytest

from cam_runner import explain
from cams.joint import JOINT, SMOOTH, joint_layers
from cams.one_pass import run_pass
from geometry.laid import Cells, LaidMap
from models.recogniser import Recogniser
from records.question import Question
from terminal.errors import UserError
from tests.kit import networks
from tests.kit.recogniser import TinyRecogniser, tiny_clip


def between(values: np.ndarray, centres: np.ndarray, points: np.ndarray, axis: int) -> np.ndarray:
    """Linear between the cells, held beyond the outermost."""
    return np.apply_along_axis(lambda line: np.interp(points, centres, line), axis, values)


def by_hand(maps: List[LaidMap], fine: Cells) -> np.ndarray:
    """The product as its line under the picture says, cell by cell."""
    assert fine.rows is not None and fine.columns is not None
    made = np.ones((len(fine.frames), len(fine.rows), len(fine.columns)))
    for lies in maps:
        assert lies.cells.rows is not None and lies.cells.columns is not None
        part = between(lies.raw.astype(float), lies.cells.frames, fine.frames, 0)
        for axis, own, centres in ((1, lies.cells.rows, fine.rows), (2, lies.cells.columns, fine.columns)):
            part = between(part, own, centres, axis)
            smooth = np.zeros_like(part)
            for cell, centre in enumerate(centres):
                weights = np.exp(-(centres - centre) ** 2 / (2 * SMOOTH ** 2))
                line = np.tensordot(part, weights / weights.sum(), (axis, 0))
                smooth[(slice(None),) * axis + (cell,)] = line
            part = smooth
        made *= part / part.max()
    return made


@pytest.mark.parametrize("method", ["layercam", "gradcam"])
def test_it_is_the_product_of_its_layers_maps(method: str) -> None:
    question = Question(target="each", method=method, layers=("first", "pathways", JOINT))
    explanation = explain(TinyRecogniser(seed=3), tiny_clip(), question)
    assert explanation.glosses
    for layers in (gloss.layers for gloss in explanation.glosses):
        factors = [layers[name].laid for name in ("first", "pathways")]
        assert layers[JOINT].raw.shape == factors[0].raw.shape
        np.testing.assert_allclose(layers[JOINT].raw, by_hand(factors, factors[0].cells), rtol=1e-4, atol=1e-7)
    added = np.sum([gloss.layers[JOINT].raw for gloss in explanation.glosses], axis=0)
    np.testing.assert_allclose(explanation.layers[JOINT].raw, added, rtol=1e-6)


def test_its_line_names_the_method_and_every_factor() -> None:
    explanation = explain(TinyRecogniser(), tiny_clip(), Question(method="hirescam", layers=(JOINT, "rnn")))
    assert list(explanation.layers) == [JOINT, "rnn"]
    assert explanation.layers[JOINT].made == (
        "product of the hirescam maps of first, pathways: each smoothed by 2 pixels, over its own maximum")
    assert not explanation.layers["rnn"].made


def test_it_takes_no_pass_more(monkeypatch: pytest.MonkeyPatch) -> None:
    passes: List[int] = []

    def counted(*given: object, **named: object) -> object:
        passes.append(1)
        return run_pass(*given, **named)        # type: ignore[arg-type]

    monkeypatch.setattr("cams.one_window.run_pass", counted)
    explain(TinyRecogniser(), tiny_clip(), Question(method="layercam", layers=("first", JOINT, "pathways")))
    assert len(passes) == 1


def test_a_factor_that_is_zero_everywhere_is_named() -> None:
    model = TinyRecogniser()
    model.network.pathways.conv.weight.data.zero_()
    model.network.pathways.conv.bias.data.fill_(-1)     # type: ignore[union-attr]
    explanation = explain(model, tiny_clip(), Question(method="layercam", layers=(JOINT,)))
    assert explanation.layers[JOINT].flags == ("all-zero",)
    assert "joint is zero everywhere, because the map of pathways is" in explanation.notes


def test_in_windows_it_is_the_product_of_the_joined_maps() -> None:
    question = Question(layers=("first", "pathways", JOINT))
    explanation = explain(TinyRecogniser(window=20), tiny_clip(frames=44), question)
    factors = [explanation.layers[name].laid for name in ("first", "pathways")]
    np.testing.assert_allclose(explanation.layers[JOINT].raw, by_hand(factors, factors[0].cells), rtol=1e-4, atol=1e-7)


STREAMS: Dict[str, List[str]] = {
    "slowfast": ["conv2d.slow_path.joint", "conv2d.fast_path.joint", JOINT],
    "twostream": ["rgb_stream.joint", "pose_stream.joint", JOINT],
    "vac": [JOINT], "corrnet": [JOINT], "swin": [JOINT], "mamba": ["layers.joint", JOINT], "mska": []}


@pytest.mark.parametrize("name", STREAMS)
def test_every_stream_of_several_stages_has_one_and_all_together(name: str) -> None:
    model: Recogniser = networks.recogniser(name)
    joint = joint_layers(model)
    assert list(joint) == STREAMS[name]
    for factors in joint.values():
        assert all(model.layers[layer].spatial and not model.layers[layer].joints for layer in factors)


def test_a_method_that_hides_the_clip_has_no_joint_map() -> None:
    with pytest.raises(UserError, match="joint: occlusion hides parts of the clip"):
        explain(TinyRecogniser(), tiny_clip(), Question(method="occlusion", layers=(JOINT,)))
