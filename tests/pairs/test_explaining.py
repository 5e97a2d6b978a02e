"""What holds for maps of pictures that are compared, on small networks."""
from typing import Any, Dict, List

import numpy as np
import pytest
import torch

from cams.methods import signed_map
from datasets.clip import Clip
from models.embedder import embed
from pairs.explaining import IDENTICAL, NEGATIVE, PictureMap, explain_pictures
from pairs.targets import likenesses
from terminal.errors import UserError
from tests.kit import networks

PAIR = [networks.picture(70, 40, 0), networks.picture(64, 48, 1)]


def maps(name: str, pictures: List[Clip] = PAIR, **asked: Any) -> List[Dict[Any, PictureMap]]:
    model = networks.embedder(name)
    return [explanation.maps for explanation in explain_pictures(model, pictures, **asked)]


def hooked(model: torch.nn.Module) -> List[str]:
    return [name for name, module in model.named_modules() if module._forward_hooks or module._backward_hooks]


@pytest.mark.parametrize("name", ["arcface", "promptsg"])
def test_one_pass_for_all_is_a_pass_each(name: str) -> None:
    model = networks.embedder(name)
    references = embed(model, PAIR).flip(0)
    targets = ["cosine", "dot", *(["norm"] if name == "arcface" else ["pred", "class:classifier_proj:3"])]
    together = explain_pictures(model, PAIR, None, targets, ["gradcam", "layercam"], references)
    for target in targets:
        for method in ("gradcam", "layercam"):
            alone = explain_pictures(model, PAIR, None, [target], [method], references)
            for one, other in zip(together, alone):
                for key, drawn in other.maps.items():
                    np.testing.assert_allclose(one.maps[key].raw, drawn.raw, rtol=1e-4, atol=1e-6 * drawn.raw.max())
    assert hooked(model) == []


@pytest.mark.parametrize("name", ["arcface", "promptsg"])
def test_a_batch_is_its_pictures_one_by_one(name: str) -> None:
    model = networks.embedder(name).double()
    references = embed(model, PAIR).flip(0)
    together = explain_pictures(model, PAIR, None, ["dot"], references=references)
    for index, explanation in enumerate(together):
        alone, = explain_pictures(model, PAIR[index:index + 1], None, ["dot"], references=references[index])
        assert explanation.scores == pytest.approx(alone.scores, rel=1e-12)
        assert list(explanation.maps) == list(alone.maps)
        for key, picture_map in alone.maps.items():
            assert abs(explanation.maps[key].raw - picture_map.raw).max() <= 1e-6 * picture_map.raw.max()
            assert explanation.maps[key].flags == picture_map.flags


def test_maps_lie_on_the_picture_in_0_to_1() -> None:
    for of_picture, picture in zip(maps("arcface"), PAIR):
        for drawn in of_picture.values():
            assert drawn.map.shape == picture.frames.shape[1:3] and drawn.map.dtype == np.float16
            assert drawn.map.min() >= 0 and drawn.map.max() <= 1
            assert drawn.high == pytest.approx(drawn.raw.max(), rel=1e-6)


def test_dot_is_shared_out_exactly_where_the_rest_is_linear() -> None:
    """Gradient times activation of the last stage adds up to the score, but for the biases behind it."""
    model = networks.embedder("arcface").double()
    network: Any = model.network
    for part in (network.bn2, network.features):
        part.running_mean.zero_()
        part.bias.zero_()
    network.fc.bias.zero_()
    reference = embed(model, PAIR[1:])[0]
    explanation, = explain_pictures(model, PAIR[:1], ["layer4"], ["dot"], ["hirescam"], reference)
    kept: Dict[str, torch.Tensor] = {}
    handle = network.layer4.register_forward_hook(lambda *parts: kept.update(a=parts[2]))
    own = model(model.prepare(PAIR[0]))[0]
    handle.remove()
    kept["a"].requires_grad_()
    score = network.features(network.fc(network.bn2(kept["a"]).flatten(1)))[0] @ reference / reference.norm()
    gradient, = torch.autograd.grad(score, kept["a"])
    assert float((gradient * kept["a"].detach()).sum()) == pytest.approx(explanation.scores["dot"], rel=1e-9)
    signed = (gradient * kept["a"]).sum(1)[0].detach().numpy()
    np.testing.assert_allclose(explanation.maps["dot", "hirescam", "layer4"].raw, signed.clip(0), rtol=1e-5, atol=1e-9)
    assert own @ reference / reference.norm() == pytest.approx(explanation.scores["dot"])


def test_a_cosine_with_itself_is_void_and_not_noise() -> None:
    model = networks.embedder("arcface")
    own = embed(model, PAIR[:1])[0]
    explanation, = explain_pictures(model, PAIR[:1], None, ["cosine", "dot"], references=own)
    for (target, _, _), picture_map in explanation.maps.items():
        assert (IDENTICAL in picture_map.flags) == (target == "cosine")
        assert target != "cosine" or not picture_map.map.any()
    assert any("ask for dot" in note for note in explanation.notes)


@pytest.mark.parametrize("apart,void", [(0.5e-3, True), (2e-3, False), (0.05, False)])
def test_a_cosine_is_void_only_where_rounding_is_all_that_is_left_of_its_slope(apart: float, void: bool) -> None:
    """apart: the sine of the angle between the two."""
    reference = torch.tensor([3.0, 4.0, 0.0])
    aside = torch.tensor([0.0, 0.0, 5.0]) * apart
    target, = likenesses(networks.embedder("arcface"), ["cosine"], reference)
    assert target.void(torch.stack([reference + aside, torch.tensor([1.0, 0.0, 0.0])])).tolist() == [void, False]


def test_targets_without_a_reference_are_never_void() -> None:
    model = networks.embedder("promptsg")
    own = embed(model, PAIR)
    for target in likenesses(model, ["dot", "pred", "class:3"], own):
        assert target.void(own).tolist() == [False, False]


@pytest.mark.parametrize("target,expected", [("cosine", 0.6), ("dot", 3.0), ("norm", 5.0)])
def test_what_a_target_measures(target: str, expected: float) -> None:
    """Of (3, 4) beside (2, 0)."""
    one, = likenesses(networks.embedder("arcface"), [target], torch.tensor([2.0, 0.0]))
    assert one.values(torch.tensor([[3.0, 4.0]])).tolist() == pytest.approx([expected])


def test_a_map_below_zero_everywhere_is_told_from_one_that_is_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pairs.explaining.signed_map", lambda *given: -signed_map(*given).abs() - 1e-3)
    for of_picture in maps("arcface"):
        assert all(one.flags == (NEGATIVE,) and not one.map.any() and one.low < 0 for one in of_picture.values())
    monkeypatch.setattr("pairs.explaining.signed_map", lambda *given: 0 * signed_map(*given))
    for of_picture in maps("arcface"):
        assert all(one.flags == ("all-zero",) for one in of_picture.values())


def test_an_even_picture_has_no_map() -> None:
    even = Clip("even", "", np.full((1, 50, 40, 3), 90, np.uint8))
    even_maps, other = maps("arcface", [even, PAIR[0]])
    assert all(one.flags == ("constant",) and not one.map.any() for one in even_maps.values())
    assert any(one.map.any() for one in other.values())


def test_what_the_target_cannot_reach_is_refused_by_name_and_left_out_of_all() -> None:
    with pytest.raises(UserError, match="mim_tokens: target pred does not reach it.*it reaches mim_att.*vit_last"):
        maps("promptsg", layers=["mim_tokens"], targets=["pred"])
    with pytest.raises(UserError, match="mim.post_blocks.1: target cosine does not reach it"):
        maps("promptsg", layers=["mim.post_blocks.1"], targets=["cosine"], references=torch.ones(40))
    left = {layer for _, _, layer in maps("promptsg", layers=["all"], targets=["pred"])[0]}
    assert "mim_tokens" not in left and {"vit_last", "mim_attention"} <= left


@pytest.mark.parametrize("asked,said", [
    ({"layers": ["classifier"]}, "is one vector, with no place in the picture; there are"),
    ({"layers": ["nowhere"]}, "is not a layer of PromptSG; there are"),
    ({"targets": ["norm"]}, "PromptSG has cosine, dot, pred, class:ID"),
    ({"targets": ["cosine"]}, "give another one to compare with"),
    ({"targets": ["class:9"]}, "give a number from 0 to 8"),
    ({"targets": ["pred:head"]}, "heads are classifier, classifier_proj"),
    ({"targets": ["dot"], "references": torch.ones(3)}, "a reference of 3 numbers, the embedding has 40"),
    ({"methods": ["guess"]}, "there are gradcam"), ({"methods": []}, "none asked"),
    ({"methods": ["attention"], "layers": ["vit_last"]}, "vit_last does not attend; there are mim_attention")])
def test_wrong_choices_are_the_user_s_to_mend(asked: Dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        maps("promptsg", **asked)


def test_a_layer_can_be_named_by_its_path() -> None:
    by_path = maps("promptsg", layers=["image_encoder.ln_post"], targets=["dot"], references=torch.ones(40))[0]
    assert list(by_path) == [("dot", "gradcam", "vit_proj")]


def test_attention_is_a_distribution_over_the_patches() -> None:
    of_picture = maps("promptsg", methods=["attention"])[0]
    (target, method, layer), picture_map = next(iter(of_picture.items()))
    assert (target, method, layer) == ("none", "attention", "mim_attention") and picture_map.raw.shape == (4, 2)
    assert picture_map.raw.sum() == pytest.approx(1, abs=1e-6)
