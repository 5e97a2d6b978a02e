"""What holds for every explanation, on a recogniser with tensor, dict and tuple outputs."""
import gc
from typing import Any, Dict, List, Optional

import numpy as np
import pytest
import torch

from cam_runner import explain
from cams.methods import METHODS
from models.recogniser import Probe
from records.methods import POOLING
from records.question import Question
from terminal.errors import UserError
from tests.kit.recogniser import TinyRecogniser, tiny_clip


def by_hand(model: TinyRecogniser, name: str) -> np.ndarray:
    """Grad-CAM of one layer by the formula and torch.autograd.grad."""
    kept: Dict[str, torch.Tensor] = {}
    probe = model.layers[name]
    handle = probe.module.register_forward_hook(lambda module, args, out: kept.update(a=probe.select(out)))
    logits = model.eval()(model.prepare(tiny_clip()))[0]
    handle.remove()
    gradient = probe.arrange(torch.autograd.grad(logits.max(1).values.sum(), kept["a"])[0])[0]
    activation = probe.arrange(kept["a"])[0]
    weights = gradient.flatten(1).mean(1)
    return torch.tensordot(weights, activation, 1).relu().detach().numpy()


@pytest.mark.parametrize("name", ["pathways", "timed", "rnn"])
def test_maps_are_the_formula(name: str) -> None:
    model = TinyRecogniser()
    raw = explain(model, tiny_clip()).layers[name].raw
    np.testing.assert_allclose(raw, by_hand(model, name), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("method, weights", [(method, pool) for method in METHODS
                                             for pool in (("clip", "frame") if method in POOLING else (None,))])
def test_one_pass_for_all_layers_equals_a_pass_each(method: str, weights: Optional[str]) -> None:
    model = TinyRecogniser().requires_grad_(False)
    layers = ["pathways", "timed", "rnn"]
    question = Question(method=method, layers=tuple(layers), pool=weights)
    together = explain(model, tiny_clip(), question)
    apart = explain(model, tiny_clip(), question, schedule="per-layer")
    for name in layers:
        one, other = together.layers[name].raw, apart.layers[name].raw
        assert abs(one - other).max() <= 1e-6 * abs(one).max(), name


def test_maps_have_the_layer_s_and_the_frame_s_shape() -> None:
    explanation = explain(TinyRecogniser(), tiny_clip(frames=21), Question(layers=("pathways", "timed", "rnn")))
    assert {name: layer.raw.shape for name, layer in explanation.layers.items()} == {
        "pathways": (13, 6, 6), "timed": (11,), "rnn": (11,)}
    assert explanation.layers["pathways"].map.shape == (21, 16, 16) and explanation.layers["rnn"].map.shape == (21,)
    assert explanation.logits.shape == (11, 5) and explanation.logits.dtype == np.float32
    assert all(layer.map.dtype == np.float16 and layer.map.max() == 1 for layer in explanation.layers.values())


def test_the_recogniser_is_left_as_it_was() -> None:
    model = TinyRecogniser()
    model.train()
    model.network.norm.eval()
    model.network.head.weight.requires_grad_(False)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    explain(model, tiny_clip(), Question(layers=("pathways", "rnn")))
    assert model.training and model.network.rnn.training and not model.network.norm.training
    assert [name for name, p in model.named_parameters() if not p.requires_grad] == ["network.head.weight"]
    assert all(p.grad is None for p in model.parameters())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not any(module._forward_hooks or "forward" in vars(module) for module in model.modules())


def test_float32_is_not_rounded_to_tf32_while_it_runs() -> None:
    seen: List[Any] = []
    model = TinyRecogniser()
    switches = torch.backends.cudnn, torch.backends.cuda.matmul
    model.network.first.register_forward_hook(lambda *_: seen.extend(switch.allow_tf32 for switch in switches))
    before = [switch.allow_tf32 for switch in switches]
    explain(model, tiny_clip(), Question(layers=("rnn",)))
    assert seen == [False, False] and [switch.allow_tf32 for switch in switches] == before


def test_hooks_go_even_when_the_network_fails() -> None:
    model = TinyRecogniser().train()
    handle = model.network.head.register_forward_hook(lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        explain(model, tiny_clip(), Question(layers=("pathways", "rnn")))
    handle.remove()
    assert not any(module._forward_hooks or "forward" in vars(module) for module in model.modules())
    assert model.training and all(p.requires_grad for p in model.parameters())


def test_fifty_explanations_leave_nothing_behind_without_the_garbage_collector() -> None:
    model, clip = TinyRecogniser(), tiny_clip()

    def tensors() -> int:
        return sum(issubclass(type(thing), torch.Tensor) for thing in gc.get_objects())

    explain(model, clip, Question(layers=("pathways", "rnn")))
    gc.collect()
    gc.disable()
    try:
        before = tensors()
        for _ in range(50):
            explain(model, clip, Question(layers=("pathways", "rnn")))
        assert tensors() == before
    finally:
        gc.enable()


def test_nothing_is_recorded_below_the_earliest_layer() -> None:
    def volumes(layer: str) -> int:
        """Tensors with height and width that are saved for the backward."""
        dims: List[int] = []

        def note(saved: torch.Tensor) -> torch.Tensor:
            dims.append(saved.dim())
            return saved

        with torch.autograd.graph.saved_tensors_hooks(note, lambda saved: saved):
            explain(TinyRecogniser(), tiny_clip(), Question(layers=(layer,)))
        return sum(dim == 5 for dim in dims)

    assert volumes("timed") == 0 and volumes("pathways") < volumes("first")


def test_gradients_are_finite_differences() -> None:
    """In float64: the weight of a channel is how the score moves when the whole channel is raised."""
    model, clip, step = TinyRecogniser().double().eval().requires_grad_(False), tiny_clip(), 1e-5
    kept: Dict[str, torch.Tensor] = {}

    def score(channel: int, by: float) -> float:
        def raised(module: Any, args: Any, output: Dict[str, torch.Tensor]) -> Dict[str, torch.Tensor]:
            kept["a"] = output["made"].clone()
            output["made"][:, channel] += by
            return output
        handle = model.network.pathways.register_forward_hook(raised)
        total = model(model.prepare(clip))[0].max(1).values.sum().item()
        handle.remove()
        return total

    slopes = torch.tensor([(score(c, step) - score(c, -step)) / (2 * step) for c in range(6)])
    activation = kept["a"][0]
    expected = torch.tensordot(slopes.double() / activation[0].numel(), activation, 1).relu()
    raw = explain(model, clip, Question(layers=("pathways",))).layers["pathways"].raw
    np.testing.assert_allclose(raw, expected.numpy(), rtol=1e-4, atol=1e-6 * raw.max())


def test_an_activation_overwritten_later_is_an_error() -> None:
    model = TinyRecogniser()
    model.layers["norm"] = Probe(model.network.norm, "norm", 1, padded=True)
    with pytest.raises(RuntimeError, match="overwritten in place"):
        explain(model, tiny_clip(), Question(layers=("norm",)))


def test_a_layer_that_never_runs_is_an_error() -> None:
    model = TinyRecogniser()
    model.layers["idle"] = Probe(torch.nn.Linear(1, 1), "idle", 1)
    with pytest.raises(RuntimeError, match="idle never run"):
        explain(model, tiny_clip(), Question(layers=("rnn", "idle")))


@pytest.mark.parametrize("wrong", [{"layers": ("nowhere",)}, {"layers": ()}, {"method": "guess"}, {"pool": "row"},
                                   {"precision": "fp8"}, {"normalise": "no"}])
def test_wrong_choices_are_the_user_s_to_mend(wrong: Dict[str, Any]) -> None:
    with pytest.raises(UserError, match="it has|expected"):
        explain(TinyRecogniser(), tiny_clip(), Question(**wrong))


def test_a_schedule_that_does_not_exist_is_the_user_s_to_mend() -> None:
    with pytest.raises(UserError, match="expected single, per-layer"):
        explain(TinyRecogniser(), tiny_clip(), schedule="never")


def test_without_a_method_the_network_s_own_is_taken_and_recorded() -> None:
    class ByPlace(TinyRecogniser):
        default_method = "hirescam"

    explanation = explain(ByPlace(), tiny_clip())
    assert explanation.method == "hirescam" and explain(TinyRecogniser(), tiny_clip()).method == "gradcam"
    expected = explain(TinyRecogniser(), tiny_clip(), Question(method="hirescam"))
    np.testing.assert_array_equal(explanation.layers["pathways"].raw, expected.layers["pathways"].raw)


@pytest.mark.parametrize("window", [20, 40])
def test_a_target_may_be_a_score_of_one_s_own(window: int) -> None:
    """In any window; here the same score as a gloss that is not read, at all steps."""
    def kalt(logits: torch.Tensor) -> torch.Tensor:
        return logits[:, 4].sum()

    model = TinyRecogniser(window=window)
    own, named = (explain(model, tiny_clip(frames=30), Question(target, "gradcam", ("pathways",), "frame"))
                  for target in (kalt, "KALT"))
    assert own.target == "a score of your own (kalt)" and "not predicted" in named.target
    np.testing.assert_allclose(own.layers["pathways"].raw, named.layers["pathways"].raw, rtol=1e-5, atol=1e-9)


def test_a_score_that_is_no_number_is_named() -> None:
    with pytest.raises(UserError, match="gave a tensor .*expected a tensor without dimensions"):
        explain(TinyRecogniser(), tiny_clip(), Question(target=lambda logits: logits))


def test_layers_that_are_named_are_explained_by_grad_cam_whatever_the_network_s_own_method() -> None:
    class ByPlace(TinyRecogniser):
        default_method = "hirescam"

    assert explain(ByPlace(), tiny_clip(), Question(layers=("pathways",))).method == "gradcam"


@pytest.mark.parametrize("target, method", [("max", "gradcam"), ("from-gt", "gradcam"), ("KALT", "layercam"),
                                            ("pred", "layercam"), ("each", "layercam"), ("rivals", "layercam"),
                                            ("errors", "layercam")])
def test_glosses_are_explained_by_layercam_and_all_logits_and_the_truth_by_grad_cam(target: str, method: str) -> None:
    for layers in (None, ("pathways",)):
        assert explain(TinyRecogniser(), tiny_clip(), Question(target=target, layers=layers)).method == method
