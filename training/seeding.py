"""Every epoch starts from generators seeded by its number: what it draws does not depend on what ran before."""
import random
from typing import Iterator, List

import numpy as np
import torch
from torch.utils.data import Sampler


def seed_everything(*parts: int) -> int:
    """All generators, from numbers such as (seed, epoch, rank). Gives the seed."""
    seed = int(np.random.SeedSequence(parts).generate_state(1)[0])
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    return seed


def seed_worker(worker: int) -> None:
    """PyTorch has seeded itself and `random` for the worker; NumPy is left to us."""
    np.random.seed(torch.initial_seed() % 2 ** 32)


class EpochOrder(Sampler):
    """This process's share of the clips in the epoch's order; all processes get equally many."""

    def __init__(self, clips: int, seed: int, epoch: int, rank: int = 0, world: int = 1) -> None:
        generator = torch.Generator().manual_seed(int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0]))
        order = torch.randperm(clips, generator=generator)
        self.order: List[int] = order[rank:clips - clips % world:world].tolist()

    def __iter__(self) -> Iterator[int]:
        return iter(self.order)

    def __len__(self) -> int:
        return len(self.order)
