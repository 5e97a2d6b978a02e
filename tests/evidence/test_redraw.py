"""A network drawn anew from its output down."""
from typing import Any, List

import pytest
import torch
from torch import nn

from evidence.redraw import in_order_of_use, redrawn_from_the_top, restored


@pytest.fixture
def network() -> Any:
    """Four layers that are stored in another order than they are used in; weights of mean 5 and spread 0.5."""
    torch.manual_seed(0)
    made: Any = nn.Sequential(*(nn.Linear(30, 30) for _ in range(4)))
    for layer in made:
        nn.init.normal_(layer.weight, 5, 0.5)
    return made


ORDER = (2, 0, 3, 1)


def run(network: Any) -> None:
    x = torch.ones(1, 30)
    for number in ORDER:
        x = network[number](x)


def test_modules_come_as_they_are_used(network: Any) -> None:
    assert in_order_of_use(network, lambda: run(network)) == [network[number] for number in ORDER]
    assert not any(layer._forward_pre_hooks for layer in network)


def test_those_nearest_to_the_output_are_drawn_first_and_keep_mean_and_spread(network: Any) -> None:
    before = [layer.weight.clone() for layer in network]
    changed: List[List[int]] = []
    for _ in redrawn_from_the_top(network, lambda: run(network), (0.0, 0.25, 0.5, 1.0)):
        changed.append([number for number in range(4) if not torch.equal(network[number].weight, before[number])])
    assert changed == [[], [1], [1, 3], [0, 1, 2, 3]]
    for layer, old in zip(network, before):
        assert layer.weight.mean().item() == pytest.approx(5, abs=0.1)
        assert layer.weight.std().item() == pytest.approx(0.5, rel=0.1)
        assert abs(torch.corrcoef(torch.stack([layer.weight.flatten(), old.flatten()]))[0, 1].item()) < 0.2


def test_afterwards_it_is_as_it_was(network: Any) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with restored(network):
        list(redrawn_from_the_top(network, lambda: run(network), (1.0,)))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
