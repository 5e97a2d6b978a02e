"""A running average of a network's weights, which often reads better than the weights of any one step."""
from typing import Dict, List, Mapping, Optional, Tuple

import torch
from torch import Tensor, nn


class RunningAverage:
    """Of what has fractions; counters and reading orders are no quantities, and stay the network's own."""

    def __init__(self, network: nn.Module, kept: float) -> None:
        self.network = network
        self.kept = kept            # of the average at each step
        self.average: Dict[str, Tensor] = {key: value.detach().float().clone() for key, value in _numbers(network)}

    @torch.no_grad()
    def update(self, live: Optional[nn.Module] = None) -> None:
        """live: whose weights are averaged, where these are not the network's own."""
        for key, value in _numbers(live or self.network):
            self.average[key].lerp_(value.float(), 1 - self.kept)

    def state(self) -> Dict[str, Tensor]:
        """A whole state dict."""
        return dict(self.network.state_dict(), **self.average)

    def load(self, state: Mapping[str, Tensor]) -> None:
        for key, value in self.average.items():
            value.copy_(state[key])

    @torch.no_grad()
    def swap(self) -> None:
        """Average and weights change places; a second time puts them back."""
        for key, value in _numbers(self.network):
            mine = self.average[key]
            kept = mine.clone()
            mine.copy_(value)
            value.copy_(kept)


def _numbers(network: nn.Module) -> List[Tuple[str, Tensor]]:
    return [(key, value) for key, value in network.state_dict().items() if value.is_floating_point()]
