"""Optimisers and learning-rate schedules by name."""
import math
from bisect import bisect_right
from typing import Any, Callable, Dict, Iterable

from torch.optim import Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from terminal.errors import UserError
from training.recipe import OptimizerConfig, ScheduleConfig

FIRST, LAST = 0.04, 1e-4    # of the one-cycle schedule, as shares of its highest rate


def make_optimizer(config: OptimizerConfig, parameters: Iterable[Any], clips: int = 1) -> Optimizer:
    """For so many clips a step. Groups of parameters say their share of the rate as `scale`."""
    kinds = {"adam": Adam, "adamw": AdamW}
    if config.name not in kinds:
        raise UserError(f"optimizer.name: {config.name} is unknown; choose from {', '.join(kinds)}")
    if len(config.betas) != 2:
        raise UserError(f"optimizer.betas: expected two numbers, got {len(config.betas)}")
    rate = config.lr * clips / config.rate_of if config.rate_of else config.lr
    groups = [dict(group, lr=rate * group["scale"]) if isinstance(group, dict) else group for group in parameters]
    return kinds[config.name](groups, lr=rate, weight_decay=config.weight_decay,
                              betas=(config.betas[0], config.betas[1]))


def make_schedule(config: ScheduleConfig, optimizer: Optimizer, epochs: int, steps_per_epoch: int) -> LambdaLR:
    """To be stepped after every optimiser step. Its state is numbers alone, so that it can be read back safely."""
    total = max(epochs * steps_per_epoch, 1)
    drops = sorted(epoch * steps_per_epoch for epoch in config.milestones)
    rise = max(round(config.warmup * total), 1)

    def step(done: int) -> float:
        return config.gamma ** bisect_right(drops, done)

    def cosine(done: int) -> float:
        return _between(1, config.floor, done / total)

    def cosine_epochs(done: int) -> float:
        return _between(1, config.floor, (done // steps_per_epoch + 1) / max(epochs, 1))

    def onecycle(done: int) -> float:
        return _between(FIRST, 1, done / rise) if done < rise else _between(1, LAST, (done - rise) / (total - rise + 1))

    def warmup(done: int) -> float:
        if done < rise:
            return config.start + (1 - config.start) * done / rise
        return _between(1, config.floor, (done - rise) / max(total - rise, 1))

    factors: Dict[str, Callable[[int], float]] = {"step": step, "cosine": cosine, "cosine-epochs": cosine_epochs,
                                                  "onecycle": onecycle, "warmup": warmup}
    if config.name not in factors:
        raise UserError(f"schedule.name: {config.name} is unknown; choose from {', '.join(factors)}")
    return LambdaLR(optimizer, factors[config.name])


def _between(first: float, last: float, progress: float) -> float:
    """Along half a cosine."""
    return last + (first - last) * (1 + math.cos(math.pi * min(progress, 1.0))) / 2
