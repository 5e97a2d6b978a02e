"""A module of the user's own, explained by the same engine as the built-in networks."""
import re
from typing import Any, Dict, Tuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cam_runner import Question, Viewport, explain_module
from files.workspace import REPOSITORY
from terminal.errors import UserError
from tests.kit.tiers import full

FRAMES = np.random.RandomState(0).randint(0, 256, (8, 16, 20, 3)).astype(np.uint8)


def to_input(frames: np.ndarray) -> Tensor:
    return torch.from_numpy(frames).permute(3, 0, 1, 2)[None].float() / 255


def to_pictures(frames: np.ndarray) -> Tensor:
    return torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255


class Video(nn.Module):
    """[1, 3, T, H, W] -> [1, 5]"""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.stem = nn.Sequential(nn.Conv3d(3, 4, 3, 2, 1), nn.BatchNorm3d(4), nn.ReLU(inplace=True))
        self.body = nn.Conv3d(4, 6, (1, 3, 3), 1, (0, 1, 1))
        self.pool, self.head = nn.AdaptiveAvgPool3d(1), nn.Linear(6, 5)
        self.unused = nn.Conv3d(3, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.pool(self.body(self.stem(x)).relu()).flatten(1))


class Reader(nn.Module):
    """Pictures [T, 3, H, W] -> {"steps": [T, 5]}, as most recognisers of sentences: a picture alone, then in time."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.look, self.time = nn.Conv2d(3, 4, 4, 4), nn.Conv1d(4, 6, 3, padding=1)
        self.tokens = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
        self.rnn, self.head = nn.LSTM(6, 4, bidirectional=True), nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        x = self.tokens(self.look(x).flatten(2).transpose(1, 2)).mean(1)
        x = self.rnn(self.time(x.t()[None]).permute(2, 0, 1))[0]
        return {"steps": self.head(x)[:, 0]}


def test_maps_are_the_formula_and_lie_where_the_layer_s_cells_do() -> None:
    network = Video().eval()
    kept: Dict[str, Tensor] = {}
    handle = network.body.register_forward_hook(lambda module, given, output: kept.update(a=output))
    logits = network(to_input(FRAMES))[0]
    handle.remove()
    gradient = torch.autograd.grad(logits[3], kept["a"])[0][0]
    by_hand = torch.tensordot(gradient.mean((1, 2, 3)), kept["a"][0], 1).relu().detach().numpy()
    explanation = explain_module(network, FRAMES, to_input, ["body"], question=Question(target="3"))
    np.testing.assert_allclose(explanation.layers["body"].raw, by_hand, rtol=1e-4, atol=1e-7)
    cells = explanation.layers["body"].laid.cells
    assert cells.rows is not None
    np.testing.assert_allclose(cells.rows, [0, 2, 4, 6, 8, 10, 12, 14], atol=0.02)
    np.testing.assert_array_equal(cells.frames, [0, 2, 4, 6])
    assert explanation.layers["body"].map.shape == (8, 16, 20) and explanation.target.startswith("class 3")
    np.testing.assert_allclose(explanation.logits, logits[None].detach().numpy(), rtol=1e-5)


@pytest.mark.parametrize("layer, shape", [("look", (8, 4, 5)), ("tokens", (8, 4, 5)), ("time", (8,)), ("rnn", (8,)),
                                          ("input", (8, 16, 20))])
def test_layers_of_every_layout_are_read_off_their_sizes(layer: str, shape: Tuple[int, ...]) -> None:
    layer_map = explain_module(Reader(), FRAMES, to_pictures, [layer], lambda output: output["steps"]).layers[layer]
    assert layer_map.raw.shape == shape and layer_map.raw.any()


@pytest.mark.parametrize("method", ["gradient", "integrated", "smoothgrad", "occlusion", "rise"])
def test_methods_of_the_input_hold_too(method: str) -> None:
    budget = None if method == "gradient" else 8
    explanation = explain_module(Reader(), FRAMES, to_pictures, ["input"], lambda output: output["steps"],
                                 Question(method=method, budget=budget))
    assert explanation.layers["input"].raw.any()


def test_targets_are_names_and_scores_too() -> None:
    names = ["A", "B", "C", "D", "E"]
    def ask(**given: Any) -> np.ndarray:
        return explain_module(Video(), FRAMES, to_input, ["body"], **given).layers["body"].raw

    number = ask(question=Question(target="2"))
    np.testing.assert_array_equal(ask(question=Question(target="C"), classes=names), number)
    np.testing.assert_array_equal(ask(question=Question(target=lambda logits: logits[:, 2].sum())), number)
    np.testing.assert_array_equal(ask(to_logits=lambda output: output[0, 2]), number)


def test_the_module_is_left_as_it_was() -> None:
    network = Video().train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    explain_module(network, FRAMES, to_input, ["stem", "stem.1"])
    assert network.training and all(weights.requires_grad and weights.grad is None for weights in network.parameters())
    assert isinstance(network.stem[2], nn.ReLU) and network.stem[2].inplace
    assert not any(module._forward_hooks for module in network.modules())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_cut_is_measured_or_said() -> None:
    def cut(frames: np.ndarray) -> Tensor:
        return to_input(frames)[..., 4:16]

    measured = explain_module(Video(), FRAMES, cut, ["body"])
    assert measured.viewport == pytest.approx((0.2, 0, 0.8, 1), abs=0.01)
    said = explain_module(Video(), FRAMES, cut, ["body"], view=Viewport(0.2, 0, 0.8, 1))
    assert said.viewport == (0.2, 0, 0.8, 1)
    assert not said.layers["body"].map[:, :, :4].any()


def test_an_arrangement_of_other_sizes_is_said_to_lie_evenly() -> None:
    explanation = explain_module(Video(), FRAMES, to_input, ["body"], arrange=lambda x: x[..., ::2, ::2])
    assert explanation.layers["body"].raw.shape == (4, 4, 5) and "assumed to lie evenly" in " ".join(explanation.notes)


def whole(x: Any) -> Any:
    return x


@pytest.mark.parametrize("given, words", [
    ({"layers": ["boddy"]}, r"^layer 'boddy': Video has no such module; it has body"),
    ({"layers": ["unused"]}, r"^layer unused: it does not run in evaluation"),
    ({"layers": ["pool"]}, r"^layer pool: its output \[1, 6, 1, 1, 1\] is not one of 4 x 8 x 10 cells"),
    ({"layers": []}, r"has no layer \(none asked\)"),
    ({"to_input": lambda frames: to_input(frames[::2])}, r"^to_input: gave \[1, 3, 4, 16, 20\] for 8 frames"),
    ({"to_input": whole}, r"^to_input: gave a ndarray; expected a tensor of floats"),
    ({"to_logits": lambda output: output[None, None]}, r"^to_logits: gave \[1, 1, 1, 5\]"),
    ({"frames": FRAMES / 255}, r"^frames: float64 \[8, 16, 20, 3\]; expected uint8"),
    ({"question": Question(target="pred")}, r"^target 'pred': a module of your own has max, the number of a class"),
    ({"question": Question(target="5")}, r"^target: class 5 of 5"),
    ({"question": Question(layers=("body",))}, r"^layers: name them as layers="),
    ({"arrange": lambda x: x[0]}, r"^layer body: arrange gave \[6, 4, 8, 10\]"),
])
def test_what_cannot_be_is_refused_in_a_line(given: Dict[str, Any], words: str) -> None:
    asked = {"frames": FRAMES, "to_input": to_input, "layers": ["body"], **given}
    with pytest.raises(UserError, match=words) as refused:
        explain_module(Video(), **asked)
    assert "\n" not in str(refused.value)


def test_a_layer_that_is_overwritten_is_refused() -> None:
    class Overwritten(Video):
        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.pool(self.body(self.stem(x)).relu_()).flatten(1))

    with pytest.raises(UserError, match=r"^layer body: its output is overwritten in place"):
        explain_module(Overwritten(), FRAMES, to_input, ["body"])


@full
def test_the_example_of_the_documentation_runs() -> None:
    page = (REPOSITORY / "docs" / "python.md").read_text(encoding="utf-8")
    blocks = [block for block in re.findall(r"```python\n(.*?)```", page, re.S) if "explain_module" in block]
    assert len(blocks) == 1
    lines = [line for line in blocks[0].splitlines() if line.strip()]
    assert len(lines) <= 12
    made: Dict[str, Any] = {}
    exec(blocks[0], made)
    assert made["heat"].shape == made["frames"].shape[:3] and made["heat"].max() == 1
