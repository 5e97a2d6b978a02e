import math
from typing import Tuple

import pytest
import torch
from torch import Tensor

from geometry.axis import Axis
from models.cells import after
from models.lift_pool import LiftPool, Weighing
from models.temporal import frames_per_step

CHANNELS = 3


def pool(taps: int) -> LiftPool:
    torch.manual_seed(taps)
    made = LiftPool(CHANNELS, taps).double().eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, 0, 0.5)
    return made


def slow_neighbours(given: Tensor, depthwise: torch.nn.Conv1d, mix: torch.nn.Conv1d) -> Tensor:
    """[C, T]: tanh of a mix of what depth-wise taps find, nothing beyond the ends."""
    steps, taps = given.shape[1], depthwise.weight.shape[2]
    out = torch.zeros_like(given)
    for t in range(steps):
        values = []
        for c in range(CHANNELS):
            total = float(depthwise.bias[c])                # type: ignore[index]
            for tap in range(taps):
                at = t + tap - (taps - 1) // 2
                total += float(depthwise.weight[c, 0, tap] * given[c, at]) if 0 <= at < steps else 0
            values.append(max(total, 0))
        for c in range(CHANNELS):
            total = float(mix.bias[c])                      # type: ignore[index]
            out[c, t] = math.tanh(total + sum(float(mix.weight[c, i, 0]) * values[i] for i in range(CHANNELS)))
    return out


def slow_weighing(v: Tensor, weighing: Weighing) -> Tensor:
    conv, norm, steps = weighing.conv, weighing.insnorm, v.shape[1]
    seen = torch.zeros_like(v)
    for t in range(steps):
        for tap in range(5):
            if 0 <= t + tap - 2 < steps:
                seen[:, t] += conv.weight[:, :, tap] @ v[:, t + tap - 2]
    mean = seen.sum(1, keepdim=True) / steps
    variance = ((seen - mean) ** 2).sum(1, keepdim=True) / steps
    gate = (seen - mean) / (variance + 1e-5).sqrt() * norm.weight[:, None] + norm.bias[:, None]
    return v + v * (1 / (1 + (-gate).exp()) - 0.5)


def slowly(made: LiftPool, x: Tensor) -> Tuple[Tensor, Tensor]:
    """[C, T] -> [C, T / 2], and the two costs."""
    even, odd = x[:, ::2], x[:, 1::2]
    detail = odd - slow_neighbours(even, made.predictor[0], made.predictor[2])      # type: ignore[arg-type]
    smooth = even + slow_neighbours(detail, made.updater[0], made.updater[2])       # type: ignore[arg-type]
    costs = torch.tensor([math.sqrt(float(((smooth - odd) ** 2).sum())), math.sqrt(float((detail ** 2).sum()))])
    return slow_weighing(smooth, made.weight1) + slow_weighing(detail, made.weight2), costs


@pytest.mark.parametrize("taps", [3, 5])
@pytest.mark.parametrize("steps", [4, 14])
def test_what_comes_out_is_the_formula(taps: int, steps: int) -> None:
    made, x = pool(taps), torch.randn(2, CHANNELS, steps, dtype=torch.float64)
    with torch.no_grad():
        wanted = [slowly(made, clip) for clip in x]
        assert torch.allclose(made(x), torch.stack([pooled for pooled, _ in wanted]), rtol=1e-9, atol=1e-9)
        pooled, costs = made.with_costs(x)
        assert torch.equal(pooled, made(x))
        assert torch.allclose(costs, torch.stack([each for _, each in wanted]).pow(2).sum(0).sqrt(), rtol=1e-5)


def test_at_birth_both_parts_go_through_as_they_are() -> None:
    made, x = LiftPool(CHANNELS).eval(), torch.randn(1, CHANNELS, 8)
    for part in (made.weight1, made.weight2):
        assert not part.conv.weight.any() and torch.allclose(part(x), x)


def test_every_step_depends_on_every_step() -> None:
    made, x = pool(3), torch.randn(1, CHANNELS, 60, dtype=torch.float64, requires_grad=True)
    gradient, = torch.autograd.grad(made(x)[0, 0, 0], x)
    assert (gradient[0].abs().sum(0) > 0).all()


@pytest.mark.parametrize("steps", [2, 7])
def test_too_few_or_an_odd_number_of_steps_are_refused(steps: int) -> None:
    with pytest.raises(ValueError, match=f"{steps} steps: expected an even number from 4 on"):
        pool(3)(torch.randn(1, CHANNELS, steps, dtype=torch.float64))


def test_its_steps_lie_in_the_middle_of_the_two_that_they_come_of() -> None:
    assert after([LiftPool(CHANNELS), LiftPool(CHANNELS, 5)], (Axis(),)) == (Axis(1.5, frames_per_step(["P2", "P2"])),)
