"""One process, or several under torchrun."""
import os
from dataclasses import dataclass
from typing import Any, List

import torch
import torch.distributed as dist


@dataclass(frozen=True)
class Place:
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


def join(device: str) -> Place:
    """device: cpu, cuda or auto; torchrun's environment says the rest."""
    on_gpu = device.startswith("cuda") or (device == "auto" and torch.cuda.is_available())
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        return Place(torch.device("cuda" if on_gpu and device == "auto" else "cpu" if device == "auto" else device))
    local = int(os.environ["LOCAL_RANK"])
    if on_gpu:
        torch.cuda.set_device(local)
    if not dist.is_initialized():
        dist.init_process_group("nccl" if on_gpu else "gloo")
    return Place(torch.device("cuda", local) if on_gpu else torch.device("cpu"), dist.get_rank(), world)


def leave() -> None:
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()
