"""What a method needs that asks the network many times, and the contract it follows."""
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor

from cams.memory import BatchSize, in_batches
from cams.one_pass import Ask, at_least_float32, run_pass
from cams.picks import Picks
from cams.precision import Precision
from cams.rereading import Tell, Version, reread
from cams.usual import Usual
from datasets.clip import Clip
from models.contract import Inputs, Probe
from models.input_tap import INPUT, Entry
from models.recogniser import Recogniser

ROUNDING = 1e-6         # of a score, that reading a clip in another batch may change
Receive = Callable[[int, str, Tensor, Tensor], None]    # number of the pick, layer, activation, gradient
Maps = List[Dict[str, Tensor]]                          # of each pick, by layer


@dataclass
class Window:
    """A clip, or a window of one, whose logits are known, and what of them is to be explained."""

    recogniser: Recogniser
    clip: Clip                      # the window's own frames
    inputs: Inputs
    probes: Dict[str, Probe]
    logits: Tensor                  # [T', V]
    picks: Sequence[Picks]
    first: int                      # the window's first step in the whole clip
    instead: Clip                   # its frames with all of them hidden: what stands in for what is hidden
    precision: Precision
    peaks: List[Tensor] = field(default_factory=list)       # of gradients, for the precision to watch
    notes: List[str] = field(default_factory=list)
    tell: Tell = lambda done, total: None

    @cached_property
    def scores(self) -> np.ndarray:
        """float64 [picks]; 0 where a pick is in another window."""
        return self.scored(self.logits)

    def scored(self, logits: Tensor) -> np.ndarray:
        scores = [pick.score(logits.double(), self.first) for pick in self.picks]
        return np.array([0.0 if score is None else float(score) for score in scores])

    @property
    def touched(self) -> bool:
        """Whether any pick is in this window."""
        return any(pick.score(self.logits, self.first) is not None for pick in self.picks)

    def read(self, versions: Sequence[Version]) -> np.ndarray:
        """The scores float64 [versions, picks] of other clips of this length."""
        if not versions:
            return np.zeros((0, len(self.picks)))
        return reread(self.recogniser, versions, len(self.clip), len(self.clip), self.scored, self.tell,
                      self.precision.dtype, Usual(self.recogniser, self.clip))

    def apart(self, scores: np.ndarray, usual: np.ndarray) -> np.ndarray:
        """scores less usual, [versions, picks]: nothing where no more than rounding lies between, or a map of a clip in
        which nothing counts would be drawn of that."""
        between = scores - usual
        return np.where(abs(between) > ROUNDING * abs(self.scores), between, 0.0)

    def pull(self, inputs: Inputs, probes: Dict[str, Probe], receive: Receive) -> Tensor:
        """One forward of one or more clips, a backward for each pick of all of them: `receive` gets each layer's raw
        activation and gradient, the gradient in float32 and not scaled. Gives the logits [T', V] of the first."""
        def ask(number: int, pick: Picks) -> Ask:
            def finish(name: str, activation: Tensor, gradient: Optional[Tensor]) -> None:
                assert gradient is not None
                receive(number, name, activation, unscaled(gradient, self.precision, self.peaks))

            return Ask(partial(self._summed, pick), finish)

        return run_pass(self.recogniser, inputs, probes, [ask(*numbered) for numbered in enumerate(self.picks)], True,
                        self.precision.dtype, self.precision.scale)[0]

    def _summed(self, pick: Picks, output: Tensor) -> Optional[Tensor]:
        """All clips of a batch share one backward: a clip counts in its own score alone, so its gradient is of that."""
        scores = [score for score in (pick.score(logits, self.first) for logits in output) if score is not None]
        return torch.stack(scores).sum() if scores else None

    def in_batches(self, count: int, probes: Dict[str, Probe], run: Callable[[int, int], None]) -> None:
        """run(first, stop) of the passes; at the input, where clips do not mix, of several at once."""
        size = BatchSize(self.recogniser.device, len(self.clip))
        at_input = all(isinstance(probe.module, Entry) for probe in probes.values())
        if not (at_input and self.recogniser.together):
            size.count, size.measured = 1, True
        in_batches(size, count, run)


class ManyPasses(ABC):
    """A method of many passes: what the network says, again and again, of something a little different.

    `budget` is how many it takes where none is asked for. One that is `on_clip` changes the clip itself, takes no
    gradient, and its maps lie on the clip: its one layer is `input`.
    """

    budget: int
    on_clip = False

    @abstractmethod
    def maps(self, window: Window, budget: int) -> Maps:
        """Of each pick and layer, before ReLU."""

    def grid(self, recogniser: Recogniser, frames: int, budget: int) -> int:
        """Of one that is `on_clip`: its maps' cells along a side of what the network sees."""
        raise NotImplementedError(type(self).__name__)


def unscaled(gradient: Tensor, precision: Precision, peaks: List[Tensor]) -> Tensor:
    gradient = at_least_float32(gradient)
    if precision.dtype is not None:
        peaks.append(torch.stack(torch.aminmax(gradient)).abs().max())
    return gradient / precision.scale if precision.scale != 1 else gradient


def clip_probe(recogniser: Recogniser, side: int) -> Probe:
    """A layer of so many cells over what the network sees, with a step for every frame of its input."""
    padded = any(probe.padded for probe in inputs_of(recogniser).values())
    return Probe(Entry(), INPUT, 1, padded, size=side, view=(side, side))


def inputs_of(recogniser: Recogniser) -> Dict[str, Probe]:
    """Those layers that are a stream's input."""
    return {name: probe for name, probe in recogniser.layers.items() if isinstance(probe.module, Entry)}


def on_input(values: np.ndarray, window: Window) -> Tensor:
    """[T, ...] of the clip's frames -> of the input's, whose padding repeats the first and the last."""
    frames = np.arange(window.inputs.tensors[0].shape[2]) - window.inputs.left
    return torch.from_numpy(values[frames.clip(0, len(values) - 1)]).float().to(window.recogniser.device)


def steps_and_side(budget: int, frames: int, ratio: float) -> Tuple[int, int]:
    """How many parts in time and along a side of the view, at most `budget` in all, where a part that is 1/n of the
    view wide lasts `ratio`/n frames or a little more."""
    side = max(1, int((budget * ratio / frames) ** (1 / 3) + 1e-9))
    side = min(side, int(budget ** 0.5))
    return max(1, min(budget // side ** 2, frames)), side
