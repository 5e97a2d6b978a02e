"""`--method library:NAME`: classes of the installed grad-cam, whichever it has, fed from the one pass."""
import subprocess
import sys
from typing import Any, Dict, List

import numpy as np
import pytest
import pytorch_grad_cam
import torch
from torch import Tensor, nn

from cam_runner import explain
from cams import library
from cams.library import library_method
from files.workspace import REPOSITORY
from records.library import fed, library_classes
from records.question import Question
from terminal.errors import UserError
from tests.cams.test_libraries import Plain
from tests.kit.recogniser import TinyRecogniser, tiny_clip

ALWAYS = {"GradCAM", "HiResCAM", "GradCAMElementWise", "XGradCAM", "GradCAMPlusPlus", "LayerCAM", "EigenCAM",
          "EigenGradCAM", "RandomCAM"}          # of every release supported


class Flat(Plain):
    """As the library wants it: a picture in, one score out."""

    def forward(self, frames: Tensor) -> Tensor:
        return super().forward(frames.unflatten(1, (3, -1)))

    def call(self, name: str, layer: str, target: Any = lambda score: score) -> np.ndarray:
        """What the library's own call makes of a layer [1, C, T, H, W], seen as a picture of T x (H W)."""
        made: List[np.ndarray] = []
        cam = getattr(pytorch_grad_cam, name)(self, [self.layer(layer)], lambda tensor: tensor.flatten(3))
        picture = cam.get_cam_image

        def kept(*given: Any, **named: Any) -> np.ndarray:
            made.append(picture(*given, **named).copy())
            return made[-1]

        with cam:
            cam.get_cam_image = kept
            np.random.seed(library.SEED)
            cam(self.inputs.tensors[0].flatten(1, 2), [target])
        return np.maximum(made[0][0], 0)


@pytest.mark.parametrize("name", fed())
@pytest.mark.parametrize("layer", ["first", "conv"])
def test_it_equals_the_library_s_own_call(layer: str, name: str) -> None:
    flat = Flat()
    theirs = flat.call(name, layer)
    question = Question(method=f"library:{name}", layers=(layer,), pool="clip")
    ours = explain(flat.recogniser, tiny_clip(), question).layers[layer].raw
    np.testing.assert_allclose(ours.reshape(theirs.shape), theirs, rtol=1e-5, atol=1e-5 * theirs.max())


@pytest.mark.parametrize("name", fed())
def test_pooled_over_each_frame_every_step_is_a_picture(name: str) -> None:
    torch.manual_seed(0)
    activation, gradient = torch.rand(4, 3, 6), torch.randn(4, 3, 6)
    ours = library_method(name).map(activation, gradient, True).numpy()
    if name == "RandomCAM":                             # draws for all steps at once
        assert ours.shape == (3, 6)
        return
    for step in range(3):
        alone = library_method(name).map(activation[:, step:step + 1], gradient[:, step:step + 1], False)[0]
        np.testing.assert_allclose(ours[step], alone.numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", fed())
def test_layers_without_space_have_maps_too(name: str) -> None:
    explanation = explain(TinyRecogniser(), tiny_clip(), Question(method=f"library:{name}", layers=("timed", "rnn")))
    assert {key: layer.raw.shape for key, layer in explanation.layers.items()} == {"timed": (10,), "rnn": (10,)}
    assert all(np.isfinite(layer.raw).all() for layer in explanation.layers.values())


def test_every_release_s_classes_are_found() -> None:
    assert ALWAYS <= set(fed()) <= set(library_classes())


@pytest.mark.parametrize("name", fed())
def test_what_the_source_promises_is_so(name: str) -> None:
    layer = nn.Conv2d(1, 1, 1)
    assert library_classes()[name].gradients == getattr(pytorch_grad_cam, name)(layer, [layer]).uses_gradients


REFUSED: Dict[str, str] = {"ScoreCAM": "asks the network again", "AblationCAM": "asks the network again",
                           "FullGrad": "one layer's activation", "ShapleyCAM": "once more", "FinerCAM": "rivals"}


@pytest.mark.parametrize("name", [name for name in REFUSED if name in library_classes()])
def test_what_one_pass_cannot_feed_says_why(name: str) -> None:
    with pytest.raises(UserError, match=f"library:{name}: .*{REFUSED[name]}.*library:EigenGradCAM"):
        Question(method=f"library:{name}").check()


def test_a_class_that_does_not_do_what_its_source_promised_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class NewCAM(pytorch_grad_cam.GradCAM):         # type: ignore[misc]
        def get_cam_weights(self, input_tensor: Any, *others: Any) -> Any:
            return input_tensor.mean()

    monkeypatch.setattr(pytorch_grad_cam, "NewCAM", NewCAM, raising=False)
    with pytest.raises(UserError, match="library:NewCAM: it cannot be fed .*AttributeError"):
        library_method("NewCAM")


def test_a_name_that_the_release_lacks_is_refused() -> None:
    with pytest.raises(UserError, match="'library:NoCAM': expected gradcam.*library:RandomCAM"):
        Question(method="library:NoCAM").check()


def test_without_a_target_it_has_no_maps_of_each_gloss() -> None:
    with pytest.raises(UserError, match="same map whatever the gloss"):
        Question(method="library:EigenCAM", target="each").check()


def test_a_layer_too_large_for_a_number_for_every_pair_of_cells_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "MOST", 100)
    ask = Question(method="library:EigenGradCAM", layers=("pathways",), pool="clip")
    with pytest.raises(UserError, match="compares 432 cells .*--pool frame"):
        explain(TinyRecogniser(), tiny_clip(), ask)
    explain(TinyRecogniser(), tiny_clip(), Question(method="library:GradCAM", layers=("pathways",), pool="clip"))


def test_what_is_random_is_the_same_each_time_and_leaves_numpy_s_generator_alone() -> None:
    ask = Question(method="library:RandomCAM", layers=("pathways",))
    np.random.seed(5)
    expected = np.random.random()
    np.random.seed(5)
    one, other = (explain(TinyRecogniser(), tiny_clip(), ask).layers["pathways"].raw for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert np.random.random() == expected and one.any()


def test_help_lists_them_without_torch() -> None:
    code = ("import sys, main\ntry:\n    main.main(['--help'])\nexcept SystemExit:\n    pass\n"
            "sys.exit('torch' in sys.modules)")
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "library:NAME" in done.stdout and "EigenGradCAM" in done.stdout


def test_windows_are_joined_as_for_all() -> None:
    """HiResCAM pools nothing, so that its maps are the same whichever way it is asked for."""
    ours, theirs = (explain(TinyRecogniser(window=20), tiny_clip(frames=44), Question(method=name)).layers
                    for name in ("hirescam", "library:HiResCAM"))
    for name, layer in ours.items():
        np.testing.assert_allclose(theirs[name].raw, layer.raw, rtol=1e-4, atol=1e-7)
        assert theirs[name].flags == layer.flags


