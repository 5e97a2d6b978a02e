"""Every method against the class of `pytorch_grad_cam` that defines it."""
from typing import Tuple

import numpy as np
import pytest
import torch
from pytorch_grad_cam import EigenCAM, GradCAM, GradCAMPlusPlus, HiResCAM, LayerCAM, XGradCAM
from torch import nn

from cams import methods
from cams.methods import METHODS, unsteady

LIBRARY = {"gradcam": GradCAM, "gradcam++": GradCAMPlusPlus, "hirescam": HiResCAM, "layercam": LayerCAM,
           "xgradcam": XGradCAM, "eigencam": EigenCAM}


def library(name: str, activation: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """[C, T, P] -> [T, P]. The 2-D form, which every class has, over a picture of T x P: all positions are pooled."""
    model = nn.Conv2d(1, 1, 1)
    with LIBRARY[name](model, [model]) as cam:
        return cam.get_cam_image(None, model, None, activation[None].copy(), gradient[None].copy(), False)[0]


def pair(shape: Tuple[int, ...] = (6, 5, 12)) -> Tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    return torch.rand(shape, generator=generator), torch.randn(shape, generator=generator)


def test_every_method_has_its_library_class() -> None:
    assert set(METHODS) == set(LIBRARY)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("shape", [(6, 5, 12), (6, 60, 1), (40, 7, 1)])
def test_clip_weights_equal_the_library(name: str, shape: Tuple[int, ...]) -> None:
    activation, gradient = pair(shape)
    ours = METHODS[name].map(activation, gradient, False).numpy()
    np.testing.assert_allclose(ours, library(name, activation.numpy(), gradient.numpy()), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["gradcam", "gradcam++", "xgradcam"])
def test_frame_weights_are_the_library_frame_by_frame(name: str) -> None:
    activation, gradient = pair()
    ours = METHODS[name].map(activation, gradient, True).numpy()
    for step in range(5):
        one = library(name, activation[:, step:step + 1].numpy(), gradient[:, step:step + 1].numpy())
        np.testing.assert_allclose(ours[step:step + 1], one, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", METHODS)
def test_memory_layout_does_not_matter(name: str) -> None:
    activation, gradient = pair()
    turned = [tensor.permute(1, 2, 0).contiguous().permute(2, 0, 1) for tensor in (activation, gradient)]
    for per_frame in (False, True):
        torch.testing.assert_close(METHODS[name].map(turned[0], turned[1], per_frame),
                                   METHODS[name].map(activation, gradient, per_frame), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", METHODS)
def test_a_gradient_held_once_a_step_is_that_of_every_position(name: str) -> None:
    activation, gradient = pair()
    once = gradient[:, :, :1].expand_as(activation)
    for per_frame in (False, True):
        torch.testing.assert_close(METHODS[name].map(activation, once, per_frame),
                                   METHODS[name].map(activation, once.contiguous(), per_frame), rtol=1e-5, atol=1e-5)


def test_products_made_some_steps_at_a_time_are_those_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    activation, gradient = pair()
    whole = (gradient.relu() * activation).sum(0)
    monkeypatch.setattr(methods, "AT_ONCE", 2 * 6 * 12)
    torch.testing.assert_close(METHODS["layercam"].map(activation, gradient, True), whole)


def test_grad_cam_plus_plus_gives_no_weight_where_the_gradient_is_zero() -> None:
    activation, gradient = pair()
    assert not METHODS["gradcam++"].map(activation, gradient * 0, False).any()


def test_eigen_cam_of_broken_activations_is_not_a_number() -> None:
    activation, gradient = pair()
    activation[0, 0, 0] = float("inf")
    assert METHODS["eigencam"].map(activation, gradient, False).isnan().all()


@pytest.mark.parametrize("per_frame", [False, True])
@pytest.mark.parametrize("scale", [1e-4, 1.0, 30.0])
def test_grad_cam_plus_plus_is_its_formula_written_slowly(per_frame: bool, scale: float) -> None:
    torch.manual_seed(3)
    activation = torch.randn(3, 4, 5, dtype=torch.float64)
    gradient = torch.randn(3, 4, 5, dtype=torch.float64) * scale
    gradient[0, 0, :3] = 0
    expected = torch.zeros(4, 5, dtype=torch.float64)
    for channel in range(3):
        for frame in range(4):
            pool = [frame] if per_frame else range(4)
            total = sum(float(activation[channel, t, p]) for t in pool for p in range(5))
            weight = 0.0
            for t in pool:
                for p in range(5):
                    g = float(gradient[channel, t, p])
                    alpha = g ** 2 / (2 * g ** 2 + total * g ** 3 + 1e-6) if g else 0.0
                    weight += alpha * max(g, 0.0)
            expected[frame] += weight * activation[channel, frame]
    torch.testing.assert_close(METHODS["gradcam++"].map(activation, gradient, per_frame), expected)


@pytest.mark.parametrize("total, wanted", [(-4.0, True), (-3.9, False), (-6.0, False), (4.0, False)])
def test_a_division_by_nearly_zero_is_noticed(total: float, wanted: bool) -> None:
    """Of a gradient of 1/2 the divisor is 1/2 and an eighth of the activations' sum."""
    assert unsteady(torch.full((1, 2, 2), total / 4), torch.full((1, 2, 2), 0.5)) == wanted
