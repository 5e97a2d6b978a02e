"""A network drawn anew from its output down: a map that stays the same does not depend on what was learnt."""
from contextlib import contextmanager
from typing import Callable, Iterator, List, Sequence

import torch
from torch import nn


@contextmanager
def restored(network: nn.Module) -> Iterator[None]:
    """Afterwards the network is as it was."""
    stored = {name: value.clone() for name, value in network.state_dict().items()}
    try:
        yield
    finally:
        network.load_state_dict(stored)


def redrawn_from_the_top(network: nn.Module, run: Callable[[], object], shares: Sequence[float]) -> Iterator[int]:
    """Draws the modules nearest to the output anew, more of them at each step, and says how many are by now."""
    modules = in_order_of_use(network, run)[::-1]
    generator = torch.Generator().manual_seed(0)
    done = 0
    for share in shares:
        stop = round(share * len(modules))
        for module in modules[done:stop]:
            for parameter in module.parameters(recurse=False):
                drawn = torch.randn(parameter.shape, generator=generator).to(parameter)
                spread = parameter.std() if parameter.numel() > 1 else torch.zeros(())
                parameter.data.copy_(drawn * spread.to(parameter) + parameter.mean())
        done = stop
        yield done


def in_order_of_use(network: nn.Module, run: Callable[[], object]) -> List[nn.Module]:
    """Modules with parameters of their own that `run` makes the network use, as it uses them."""
    used: List[nn.Module] = []

    def note(module: nn.Module, *_: object) -> None:
        if module not in used:
            used.append(module)

    hooks = [module.register_forward_pre_hook(note) for module in network.modules()
             if next(module.parameters(recurse=False), None) is not None]
    try:
        run()
    finally:
        for hook in hooks:
            hook.remove()
    return used
