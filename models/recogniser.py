import math
from dataclasses import dataclass, replace
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import torch
from torch import Tensor, nn

from datasets.clip import Clip
from geometry.viewport import Viewport
from glosses import ctc
from glosses.vocabulary import GlossVocabulary
from models.cells import START, Axes


@dataclass(frozen=True)
class Probe:
    """A module, and how to take its activation from what it returns.

    `select` finds the graph's own tensor in the output (a tensor, a tuple, a dict): hooks go there.
    `arrange` turns that tensor, or its gradient, into [B, C, T', H', W'], or [B, C, T'] for layers that know only when.
    `cells` say where in the network's input each cell is centred. Steps lie `stride` frames apart; `padded` says that
    the input's padding frames have steps of their own, otherwise step 0 is the clip's first.
    """

    module: nn.Module
    path: str                                           # the module's name in the network
    stride: int                                         # input frames per step
    padded: bool = False
    select: Callable[[Any], Tensor] = lambda output: output
    arrange: Callable[[Tensor], Tensor] = lambda tensor: tensor
    spatial: bool = True
    channels: int = 0
    size: int = 0                                       # H' = W' of a spatial layer
    cells: Axes = START                                 # time, height, width in frames and pixels of the input
    view: Tuple[int, int] = (0, 0)                      # the input's height and width in pixels

    def __post_init__(self) -> None:
        if self.cells[0].stride != self.stride:
            raise ValueError(f"layer {self.path}: steps {self.stride} frames apart, their centres {self.cells[0]}")

    def shape(self, frames: int) -> Tuple[int, ...]:
        """(C, T', H', W') or (C, T') for so many input frames."""
        steps = -(-frames // self.stride)
        return (self.channels, steps, self.size, self.size) if self.spatial else (self.channels, steps)


@dataclass(frozen=True)
class Inputs:
    """What a network takes: one or more windows of equal length."""

    tensors: Tuple[Tensor, ...]                         # each [B, ...], on the network's device
    frames: int                                         # clip frames in each window
    left: int = 0                                       # padding frames before and after them; negative: frames cut
    right: int = 0

    @staticmethod
    def batch(parts: Sequence["Inputs"]) -> "Inputs":
        tensors = tuple(torch.cat(each) for each in zip(*(part.tensors for part in parts)))
        return replace(parts[0], tensors=tensors)


class Recogniser(nn.Module):
    """A continuous sign-language recogniser, as everything downstream sees it.

    `network` is the trained part: its state dict is the published one, it takes ready-made tensors and lengths.
    """

    name: str
    title: str                                          # as its authors write it
    signature: str                                      # a key that only its checkpoints have
    computed: Tuple[str, ...] = ()                      # endings of keys that a checkpoint may lack
    takes_tall_frames = False                           # the 210x260 ones, where they are
    tied: Tuple[Tuple[str, str], ...] = ()              # prefixes of keys that are two names of one tensor
    folds: bool = True                                  # whether batch norms may go into the weights
    default_layers: Tuple[str, ...]                     # the public five
    network: nn.Module
    viewport: Viewport
    layers: Dict[str, Probe]                            # every layer that can be asked for
    longest: Optional[int] = None                       # frames it takes at once, where its authors set a limit

    def __init__(self, architecture: Dict[str, Any], vocabulary: GlossVocabulary) -> None:
        super().__init__()
        self.architecture = architecture
        self.vocabulary = vocabulary
        self.beam_width: int = architecture["beam"]     # as its authors decode
        self.window: int = architecture["window"]       # frames; longer clips are cut into overlapping windows
        self.notes: Tuple[str, ...] = ()                # what the user should know about these weights

    @classmethod
    def fit(cls, architecture: Dict[str, Any], weights: Mapping[str, Any]) -> Dict[str, Any]:
        """The architecture with what the weights' shapes say (class count and the like) in place of its own."""
        raise NotImplementedError(cls.__name__)

    @property
    def device(self) -> torch.device:
        return next(self.network.parameters()).device

    def prepare(self, clip: Clip) -> Inputs:
        """A clip (or a window of one) exactly as the authors feed it, batch of one."""
        raise NotImplementedError(type(self).__name__)

    def forward(self, inputs: Inputs) -> Tensor:
        """logits [B, T', V]; softmax over V gives what is decoded."""
        raise NotImplementedError(type(self).__name__)

    def steps(self, frames: int) -> int:
        """Logit steps for a clip of so many frames, read in windows if it is long."""
        raise NotImplementedError(type(self).__name__)

    @property
    def frames_per_step(self) -> int:
        """Frames from one logit step to the next."""
        spec: Sequence[str] = self.network.kernel_spec  # type: ignore[assignment]
        return math.prod(int(entry[1:]) for entry in spec if entry[0] == "P")

    def input_frames(self, frames: int) -> int:
        """How long the network's input is for a clip of so many frames, with padding and without what is cut."""
        raise NotImplementedError(type(self).__name__)

    def layer_shapes(self, frames: int) -> Dict[str, Tuple[int, ...]]:
        """Every layer's (C, T', H', W') or (C, T') for a clip of so many frames."""
        whole = self.input_frames(frames)
        return {name: probe.shape(whole if probe.padded else min(whole, frames))
                for name, probe in self.layers.items()}

    def decode_ids(self, logits: Tensor, beam: Optional[int] = None) -> List[int]:
        """logits [T', V] -> gloss ids, equal neighbours merged. beam 1 is greedy, None the authors' width."""
        log_probs = logits.detach().double().log_softmax(-1).cpu().numpy()
        return ctc.decode(log_probs, self.beam_width if beam is None else beam, self.vocabulary.blank)

    def decode(self, logits: Tensor, beam: Optional[int] = None) -> Tuple[str, ...]:
        """logits [T', V] -> glosses."""
        return self.vocabulary.decode(self.decode_ids(logits, beam))
