"""One process, or several under torchrun."""
import os
from dataclasses import dataclass
from typing import Any, List

import torch
import torch.distributed as dist

from models.device import choose_device


@dataclass(frozen=True)
class Process:
    """This process among those that train together."""

    device: torch.device
    rank: int = 0
    world: int = 1

    @property
    def first(self) -> bool:
        return self.rank == 0

    def any(self, flag: bool) -> bool:
        """Whether it holds in any process."""
        if self.world == 1:
            return flag
        flags = torch.tensor([float(flag)], device=self.device)
        dist.all_reduce(flags, dist.ReduceOp.MAX)
        return bool(flags.item())

    def gather(self, items: List[Any]) -> List[Any]:
        """The items of all processes, in all processes."""
        if self.world == 1:
            return items
        parts: List[Any] = [None] * self.world
        dist.all_gather_object(parts, items)
        return [item for part in parts for item in part]

    def wait(self) -> None:
        if self.world > 1:
            dist.barrier()


def join(device: str) -> Process:
    """device: auto or any that torch knows; torchrun's environment says the rest."""
    chosen = torch.device(choose_device(None if device == "auto" else device)[0])
    if chosen.type == "cuda":
        torch.cuda.set_device(chosen)
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Process(chosen)
    if not dist.is_initialized():
        dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    return Process(chosen, dist.get_rank(), dist.get_world_size())


def leave() -> None:
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()
