"""The same network and input through `pytorch_grad_cam` and Captum: layers that are tensors with space."""
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from captum.attr import LayerGradCam
from pytorch_grad_cam import EigenCAM, GradCAM, HiResCAM, LayerCAM

from cam_runner import explain
from models.recogniser import Inputs
from records.question import Question
from tests.kit.recogniser import TinyRecogniser, tiny_clip

# The classes of the library that go through three-dimensional layers.
LIBRARY = {"gradcam": GradCAM, "hirescam": HiResCAM, "layercam": LayerCAM, "eigencam": EigenCAM}


class Plain(torch.nn.Module):
    """The tiny network as libraries want it: one tensor in, one score a clip out."""

    def __init__(self) -> None:
        super().__init__()
        self.recogniser = TinyRecogniser().eval()
        conv = self.recogniser.network.pathways.conv
        pathways = self.recogniser.layers["pathways"]
        self.recogniser.layers["conv"] = replace(pathways, module=conv, path="pathways.conv",
                                                 select=lambda output: output)
        self.inputs = self.recogniser.prepare(tiny_clip())

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        return self.recogniser(Inputs((frames,), 20)).max(2).values.sum(1)

    def layer(self, name: str) -> Any:
        return self.recogniser.layers[name].module


@pytest.mark.parametrize("method", LIBRARY)
@pytest.mark.parametrize("layer", ["first", "conv"])
def test_equal_to_grad_cam(layer: str, method: str) -> None:
    plain = Plain()
    with LIBRARY[method](plain, [plain.layer(layer)]) as cam:
        cam.activations_and_grads(plain.inputs.tensors[0]).sum().backward()
        activation, gradient = (getattr(cam.activations_and_grads, kind)[0].numpy().copy()
                                for kind in ("activations", "gradients"))
        theirs = np.maximum(cam.get_cam_image(None, None, None, activation, gradient, False)[0], 0)
    ours = explain(plain.recogniser, tiny_clip(), Question(method=method, layers=(layer,))).layers[layer].raw
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5 * theirs.max())


@pytest.mark.parametrize("layer", ["first", "conv"])
def test_equal_to_captum(layer: str) -> None:
    plain = Plain()
    theirs = LayerGradCam(plain, plain.layer(layer)).attribute(plain.inputs.tensors[0], relu_attributions=True)
    ours = explain(plain.recogniser, tiny_clip(), Question(layers=(layer,))).layers[layer].raw
    np.testing.assert_allclose(ours, theirs[0, 0].detach().numpy(), rtol=1e-4, atol=1e-5 * ours.max())
