"""Optimisers and learning-rate schedules by name."""
from typing import Iterable, Union

from torch import nn
from torch.optim import Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, MultiStepLR, OneCycleLR

from errors import UserError
from training.config import OptimizerConfig, ScheduleConfig

Schedule = Union[MultiStepLR, CosineAnnealingLR, OneCycleLR]


def make_optimizer(config: OptimizerConfig, parameters: Iterable[nn.Parameter]) -> Optimizer:
    kinds = {"adam": Adam, "adamw": AdamW}
    if config.name not in kinds:
        raise UserError(f"optimizer.name: {config.name} is unknown; choose from {', '.join(kinds)}")
    if len(config.betas) != 2:
        raise UserError(f"optimizer.betas: expected two numbers, got {len(config.betas)}")
    return kinds[config.name](parameters, lr=config.lr, weight_decay=config.weight_decay,
                              betas=(config.betas[0], config.betas[1]))


def make_schedule(config: ScheduleConfig, optimizer: Optimizer, epochs: int, steps_per_epoch: int) -> Schedule:
    """To be stepped after every optimiser step: all rates are counted in those, so that they move smoothly."""
    total = max(epochs * steps_per_epoch, 1)
    rate = optimizer.param_groups[0]["lr"]
    if config.name == "step":
        return MultiStepLR(optimizer, [epoch * steps_per_epoch for epoch in config.milestones], config.gamma)
    if config.name == "cosine":
        return CosineAnnealingLR(optimizer, total, eta_min=rate * config.floor)
    if config.name == "onecycle":
        return OneCycleLR(optimizer, max_lr=rate, total_steps=total + 1, pct_start=config.warmup)
    raise UserError(f"schedule.name: {config.name} is unknown; choose from step, cosine, onecycle")
