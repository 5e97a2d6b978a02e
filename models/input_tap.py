"""Where a network's input goes in, as a layer that can be asked for like any other."""
from torch import Tensor, nn

from models.cells import START
from models.contract import Probe

INPUT = "input"         # the layer's name; behind a stream's where a network has several


class Entry(nn.Module):
    """Hands its input on, so that what watches layers can watch the input too. It holds no weights."""

    def forward(self, x: Tensor) -> Tensor:
        return x


def entry_probe(entry: Entry, path: str, channels: int, size: int, padded: bool = False) -> Probe:
    """Cells are the pixels and frames of the input, padding frames among them."""
    return Probe(entry, path, 1, padded, channels=channels, size=size, cells=START, view=(size, size))
