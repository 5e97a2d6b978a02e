"""A stand-in for the DeepSpeed package, of what training/deepspeed_engine.py uses of it, in one process: weights of a
group flat in float32, moments of the flat weights, fragments of them for each parameter."""
import types
from typing import Any, Dict, List, Optional, Tuple

import torch
from torch import Tensor, nn

__version__ = "stand-in"


class Mapping:
    """Where a parameter lies in its group's flat weights."""

    def __init__(self, flat: Tensor, start: int, shape: torch.Size) -> None:
        self.flat, self.start, self.shape = flat, start, shape
        self.moments: Dict[str, Tensor] = {}

    def part(self, whole: Tensor) -> Tensor:
        return whole[self.start:self.start + self.shape.numel()].view(self.shape)

    def set_optim_state_fragment(self, flat: Tensor, state: Dict[str, Tensor]) -> None:
        self.moments = {name: self.part(value) for name, value in state.items() if value.shape == flat.shape}


class Engine:
    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer, config: Dict[str, Any]) -> None:
        self.module, self.optimizer, self.config = model, optimizer, config
        if config.get("bf16", {}).get("enabled"):
            model.to(torch.bfloat16)
        self.groups: List[Tuple[Tensor, List[Any]]] = []
        for group in optimizer.param_groups:
            learnt: List[Any] = group["params"]
            flat = torch.cat([parameter.detach().float().flatten() for parameter in learnt])
            start = 0
            for parameter in learnt:
                parameter._hp_mapping = Mapping(flat, start, parameter.shape)
                start += parameter.numel()
            group["params"] = [flat]
            self.groups.append((flat, learnt))
        self.boundary: Optional[bool] = None

    def __call__(self, *inputs: Tensor) -> Any:
        return self.module(*inputs)

    def train(self) -> None:
        self.module.train()

    def set_gradient_accumulation_boundary(self, boundary: bool) -> None:
        self.boundary = boundary

    def backward(self, loss: Tensor, scale_wrt_gas: bool = True) -> None:
        (loss / self.config["gradient_accumulation_steps"] if scale_wrt_gas else loss).backward()

    def step(self) -> None:
        assert self.boundary
        for flat, learnt in self.groups:
            flat.grad = torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).float().flatten()
                                   for p in learnt])
        if self.config["gradient_clipping"]:
            nn.utils.clip_grad_norm_([flat for flat, _ in self.groups], self.config["gradient_clipping"])
        self.optimizer.step()
        for _flat, learnt in self.groups:
            for parameter in learnt:
                parameter.grad = None
                parameter.data.copy_(parameter._hp_mapping.part(parameter._hp_mapping.flat))


def initialize(model: nn.Module, optimizer: torch.optim.Optimizer, config: Dict[str, Any]) -> Tuple[Engine, None]:
    return Engine(model, optimizer, config), None


def _get(parameter: Any) -> Tensor:
    return parameter._hp_mapping.part(parameter._hp_mapping.flat).clone()


def _set(parameter: Any, value: Tensor) -> None:
    parameter._hp_mapping.part(parameter._hp_mapping.flat).copy_(value)


def _get_moment(parameter: Any, name: str) -> Tensor:
    return parameter._hp_mapping.moments[name].clone()


def _set_moment(parameter: Any, value: Tensor, name: str) -> None:
    parameter._hp_mapping.moments[name].copy_(value)


utils = types.SimpleNamespace(safe_get_full_fp32_param=_get, safe_set_full_fp32_param=_set,
                              safe_get_full_optimizer_state=_get_moment, safe_set_full_optimizer_state=_set_moment)
