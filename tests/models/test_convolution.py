from functools import partial
from typing import Any, Dict, Tuple

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models import convolution
from models.convolution import Conv3d, MaxPool3d, OverBackground, channels_last
from models.folding import fold_batch_norm
from tests.kit import networks


def clip(*shape: int) -> Tensor:
    """Many equal values, as after a ReLU."""
    torch.manual_seed(0)
    return channels_last(torch.randn(shape).relu()).requires_grad_()


@pytest.mark.parametrize("kernel, stride, padding", [
    ((1, 3, 3), (1, 2, 2), (0, 1, 1)), ((3, 1, 1), (1, 1, 1), (1, 0, 0)), ((5, 1, 1), (4, 1, 1), (2, 0, 0)),
    ((1, 1, 1), (1, 2, 2), (0, 0, 0)), ((3, 5, 5), (1, 2, 2), (1, 2, 2)), ((7, 1, 1), (2, 1, 1), (3, 0, 0))])
def test_a_flat_kernel_is_the_same_convolution(kernel: Any, stride: Any, padding: Any) -> None:
    conv, x = Conv3d(4, 6, kernel, stride, padding), clip(2, 4, 8, 7, 9)
    found, expected = conv(x), nn.Conv3d.forward(conv, x)
    assert torch.allclose(found, expected, atol=1e-5) and found.is_contiguous(memory_format=torch.channels_last_3d)


def test_a_background_summed_apart_is_the_same_convolution_less_rounded() -> None:
    torch.manual_seed(0)
    conv = OverBackground(79, 8, (1, 7, 7), (1, 2, 2), (0, 3, 3), bias=False, background=-1.0).eval()
    x = torch.where(torch.rand(1, 79, 2, 20, 18) < 0.05, torch.rand(()), torch.tensor(-1.0))
    exact = F.conv3d(x.double(), conv.weight.double(), None, conv.stride, conv.padding)
    apart, together = ((y - exact).norm() / exact.norm() for y in (conv(x), nn.Conv3d.forward(conv, x)))
    assert apart < 1e-7 and apart < together / 2
    assert torch.equal(conv.train()(x), Conv3d.forward(conv, x))


def test_over_a_background_some_frames_at_a_time_are_as_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    conv = OverBackground(5, 4, (1, 3, 3), (1, 2, 2), (0, 1, 1), bias=False, background=-1.0).eval()
    x = clip(2, 5, 7, 8, 9)
    whole = conv(x)
    monkeypatch.setattr(convolution, "AT_ONCE", 2 * 2 * x[0, :, 0].numel())     # two frames of both clips
    found = conv(x.detach())
    assert torch.allclose(found, whole, atol=1e-6) and found.is_contiguous(memory_format=torch.channels_last_3d)


@pytest.mark.parametrize("kernel, stride, padding", [
    ((3, 3, 3), (1, 1, 1), (1, 1, 1)), ((3, 3, 3), (2, 2, 2), (1, 1, 1)), ((1, 3, 3), (1, 2, 2), (0, 1, 1))])
def test_space_then_time_pools_the_same_values_and_gradients(kernel: Any, stride: Any, padding: Any) -> None:
    def value_and_gradient(pool: Any) -> Tuple[Tensor, Tensor]:
        x = clip(2, 3, 6, 8, 9)
        value = pool(x)
        (value * torch.arange(value.numel()).view_as(value) / value.numel()).sum().backward()
        assert x.grad is not None
        return value, x.grad

    found = value_and_gradient(MaxPool3d(kernel, stride, padding))
    expected = value_and_gradient(lambda x: F.max_pool3d(x, kernel, stride, padding))
    assert all(torch.allclose(ours, theirs, atol=1e-5) for ours, theirs in zip(found, expected))


@pytest.mark.parametrize("name", ["slowfast", "twostream", "vac", "corrnet", "signgraph", "swin"])
def test_activations_keep_their_channels_last(name: str) -> None:
    model, moved = networks.recogniser(name), []

    def note(path: str) -> Any:
        def hook(module: nn.Module, args: Any, output: Tensor) -> None:
            if output.dim() == 5 and not output.is_contiguous(memory_format=torch.channels_last_3d):
                moved.append(path)
        return hook

    for path, probe in model.layers.items():
        probe.module.register_forward_hook(note(path))
    networks.logits(model, networks.clip(8))
    assert moved == []


@pytest.mark.parametrize("name", ["slowfast", "twostream", "vac", "corrnet", "signgraph", "swin", "mska"])
def test_folded_norms_leave_every_layer_as_it_was(name: str) -> None:
    seen = []
    for fold in (False, True):
        kept: Dict[str, Tensor] = {}
        model = networks.recogniser(name)
        if fold:
            fold_batch_norm(model.network, model.folds)
            assert not any(isinstance(module, nn.BatchNorm3d) for path, module in model.network.named_modules()
                           if "pyramid" not in path)
        for path, probe in model.layers.items():
            probe.module.register_forward_hook(
                partial(lambda path, kept, module, args, output: kept.update({path: output.clone()}), path, kept))
        networks.logits(model, networks.clip(8))
        seen.append(kept)
    for path in seen[0]:
        scale = float(seen[0][path].abs().max())
        assert torch.allclose(seen[0][path], seen[1][path], atol=1e-4 * scale), path
