"""Several methods in one run: the maps of each are what it makes alone, and one pass serves all that one pass can."""
from dataclasses import replace
from typing import Any, List, Tuple

import numpy as np
import pytest

import cams.one_window
from cam_runner import Explanation, explain, explain_each
from records.hiding import MEAN, STILL, Hiding
from records.question import Question, by_methods
from records.several import layer_of, together
from terminal.errors import UserError
from tests.kit import networks
from tests.kit.recogniser import TinyRecogniser, tiny_clip

METHODS = ("gradcam", "layercam", "gradient", "integrated", "occlusion")


def both(target: str, window: int = 40) -> Tuple[Explanation, List[Explanation]]:
    """Together, and each alone."""
    model, clip = TinyRecogniser(seed=3, window=window), tiny_clip(frames=30)
    questions = by_methods(Question(target=target, budget=6), METHODS)
    return (together(explain_each(model, clip, questions), False),
            [explain(model, clip, question) for question in questions])


@pytest.mark.parametrize("target", ["max", "each", "pred"])
@pytest.mark.parametrize("window", [40, 20])
def test_each_method_s_maps_are_those_it_makes_alone(target: str, window: int) -> None:
    joined, alone = both(target, window)
    assert list(joined.layers) == [f"{single.method}/{name}" for single in alone for name in single.layers]
    pairs = [(joined.layers, [single.layers for single in alone])]
    pairs += [(gloss.layers, [single.glosses[number].layers for single in alone])
              for number, gloss in enumerate(joined.glosses)]
    assert target != "each" or joined.glosses
    for layers, singles in pairs:
        for single, own in zip(alone, singles):
            for name, layer in own.items():
                made = layers[f"{single.method}/{name}"]
                assert made.method == single.method and made.flags == layer.flags
                np.testing.assert_allclose(made.raw, layer.raw, rtol=1e-4, atol=1e-6 * max(layer.raw.max(), 1e-12))


def test_one_pass_serves_all_that_one_pass_can(monkeypatch: pytest.MonkeyPatch) -> None:
    passes: List[int] = []
    run = cams.one_window.run_pass

    def counted(*given: Any, **named: Any) -> Any:
        passes.append(1)
        return run(*given, **named)

    monkeypatch.setattr(cams.one_window, "run_pass", counted)
    questions = by_methods(Question(target="each"), ("gradcam", "hirescam", "library:GradCAMElementWise", "gradient"))
    explain_each(TinyRecogniser(), tiny_clip(), questions)
    assert len(passes) == 1


def test_attention_comes_from_the_same_pass() -> None:
    model, clip = networks.recogniser("mska"), networks.clip(24)
    questions = by_methods(Question(), ("gradcam", "attention"))
    joined, alone = explain_each(model, clip, questions), [explain(model, clip, question) for question in questions]
    for made, single in zip(joined, alone):
        assert list(made.layers) == list(single.layers)
        for name, layer in single.layers.items():
            np.testing.assert_allclose(made.layers[name].raw, layer.raw, rtol=1e-4, atol=1e-7)


def test_what_is_true_of_one_method_alone_is_said_of_its_maps() -> None:
    joined, alone = both("each")
    assert joined.method == ", ".join(METHODS) and "asks" not in joined.target
    assert joined.layers["occlusion/input"].made.startswith("asks what is read from the clip rather than")
    assert not joined.layers["gradcam/pathways"].made
    assert [gloss.about.words for gloss in joined.glosses] == [gloss.about.words for gloss in alone[0].glosses]


def test_a_method_without_a_target_says_what_it_looks_at() -> None:
    questions = by_methods(Question(), ("eigencam", "gradcam"))
    joined = together(explain_each(TinyRecogniser(), tiny_clip(), questions), False)
    assert joined.target == "the largest logit of each step, summed"
    assert joined.layers["eigencam/first"].made == "explains none: this method looks at the activation alone"


def test_one_method_alone_is_as_it_was() -> None:
    made = explain(TinyRecogniser(), tiny_clip(), Question(method="gradcam"))
    assert together([made], False) is made and not made.layers["first"].method
    assert by_methods(Question(), ("gradcam",)) == (Question(method="gradcam"),)


def test_what_only_some_take_goes_to_these() -> None:
    asked = by_methods(Question(budget=9, hide="blur", layers=("first",)), ("gradcam", "integrated", "occlusion"))
    assert [(question.budget, question.hide, question.layers) for question in asked] == [
        (None, None, ("first",)), (9, "blur", ("first",)), (9, "blur", None)]
    for question in asked:
        question.check()


@pytest.mark.parametrize("question, methods, words", [
    (Question(budget=9), ("gradcam", "hirescam"), "budget 9: gradcam takes one pass"),
    (Question(hide="blur"), ("gradcam", "hirescam"), "hide blur: gradcam hides nothing"),
    (Question(layers=("first",)), ("rise", "occlusion"), "layers first: rise hides parts"),
    (Question(target="each"), ("gradcam", "eigencam"), "eigencam shows the same map"),
    (Question(), ("gradcam", "guess"), "method 'guess'")])
def test_what_none_of_them_takes_is_refused(question: Question, methods: Tuple[str, ...], words: str) -> None:
    with pytest.raises(UserError, match=words):
        for one in by_methods(question, methods):
            one.check()


def test_a_layer_s_own_name() -> None:
    assert layer_of("occlusion/input", "occlusion") == "input" and layer_of("conv2d.layer1", "") == "conv2d.layer1"


def test_a_way_of_hiding_is_that_of_all_where_all_hid_alike() -> None:
    _, alone = both("max")
    hid = [replace(one, hiding=Hiding(way)) for one, way in zip(alone, (MEAN, STILL))]
    assert together(hid, False).hiding is None
    assert together([hid[0], replace(hid[1], hiding=Hiding(MEAN)), alone[2]], False).hiding == Hiding(MEAN)
