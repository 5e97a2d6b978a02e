"""Half precision, and what is done when its numbers run out."""
from dataclasses import replace
from typing import Any, List

import numpy as np
import pytest
import torch

from cam_runner import explain
from cams import one_window, plan
from cams.methods import signed_map
from cams.one_pass import run_pass
from cams.precision import FIRST_SCALE, STEP, Precision
from models.recogniser import Inputs
from records.question import Question
from terminal.errors import UserError
from tests.kit import networks
from tests.kit.recogniser import TinyRecogniser, tiny_clip

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def accepts(precision: Precision, *peaks: float) -> bool:
    return precision.accepts(torch.zeros(3), [torch.tensor(peak) for peak in peaks])


def test_amp_on_the_cpu_agrees_with_float32() -> None:
    exact = explain(TinyRecogniser(), tiny_clip())
    half = explain(TinyRecogniser(), tiny_clip(), Question(precision="amp"))
    assert (exact.precision, half.precision) == ("fp32", "bf16")
    for name, layer in exact.layers.items():
        # bf16 keeps 8 bits, and what comes of them depends on the processor: 0.983 with torch 1.13 and AVX2
        assert np.corrcoef(layer.raw.ravel(), half.layers[name].raw.ravel())[0, 1] > 0.95, name


def test_good_gradients_are_accepted_at_the_first_scale() -> None:
    precision = Precision("fp16", CUDA)
    assert accepts(precision, 3.0, 0.1, 0.0) and precision.scale == FIRST_SCALE


@pytest.mark.parametrize("peaks,change", [((float("inf"), 1.0), 1 / STEP), ((float("nan"), 1.0), 1 / STEP),
                                          ((1e-5, 1.0), STEP)])
def test_the_scale_follows_the_gradients(peaks: List[float], change: float) -> None:
    precision = Precision("fp16", CUDA)
    assert not accepts(precision, *peaks)
    assert precision.scale == FIRST_SCALE * change and precision.dtype == torch.float16


def test_what_overflows_at_every_scale_is_done_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: False)
    precision = Precision("fp16", CUDA)
    tries = 0
    while not accepts(precision, float("inf")):
        tries += 1
    assert precision.words == "fp32" and tries <= 5 and "overflowed" in precision.notes[0]


def test_or_in_bfloat16_where_the_card_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    precision = Precision("fp16", CUDA)
    while not accepts(precision, float("inf") if precision.dtype == torch.float16 else 1.0):
        pass
    assert precision.words == "bf16" and precision.scale == 1


def test_float16_is_refused_without_cuda() -> None:
    with pytest.raises(UserError, match="needs CUDA"):
        Precision("fp16", CPU)


def test_logits_that_overflow_are_not_helped_by_a_scale() -> None:
    precision = Precision("bf16", CPU)
    assert not precision.accepts(torch.tensor([float("inf")]), [torch.tensor(1.0)])
    assert precision.dtype is None


class HalfInside(TinyRecogniser):
    """One activation is float16, as under autocast, and the gradient that comes back to it is made small or large."""

    def __init__(self, gain: float, squeeze: torch.nn.Module) -> None:
        super().__init__()
        self.gain = gain
        self.squeeze = squeeze
        self.layers["squeeze"] = replace(self.layers["pathways"], module=self.squeeze, path="squeeze",
                                         select=lambda output: output)

    def forward(self, inputs: Inputs) -> torch.Tensor:
        net = self.network
        x = self.squeeze(net.pathways(torch.relu(net.first(*inputs.tensors)))["made"])
        return net.timed(x.float().mean((3, 4)) * self.gain).transpose(1, 2)


class Squeeze(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.half()


def without_autocast(model: Any, inputs: Any, probes: Any, asks: Any, gradients: bool, dtype: Any, scale: float,
                     attend: Any = None) -> torch.Tensor:
    return run_pass(model, inputs, probes, asks, gradients, None, scale, attend)


@pytest.mark.parametrize("gain,scale", [(1.0, FIRST_SCALE), (2.0 ** -14, FIRST_SCALE * STEP),
                                        (2.0 ** 14, FIRST_SCALE / STEP)])
def test_the_scale_is_taken_out_again(gain: float, scale: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gradients that would vanish in float16 or overflow it: the map is that of float32."""
    precision = Precision("fp16", torch.device("cuda"))
    question = Question(method="layercam", layers=("squeeze",))
    exact = explain(HalfInside(gain, torch.nn.Identity()), tiny_clip(), question)
    expected = exact.layers["squeeze"].raw
    # What CUDA's autocast does to the activation, the network above does itself.
    monkeypatch.setattr(plan, "Precision", lambda *_: precision)
    monkeypatch.setattr(one_window, "run_pass", without_autocast)
    half = explain(HalfInside(gain, Squeeze()), tiny_clip(), Question(method="layercam", layers=("squeeze",)))
    assert precision.scale == scale and half.precision == f"fp16, loss scale {scale:g}" and half.notes == ()
    np.testing.assert_allclose(half.layers["squeeze"].raw, expected, rtol=1e-2, atol=1e-2 * expected.max())


def test_a_map_of_the_activation_alone_is_made_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is made while the network runs, whose products are rounded to half precision."""
    kinds = []

    def noted(*given: Any) -> torch.Tensor:
        kinds.append(signed_map(*given).dtype)
        return signed_map(*given)

    monkeypatch.setattr(one_window, "signed_map", noted)
    explain(networks.recogniser("vac"), networks.clip(16), Question(method="eigencam", precision="bf16"))
    assert set(kinds) == {torch.float32}
