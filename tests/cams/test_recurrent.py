"""Scores that go through recurrent layers together have the gradients of each alone, from a graph of one piece."""
from typing import Any, Dict, List, Optional

import pytest
import torch
from torch import Tensor, nn

from cams import one_pass
from cams.one_pass import Ask, run_pass
from models.contract import Explainable, Inputs, Probe


class Sequences(Explainable):
    """first [1, C, T], then the recurrent part [1, T, C], then logits [1, T, 4]."""

    def __init__(self, part: nn.Module) -> None:
        super().__init__({})
        self.first, self.part, self.last = nn.Conv1d(3, 6, 3), part, nn.Linear(6, 4)

    def forward(self, inputs: Inputs) -> Tensor:
        return self.last(self.part(self.first(inputs.tensors[0]).transpose(1, 2)))


class Part(nn.Module):
    """What networks do with recurrent layers."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way = way
        self.rnn = nn.GRU(6, 6) if way == "GRU" else nn.LSTM(6, 3, bidirectional=True, batch_first=way != "time first")
        self.other = nn.LSTM(6, 6, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        if self.way in ("time first", "GRU"):
            return self.rnn(x.transpose(0, 1))[0].transpose(0, 1)
        out, (last, _) = self.rnn(x)
        if self.way == "last state":
            return x + last.transpose(0, 1).flatten(1)[:, None]
        if self.way == "in place":
            return out.relu_()
        if self.way == "twice":
            return self.rnn(out.tanh())[0]
        if self.way == "two, and one with states":
            out, states = self.other(out)
            return self.other(out, states)[0]
        return x + out if self.way == "a way around" else out


def asks(found: List[Dict[str, Tensor]]) -> List[Ask]:
    def ask(number: int, into: Dict[str, Tensor]) -> Ask:
        def finish(name: str, activation: Tensor, gradient: Optional[Tensor]) -> None:
            assert gradient is not None and name not in into
            into[name] = gradient.clone()

        return Ask(lambda output: output[0, number, number % 4], finish)

    return [ask(number, into) for number, into in enumerate(found)]


@pytest.mark.parametrize("way", ["time first", "GRU", "last state", "in place", "twice", "a way around",
                                 "two, and one with states"])
def test_scores_together_have_the_gradients_of_each_alone(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    model, frames = Sequences(Part(way)).eval(), torch.rand(1, 3, 12)
    monkeypatch.setattr(one_pass, "AT_ONCE", 3)
    probes = {name: Probe(module, name, 1) for name, module in (("first", model.first), ("last", model.last))}
    found: List[Dict[str, Tensor]] = [{} for _ in range(7)]
    run_pass(model, Inputs((frames,), 12), probes, asks(found))
    features = model.first(frames)
    logits = model.last(model.part(features.transpose(1, 2)))
    for number, each in enumerate(found):
        whole, = torch.autograd.grad(logits[0, number, number % 4], features, retain_graph=True)
        assert float((each["first"] - whole).abs().max()) <= 1e-6 * float(whole.abs().max())
        assert int(each["last"].count_nonzero()) == 1


def test_for_its_gradients_a_recurrent_layer_runs_once_for_all_scores() -> None:
    model, runs = Sequences(Part("")).eval(), []
    forward = model.part.rnn.forward  # type: ignore[union-attr]

    def counted(*arguments: Any) -> Any:
        runs.append(len(arguments[0]))
        return forward(*arguments)  # type: ignore[operator]

    nn.Module.__setattr__(model.part.rnn, "forward", counted)  # type: ignore[arg-type]
    run_pass(model, Inputs((torch.rand(1, 3, 12),), 12), {"first": Probe(model.first, "first", 1)},
             asks([{} for _ in range(9)]))
    assert runs == [1, 9]


def test_the_largest_loss_scale_leaves_a_gradient_its_digits() -> None:
    model, inputs = Sequences(Part("")).eval(), Inputs((torch.rand(1, 3, 12),), 12)
    plain: List[Dict[str, Tensor]] = [{}]
    scaled: List[Dict[str, Tensor]] = [{}]
    for found, scale in ((plain, 1.0), (scaled, 2.0 ** 31)):
        run_pass(model, inputs, {"first": Probe(model.first, "first", 1)}, asks(found), scale=scale)
    assert torch.equal(scaled[0]["first"] / 2.0 ** 31, plain[0]["first"])
