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
    told = []
    for _ in range(epochs * steps):
        told.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return told


def test_steps_fall_after_their_epochs() -> None:
    assert rates(ScheduleConfig("step", (2, 3), gamma=0.2), epochs=4, steps=2) == pytest.approx(
        [1, 1, 1, 1, 0.2, 0.2, 0.04, 0.04])


def test_cosine_falls_from_one_to_its_floor() -> None:
    told = rates(ScheduleConfig("cosine", floor=0.1), epochs=5, steps=20)
    assert told[0] == 1 and told[50] == pytest.approx(0.55) and 0.1 < told[-1] < 0.11
    assert told == sorted(told, reverse=True)


def test_one_cycle_rises_then_falls_to_nearly_nothing() -> None:
    told = rates(ScheduleConfig("onecycle", warmup=0.25), epochs=4, steps=10)
    assert max(told) == told[10] == 1
    assert told[:11] == sorted(told[:11]) and told[10:] == sorted(told[10:], reverse=True)
    assert told[0] == pytest.approx(0.04) and told[-1] < 0.02


def test_one_cycle_falls_along_half_a_cosine_to_a_ten_thousandth() -> None:
    told = rates(ScheduleConfig("onecycle", warmup=0.25), epochs=4, steps=10)
    for done in range(40):
        first, last, share = (0.04, 1, done / 10) if done < 10 else (1, 1e-4, (done - 10) / 31)
        assert told[done] == pytest.approx(first + (last - first) * (1 - math.cos(math.pi * share)) / 2), done


@pytest.mark.parametrize("config", [(OptimizerConfig("sgd"), ScheduleConfig()),
                                    (OptimizerConfig(), ScheduleConfig("x")),
                                    (OptimizerConfig(betas=(0.9,)), ScheduleConfig())])
def test_unknown_names_are_refused(config: Tuple[OptimizerConfig, ScheduleConfig]) -> None:
    with pytest.raises(UserError):
        make_schedule(config[1], make_optimizer(config[0], [nn.Parameter(torch.zeros(1))]), 1, 1)
