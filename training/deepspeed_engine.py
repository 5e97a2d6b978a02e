"""The same training under DeepSpeed's engine: ZeRO-1 splits the optimiser's state among processes.

The engine trains a copy of the network. After each epoch its float32 weights and the whole state of the optimiser come
back, so that evaluation, maps and checkpoints are those of a training without it.
"""
import copy
import logging
import os
from contextlib import nullcontext
from typing import Any, ContextManager, Dict, List

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim import Optimizer

from files.workspace import find_input
from terminal.errors import UserError
from training.deepspeed_file import read_settings
from training.distributed import Process
from training.engines import Engine
from training.recipe import TrainerConfig

MOMENTS = ("exp_avg", "exp_avg_sq")


class DeepSpeedEngine(Engine):
    def __init__(self, network: nn.Module, optimizer: Optimizer, config: TrainerConfig, process: Process,
                 batch_size: int) -> None:
        path = find_input(config.deepspeed or "")
        self.settings = read_settings(path, config, batch_size, process.world, optimizer)
        self.low = bool(self.settings.get("bf16", {}).get("enabled"))
        norms = [name for name, module in network.named_modules() if isinstance(module, _BatchNorm)]
        if self.low and norms:
            raise UserError(f"{path}: bf16: {norms[0]} is a batch norm, whose running means bf16 would round; use "
                            "torch_autocast, which keeps the weights in float32")
        self.deepspeed = _import(process.device)
        super().__init__(network, optimizer, config, process)

    def _wrap(self, idle: bool) -> None:
        self.live = copy.deepcopy(self.plain)
        learnt = dict(zip(self.plain.parameters(), self.live.parameters()))
        groups = [{**group, "params": [learnt[parameter] for parameter in group["params"]]}
                  for group in self.optimizer.param_groups]
        self.learnt: List[Any] = [(parameter, learnt[parameter], number)
                                  for number, group in enumerate(self.optimizer.param_groups)
                                  for parameter in group["params"]]
        kind: Any = type(self.optimizer)
        self.inner: Optimizer = kind(groups, lr=self.optimizer.defaults["lr"])      # the groups say all else
        try:
            self.network = self.deepspeed.initialize(model=self.live, optimizer=self.inner, config=self.settings)[0]
        except (AssertionError, RuntimeError, ValueError, OSError, ImportError) as error:
            words = " ".join(str(error).split())[:200] or type(error).__name__
            raise UserError(f"trainer.deepspeed: DeepSpeed {self.deepspeed.__version__} does not start ({words}); "
                            "leave it out to train without") from None

    def forward(self, *inputs: Tensor) -> Dict[str, Tensor]:
        if self.low:
            inputs = tuple(value.to(torch.bfloat16) if value.is_floating_point() else value for value in inputs)
        return self.network(*inputs)

    def together(self, ends: bool) -> ContextManager[Any]:
        self.network.set_gradient_accumulation_boundary(ends)       # type: ignore[operator]
        return nullcontext()

    def backward(self, loss: Tensor) -> None:
        self.network.backward(loss, scale_wrt_gas=False)            # type: ignore[operator]

    def step(self) -> None:
        for ours, theirs in zip(self.optimizer.param_groups, self.inner.param_groups):
            theirs["lr"] = ours["lr"]
        self.network.step()                                         # type: ignore[operator]
        self.optimizer.step()       # no gradients are there, so nothing happens; the schedule wants to see it

    @torch.no_grad()
    def collect(self) -> None:
        utils = self.deepspeed.utils
        self._link()
        for parameter, learnt, number in self.learnt:
            parameter.copy_(utils.safe_get_full_fp32_param(learnt))
            if self.inner.state:
                self.optimizer.state[parameter] = {
                    "step": torch.as_tensor(self._state(number)["step"]).detach().cpu().clone(),
                    **{name: utils.safe_get_full_optimizer_state(learnt, name).cpu() for name in MOMENTS}}
        for buffer, changed in zip(self.plain.buffers(), self.live.buffers()):
            if buffer.dtype == changed.dtype:       # in bf16 those with fractions are constants, and rounded
                buffer.copy_(changed)
            if self.process.world > 1:                # each process has seen other clips
                dist.broadcast(buffer, 0)

    @torch.no_grad()
    def spread(self) -> None:
        utils = self.deepspeed.utils
        for number, group in enumerate(self.inner.param_groups):
            before = self.optimizer.state.get(self.optimizer.param_groups[number]["params"][0])
            if before:
                flat, = group["params"]
                self.inner.state[flat] = {"step": before["step"].detach().cpu().clone(),
                                          **{name: torch.zeros_like(flat) for name in MOMENTS}}
        self._link()
        for parameter, learnt, _number in self.learnt:
            learnt.copy_(parameter)
            utils.safe_set_full_fp32_param(learnt, parameter)
            for name in MOMENTS if self.optimizer.state.get(parameter) else ():
                value = self.optimizer.state[parameter][name].to(parameter.device)
                utils.safe_set_full_optimizer_state(learnt, value, name)
        for buffer, changed in zip(self.plain.buffers(), self.live.buffers()):
            changed.copy_(buffer)
        self.optimizer.state.clear()

    def _state(self, number: int) -> Dict[str, Any]:
        flat, = self.inner.param_groups[number]["params"]
        return self.inner.state[flat]

    def _link(self) -> None:
        """Which part of its group's flat moments is a parameter's. The engine does so after the first step alone, when
        not all groups may have taken one."""
        if not self.inner.state:
            return
        for _parameter, learnt, number in self.learnt:
            if learnt._hp_mapping is not None:      # None: another process has all of it
                flat, = self.inner.param_groups[number]["params"]
                learnt._hp_mapping.set_optim_state_fragment(flat, self._state(number))


def _import(device: torch.device) -> Any:
    if device.type not in ("cuda", "cpu"):
        raise UserError(f"trainer.deepspeed: not on {device.type}; give --device cuda or cpu, or leave it out")
    os.environ["DS_ACCELERATOR"] = device.type
    try:
        import deepspeed
    except ImportError:
        raise UserError("trainer.deepspeed: the package is not installed; pip install deepspeed, or leave it "
                        "out") from None
    logging.getLogger("DeepSpeed").setLevel(logging.WARNING)
    os.environ.setdefault("LOCAL_RANK", "0")        # its engine asks for it, of one process too
    if not dist.is_initialized():
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo", store=dist.HashStore(), rank=0,
                                world_size=1)
    return deepspeed
