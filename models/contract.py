"""What a network must tell for its maps to be made: how it is fed, its layers, and where on the picture it looks."""
from dataclasses import dataclass, replace
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple

import torch
from torch import Tensor, nn

from datasets.clip import Clip
from geometry.viewport import Viewport
from models.cells import START, Axes

# (module, its arguments, its output) -> [B, T', H', W'], not negative: what each place is given of the attention;
# of a layer that knows only when [B, T', T'], a row a step: what each step is given of it; of a layer of joints
# [B, T', J, J], a row a joint: what each joint takes from each, at each step.
Attention = Callable[[nn.Module, Tuple[Any, ...], Any], Tensor]
Details = Callable[[nn.Module, Tuple[Any, ...], Any], Dict[str, Tensor]]       # by name, each [B, T', ...]


@dataclass(frozen=True)
class Probe:
    """A module, and how to take its activation from what it returns.

    `select` finds the graph's own tensor in the output (a tensor, a tuple, a dict): hooks go there.
    `arrange` turns that tensor, or its gradient, into [B, C, T', H', W'], or [B, C, T'] for layers that know only when.
    `cells` say where in the network's input each cell is centred. Steps lie `stride` frames apart; `padded` says that
    the input's padding frames have steps of their own (but for `lost` of them, which unpadded windows take), otherwise
    step 0 is the clip's first.
    A layer with an `attention` can also be asked for by the method of that name, which takes no gradient.
    """

    module: nn.Module
    path: str                                           # the module's name in the network
    stride: int                                         # input frames per step
    padded: bool = False
    lost: int = 0
    select: Callable[[Any], Tensor] = lambda output: output
    arrange: Callable[[Tensor], Tensor] = lambda tensor: tensor
    spatial: bool = True
    channels: int = 0
    size: int = 0                                       # H' of a spatial layer
    width: int = 0                                      # W', where it is not H'
    attention: Optional[Attention] = None
    asked_as: str = "attention"                         # the method that shows it: attention, or graph
    details: Optional[Details] = None                   # what more can be told of how it came to its output
    attends_only: bool = False                          # whatever the method, the map is its attention
    joints: Tuple[int, ...] = ()                        # of a layer whose cells lie on keypoints: which of the 133
    cells: Axes = START                                 # time, height, width in frames and pixels of the input
    view: Tuple[int, int] = (0, 0)                      # the input's height and width in pixels

    def __post_init__(self) -> None:
        if self.cells[0].stride != self.stride:
            raise ValueError(f"layer {self.path}: steps {self.stride} frames apart, their centres {self.cells[0]}")

    @property
    def field(self) -> Optional[float]:
        """The part of the view's height that reaches a cell along its own stream; None of a layer without space."""
        return min(1.0, self.cells[1].seen / self.view[0]) if self.spatial and not self.joints else None

    def shape(self, frames: int) -> Tuple[int, ...]:
        """(C, T', H', W'), (C, T', J) or (C, T') for so many input frames."""
        steps = -(-(frames - self.lost) // self.stride)
        space = (len(self.joints),) if self.joints else (self.size, self.width or self.size) if self.spatial else ()
        return (self.channels, steps, *space)


@dataclass(frozen=True)
class Inputs:
    """What a network takes: one or more windows of equal length."""

    tensors: Tuple[Tensor, ...]                         # each [B, ...], on the network's device
    frames: int                                         # clip frames in each window
    left: int = 0                                       # padding frames before and after them; negative: frames cut
    right: int = 0

    @staticmethod
    def batch(parts: Sequence["Inputs"]) -> "Inputs":
        if len(parts) == 1:
            return parts[0]
        tensors = tuple(_one_after_another(same) for same in zip(*(part.tensors for part in parts)))
        return replace(parts[0], tensors=tensors)


def _one_after_another(tensors: Sequence[Tensor]) -> Tensor:
    """Each lies in memory as it lay: channels, say, last."""
    first = tensors[0]
    order = (0, *sorted(range(1, first.dim()), key=first.stride, reverse=True))
    back = [order.index(dimension) for dimension in range(first.dim())]
    return torch.cat([tensor.permute(order) for tensor in tensors]).permute(back)


class Explainable(nn.Module):
    """A trained network whose maps can be made.

    `network` is the trained part: its state dict is the published one, it takes ready-made tensors.
    """

    name: str
    title: str                                          # as its authors write it
    signature: str                                      # a key that only its checkpoints have
    computed: Tuple[str, ...] = ()                      # endings of keys that a checkpoint may lack
    tied: Tuple[Tuple[str, str], ...] = ()              # prefixes of keys that are two names of one tensor
    folds: bool = True                                  # whether batch norms may go into the weights
    default_layers: Tuple[str, ...]
    network: nn.Module
    viewport: Viewport
    layers: Dict[str, Probe]                            # every layer that can be asked for

    def __init__(self, architecture: Dict[str, Any]) -> None:
        super().__init__()
        self.architecture = architecture
        self.notes: Tuple[str, ...] = ()                # what the user should know about these weights

    @classmethod
    def fit(cls, architecture: Dict[str, Any], weights: Mapping[str, Any]) -> Dict[str, Any]:
        """The architecture with what the weights' shapes say (class count and the like) in place of its own."""
        raise NotImplementedError(cls.__name__)

    @classmethod
    def stored(cls, weights: Mapping[str, Any]) -> Mapping[str, Any]:
        """Those of a file's tensors that hold something."""
        return weights

    def complete(self, lacking: Tuple[str, ...]) -> None:
        """After loading: what the file lacked, of what it may lack, is worked out."""

    @property
    def device(self) -> torch.device:
        return next(self.network.parameters()).device

    def prepare(self, clip: Clip) -> Inputs:
        """A clip (or a window of one) exactly as the authors feed it, batch of one."""
        raise NotImplementedError(type(self).__name__)

    def forward(self, inputs: Inputs) -> Tensor:
        """[B, ...], whatever the network says of each input."""
        raise NotImplementedError(type(self).__name__)

    def input_frames(self, frames: int) -> int:
        """How long the network's input is for a clip of so many frames, with padding and without what is cut."""
        raise NotImplementedError(type(self).__name__)

    def layer_shapes(self, frames: int) -> Dict[str, Tuple[int, ...]]:
        """Every layer's (C, T', H', W') or (C, T') for a clip of so many frames."""
        whole = self.input_frames(frames)
        return {name: probe.shape(whole if probe.padded else min(whole, frames))
                for name, probe in self.layers.items()}
