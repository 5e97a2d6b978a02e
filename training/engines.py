"""How gradients are made and a step is taken: here with PyTorch alone, in deepspeed_engine.py under DeepSpeed."""
from contextlib import nullcontext
from typing import Any, ContextManager, Dict

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer

from terminal.errors import UserError
from training.distributed import Process
from training.recipe import TrainerConfig

AMP_TYPES = {"fp16": torch.float16, "bf16": torch.bfloat16}


class Engine:
    """network: what is called in training, in whatever wrapping; live: the module whose weights each step changes."""

    def __init__(self, network: nn.Module, optimizer: Optimizer, config: TrainerConfig, process: Process,
                 idle: bool = False) -> None:
        """idle: some parameters take no part in the loss."""
        if config.amp_type not in AMP_TYPES:
            raise UserError(f"trainer.amp_type: {config.amp_type} is unknown; choose from {', '.join(AMP_TYPES)}")
        self.network: nn.Module = network
        self.live = self.plain = network
        self.optimizer, self.config, self.process = optimizer, config, process
        self.amp = config.amp and process.device.type == "cuda"
        self.scaler = _scaler(self.amp and config.amp_type == "fp16")
        self._wrap(idle)

    def _wrap(self, idle: bool) -> None:
        if self.process.world > 1:
            self.network = DistributedDataParallel(self.plain, find_unused_parameters=idle)

    def autocast(self) -> ContextManager[Any]:
        return torch.autocast(self.process.device.type, AMP_TYPES[self.config.amp_type] if self.amp else None, self.amp)

    def forward(self, *inputs: Tensor) -> Dict[str, Tensor]:
        with self.autocast():
            return self.network(*inputs)

    def together(self, ends: bool) -> ContextManager[Any]:
        """Gradients are exchanged between processes at the end of a group of batches only."""
        if isinstance(self.network, DistributedDataParallel) and not ends:
            return self.network.no_sync()
        return nullcontext()

    def backward(self, loss: Tensor) -> None:
        self.scaler.scale(loss).backward()

    def step(self) -> None:
        if self.config.clip:
            self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(self.plain.parameters(), self.config.clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()

    def collect(self) -> None:
        """After an epoch, in all processes: the network and the optimiser hold what was learnt."""

    def spread(self) -> None:
        """Training goes on from what the network and the optimiser hold."""


def _scaler(enabled: bool) -> Any:
    """PyTorch 2.3 moved it, and warns at the old place."""
    moved = getattr(torch.amp, "GradScaler", None)
    return moved("cuda", enabled=enabled) if moved else torch.cuda.amp.GradScaler(enabled=enabled)
