from dataclasses import dataclass, replace
from typing import Any, Callable, Dict, Optional, Sequence, Tuple

import torch
from torch import Tensor, nn

from datasets.clip import Clip
from glosses.vocabulary import GlossVocabulary
from models.viewport import Viewport


@dataclass(frozen=True)
class Probe:
    """A module, and how to take its activation from what it returns.

    `select` finds the graph's own tensor in the output (a tensor, a tuple, a dict): hooks go there.
    `arrange` turns that tensor, or its gradient, into [B, C, T', H', W'] or, for layers that know only when, [B, C, T'].
    Step k covers the network's input frames [k * stride, (k + 1) * stride); `padded` says that the
    input's padding frames are among them, otherwise step 0 starts at the clip's first frame.
    """

    module: nn.Module
    path: str                                           # the module's name in the network
    stride: int                                         # input frames per step
    padded: bool = False
    select: Callable[[Any], Tensor] = lambda output: output
    arrange: Callable[[Tensor], Tensor] = lambda tensor: tensor
    spatial: bool = True


@dataclass(frozen=True)
class Inputs:
    """What a network takes: one or more windows of equal length."""

    tensors: Tuple[Tensor, ...]                         # each [B, ...], on the network's device
    frames: int                                         # clip frames in each window
    left: int = 0                                       # padding frames before and after them
    right: int = 0

    @staticmethod
    def batch(parts: Sequence["Inputs"]) -> "Inputs":
        tensors = tuple(torch.cat(each) for each in zip(*(part.tensors for part in parts)))
        return replace(parts[0], tensors=tensors)


class Recogniser(nn.Module):
    """A continuous sign-language recogniser, as everything downstream sees it."""

    name: str
    beam_width: int                                     # as its authors decode
    vocabulary: GlossVocabulary
    viewport: Viewport
    layers: Dict[str, Probe]                            # every layer that can be asked for
    default_layers: Tuple[str, ...]                     # the public five
    window: int = 200                                   # frames; longer clips are cut into overlapping windows

    def prepare(self, clip: Clip) -> Inputs:
        """A clip (or a window of one) exactly as the authors feed it, batch of one."""
        raise NotImplementedError(type(self).__name__)

    def forward(self, inputs: Inputs) -> Tensor:
        """logits [B, T', V]; softmax over V gives what is decoded."""
        raise NotImplementedError(type(self).__name__)

    def steps(self, frames: int) -> int:
        """Logit steps for a clip of so many frames."""
        raise NotImplementedError(type(self).__name__)

    def decode(self, logits: Tensor, beam: Optional[int] = None) -> Tuple[str, ...]:
        """logits [T', V] -> glosses. beam 1 is greedy, None the authors' width."""
        raise NotImplementedError(type(self).__name__)
