import math
from typing import List, Tuple

import pytest
import torch
from torch import nn

from terminal.errors import UserError
from training.config import OptimizerConfig, ScheduleConfig
from training.schedules import make_optimizer, make_schedule


def rates(config: ScheduleConfig, epochs: int, steps: int) -> List[float]:
    """The learning rate of every step, with a highest one of 1."""
    optimizer = make_optimizer(OptimizerConfig(lr=1.0), [nn.Parameter(torch.zeros(1))])
    schedule = make_schedule(config, optimizer, epochs, steps)
    values = []
    for _ in range(epochs * steps):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return values


def test_steps_fall_after_their_epochs() -> None:
    assert rates(ScheduleConfig("step", (2, 3), gamma=0.2), epochs=4, steps=2) == pytest.approx(
        [1, 1, 1, 1, 0.2, 0.2, 0.04, 0.04])


def test_cosine_falls_from_one_to_its_floor() -> None:
    values = rates(ScheduleConfig("cosine", floor=0.1), epochs=5, steps=20)
    assert values[0] == 1 and values[50] == pytest.approx(0.55) and 0.1 < values[-1] < 0.11
    assert values == sorted(values, reverse=True)


def test_one_cycle_rises_then_falls_to_nearly_nothing() -> None:
    values = rates(ScheduleConfig("onecycle", warmup=0.25), epochs=4, steps=10)
    assert max(values) == values[10] == 1
    assert values[:11] == sorted(values[:11]) and values[10:] == sorted(values[10:], reverse=True)
    assert values[0] == pytest.approx(0.04) and values[-1] < 0.02


def test_one_cycle_falls_along_half_a_cosine_to_a_ten_thousandth() -> None:
    values = rates(ScheduleConfig("onecycle", warmup=0.25), epochs=4, steps=10)
    for done in range(40):
        first, last, share = (0.04, 1, done / 10) if done < 10 else (1, 1e-4, (done - 10) / 31)
        assert values[done] == pytest.approx(first + (last - first) * (1 - math.cos(math.pi * share)) / 2), done


@pytest.mark.parametrize("config", [(OptimizerConfig("sgd"), ScheduleConfig()),
                                    (OptimizerConfig(), ScheduleConfig("x")),
                                    (OptimizerConfig(betas=(0.9,)), ScheduleConfig())])
def test_unknown_names_are_refused(config: Tuple[OptimizerConfig, ScheduleConfig]) -> None:
    with pytest.raises(UserError):
        make_schedule(config[1], make_optimizer(config[0], [nn.Parameter(torch.zeros(1))]), 1, 1)


def test_warmup_rises_in_a_line_and_falls_along_a_cosine() -> None:
    values = rates(ScheduleConfig("warmup", warmup=0.2, start=0.1, floor=0.01), epochs=5, steps=10)
    assert values[0] == pytest.approx(0.1) and values[5] == pytest.approx(0.55) and values[10] == pytest.approx(1)
    assert values[30] == pytest.approx(0.505) and values[-1] == pytest.approx(0.01, abs=2e-3)


def test_a_rate_grows_with_the_clips_of_a_step_where_it_is_meant_for_a_number() -> None:
    groups = [{"params": [nn.Parameter(torch.zeros(1))], "scale": 0.5}]
    optimizer = make_optimizer(OptimizerConfig(lr=1e-3, rate_of=256), groups, 4)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.5 * 1e-3 * 4 / 256)
