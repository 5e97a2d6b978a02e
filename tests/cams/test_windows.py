"""Clips longer than a window, and memory that runs out."""
from typing import Any, List, Type

import numpy as np
import pytest
import torch

from cam_runner import explain
from models.recogniser import Inputs
from records.question import Question
from terminal.errors import UserError
from tests.kit.recogniser import TinyRecogniser, tiny_clip


def test_long_clips_have_whole_logits_and_maps() -> None:
    question = Question(layers=("first", "pathways", "rnn"))
    explanation = explain(TinyRecogniser(window=40), tiny_clip(frames=91), question)
    assert explanation.logits.shape == (46, 5)
    assert {name: layer.raw.shape for name, layer in explanation.layers.items()} == {
        "first": (96, 12, 12), "pathways": (48, 6, 6), "rnn": (46,)}
    assert explanation.layers["first"].map.shape == (91, 16, 16) and explanation.layers["rnn"].map.shape == (91,)


def test_windows_of_a_local_network_join_to_the_whole() -> None:
    """HiResCAM of the largest logits without the LSTM's reach: what a step shows depends on its neighbours alone."""
    model, clip = Local(window=40), tiny_clip(frames=100)
    whole = explain(model, clip, Question(method="hirescam", layers=("pathways",)), window=100).layers["pathways"]
    joined = explain(model, clip, Question(method="hirescam", layers=("pathways",))).layers["pathways"]
    assert whole.raw.shape == joined.raw.shape
    # A step that any window saw with padding near it differs; these are at least four steps from every window's edge.
    safe = [k for k in range(len(whole.raw)) if all(abs(2 * k - 2 - edge) > 8 for edge in (20, 40, 60, 80))]
    assert len(safe) > 10
    np.testing.assert_allclose(joined.raw[safe], whole.raw[safe], rtol=1e-4, atol=1e-6)


class Local(TinyRecogniser):
    def forward(self, inputs: Inputs) -> torch.Tensor:
        net = self.network
        x = net.pathways(torch.relu(net.first(inputs.tensors[0])))["made"]
        return net.timed(x.mean((3, 4))).transpose(1, 2)


def test_a_target_is_decided_on_the_whole_clip() -> None:
    """Explained at one step only: windows that do not hold it have no part in the map."""
    model, clip = TinyRecogniser(window=40), tiny_clip(frames=100, glosses=("SONNE",))
    explanation = explain(model, clip, Question(target="from-gt", method="layercam", layers=("pathways",)))
    assert "SONNE" in explanation.target
    spans = np.flatnonzero(explanation.layers["pathways"].raw.any((1, 2)))
    assert 0 < len(spans) <= 40 + 2


class Cramped(TinyRecogniser):
    """Fails above so many frames, and where more than one layer is explained at once."""

    limit = 1000
    together = True
    error: Type[BaseException] = RuntimeError

    def forward(self, inputs: Inputs) -> torch.Tensor:
        hooks = sum(len(probe.module._forward_hooks) for probe in self.layers.values())
        if inputs.frames > self.limit or (hooks > 1 and not self.together):
            raise self.error("CUDA out of memory. Tried to allocate 20.00 GiB")
        return super().forward(inputs)


@pytest.mark.parametrize("error", [RuntimeError, torch.cuda.OutOfMemoryError])
def test_without_memory_each_layer_goes_alone(error: Type[BaseException]) -> None:
    model, clip = Cramped(), tiny_clip()
    expected = explain(model, clip)
    model.together, model.error = False, error
    explanation = explain(model, clip)
    assert any("pass of its own" in note for note in explanation.notes) and expected.notes == ()
    for name, layer in expected.layers.items():
        np.testing.assert_allclose(explanation.layers[name].raw, layer.raw, rtol=1e-5, atol=1e-6 * layer.raw.max())


def test_then_windows_shrink() -> None:
    model, clip = Cramped(window=200), tiny_clip(frames=200)
    model.limit = 60
    explanation = explain(model, clip, Question(layers=("pathways", "rnn")))
    assert explanation.notes[-1] == "out of memory: windows of 48 frames"
    assert explanation.layers["pathways"].map.shape[0] == 200 and len(explanation.logits) == 100


def test_then_the_user_is_told() -> None:
    model = Cramped()
    model.limit = 10
    with pytest.raises(UserError, match="tiny-clip: out of memory even with windows of 40 frames"):
        explain(model, tiny_clip(frames=90))


def test_other_failures_are_not_taken_for_memory() -> None:
    calls: List[Any] = []

    class Broken(TinyRecogniser):
        def forward(self, inputs: Inputs) -> torch.Tensor:
            calls.append(inputs)
            raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes do not match"):
        explain(Broken(), tiny_clip())
    assert len(calls) == 1
