"""Gates written out slowly: every place and frame by itself."""
from typing import Any

import pytest
import torch
from torch import Tensor

from models.gates import SpatialEmphasis, TemporalEmphasis, gate


def drawn(made: Any) -> Any:
    torch.manual_seed(0)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, 0.2, 0.5)
    return made.double()


def around(x: Tensor, kernel: Tensor, at: tuple, steps: tuple) -> Tensor:
    """x [C, ...], kernel [C, 1, ...] of each channel alone: the sum around one place, nothing beyond the edges."""
    total = torch.zeros(len(x), dtype=x.dtype)
    for tap in torch.nonzero(torch.ones(kernel.shape[2:])).tolist():
        cell = [here + (index - size // 2) * step for here, index, size, step in zip(at, tap, kernel.shape[2:], steps)]
        if all(0 <= index < size for index, size in zip(cell, x.shape[1:])):
            total += x[(slice(None), *cell)] * kernel[(slice(None), 0, *tap)]
    return total


@pytest.mark.parametrize("channels", [16, 32])
def test_spatial_emphasis_is_the_formula(channels: int) -> None:
    made = drawn(SpatialEmphasis(channels))
    x = torch.randn(1, channels, 6, 5, 4, dtype=torch.float64)
    thin = torch.einsum("oc,cthw->othw", made.conv_transform.weight[:, :, 0, 0, 0], x[0])
    thin = thin + made.conv_transform.bias[:, None, None, None]
    wanted = torch.zeros_like(x[0])
    for at in ((0, 0, 0), (5, 4, 3), (3, 2, 1)):
        seen = torch.zeros(channels // 16, dtype=torch.float64)
        for scale, (weight, conv) in enumerate(zip(made.weights, made.conv_enhance), start=1):
            seen = seen + weight * (around(thin, conv.weight, at, (1, scale, scale)) + conv.bias)
        g = made.conv_back.weight[:, :, 0, 0, 0] @ seen + made.conv_back.bias
        wanted[(slice(None), *at)] = x[0][(slice(None), *at)] * (1 / (1 + (-g).exp()) - 0.5) * made.alpha
        assert torch.allclose(made(x)[0][(slice(None), *at)], wanted[(slice(None), *at)], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("scales", [3, 5])
def test_temporal_emphasis_is_the_formula(scales: int) -> None:
    made = drawn(TemporalEmphasis(32, scales))
    x = torch.randn(1, 32, 9, 3, 2, dtype=torch.float64)
    frames = x[0].flatten(2).sum(2) / 6
    thin = made.conv_transform.weight[:, :, 0] @ frames + made.conv_transform.bias[:, None]
    for t in range(9):
        seen = torch.zeros(2, dtype=torch.float64)
        for scale, (weight, conv) in enumerate(zip(made.weights, made.conv_enhance), start=1):
            seen = seen + weight * (around(thin, conv.weight, (t,), (scale,)) + conv.bias)
        r = made.conv_back.weight[:, :, 0] @ seen + made.conv_back.bias
        wanted = x[0, :, t] * ((1 / (1 + (-r).exp()) - 0.5) * made.alpha)[:, None, None]
        assert torch.allclose(made(x)[0, :, t], wanted, rtol=1e-9, atol=1e-12)


def test_a_gate_of_next_to_nothing_is_nothing() -> None:
    assert not gate(torch.full((4,), 1e-41)).any()


def test_gates_begin_as_published() -> None:
    spatial, temporal = SpatialEmphasis(32), TemporalEmphasis(32, 5)
    assert spatial.alpha.tolist() == [1.0] and temporal.alpha.tolist() == [0.0]
    assert torch.allclose(spatial.weights, torch.full((3,), 1 / 3))
    assert torch.allclose(temporal.weights, torch.full((5,), 1 / 5))
