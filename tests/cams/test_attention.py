"""The map of a layer that attends is its own attention: no gradient, no target."""
from dataclasses import replace
from typing import Any, Tuple

import pytest
import torch

from cam_runner import explain
from records.question import Question
from terminal.errors import UserError
from tests.kit.recogniser import TinyRecogniser, tiny_clip


class Attending(TinyRecogniser):
    """Its `given` layer attends where its second channel is bright."""

    def __init__(self) -> None:
        super().__init__()
        self.layers["given"] = replace(self.layers["first"], attention=second_channel)


def second_channel(module: torch.nn.Module, arguments: Tuple[Any, ...], output: torch.Tensor) -> torch.Tensor:
    assert isinstance(module, torch.nn.Conv3d) and arguments[0].shape[1] == 3
    return output[:, 1].softmax(-1)


def test_the_map_is_the_attention_of_every_layer_that_has_one() -> None:
    model = Attending()
    explanation = explain(model, tiny_clip(), Question(method="attention"))
    expected = model.network.first(model.prepare(tiny_clip()).tensors[0])[0, 1].softmax(-1)
    assert list(explanation.layers) == ["given"]
    torch.testing.assert_close(torch.from_numpy(explanation.layers["given"].raw), expected.detach())


def test_such_a_layer_has_gradient_maps_too() -> None:
    ours = explain(Attending(), tiny_clip(), Question(layers=("given",))).layers["given"].raw
    assert (ours == explain(TinyRecogniser(), tiny_clip(), Question(layers=("first",))).layers["first"].raw).all()


def test_layers_without_one_are_refused_and_those_with_one_named() -> None:
    with pytest.raises(UserError, match="rnn of tiny has no attention; choose from given"):
        explain(Attending(), tiny_clip(), Question(method="attention", layers=("rnn",)))
    with pytest.raises(UserError, match="no layer of tiny has attention"):
        explain(TinyRecogniser(), tiny_clip(), Question(method="attention"))
