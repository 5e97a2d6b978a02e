"""Integrated gradients (Sundararajan, Taly and Yan 2017), at the input or at a layer."""
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Dict, Iterator, List

import numpy as np
import torch
from torch import Tensor, nn

from cams.methods import Method, hirescam, signed_map
from cams.multi_pass import ManyPasses, Maps, Window
from cams.one_pass import Ask, at_least_float32, one_pass, run_pass, swapped
from models.contract import Inputs, Probe

PARTS = Method(hirescam)    # difference times gradient, added up over channels
OFF = 0.05      # of what the score changed by, that the parts may be off in all before it is said


class Integrated(ManyPasses):
    """What is in a place less what would be there were all of the clip hidden, times the mean gradient on the way.

    Each layer alone goes from that baseline to what it is in the clip; what runs beside it is as in the clip. So the
    parts of a layer add up to what the score loses without it, which is checked: in steps too few they do not.
    """

    budget = 32

    def maps(self, window: Window, budget: int) -> Maps:
        made: Maps = [{} for _ in window.picks]
        hidden = window.recogniser.prepare(window.instead)
        present, absent = (_activations(window, inputs) for inputs in (window.inputs, hidden))
        passes = budget if window.touched else 1
        for number, (name, probe) in enumerate(window.probes.items()):
            before = absent.pop(name)
            path = Path(probe, present.pop(name) - before, [0.0] * len(made), [0.0] * len(made))
            walk = partial(path.walk, window, name, before, passes, number * passes, len(window.probes) * passes)
            window.in_batches(passes, {name: probe}, walk)
            with standing_in(probe, before):
                lost = window.scores - _score(window)
            _check(window, name, np.array(path.sums) / passes, lost)
            for by_layer, total in zip(made, path.maps):
                by_layer[name] = total / passes
        return made


@dataclass
class Path:
    """A layer's way from the baseline to the clip, and of each pick what has been added up on it."""

    probe: Probe
    difference: Tensor              # of the layer's own tensor, from end to end
    maps: List[Any]                 # [T', H', W'] or [T'], once the first has come
    sums: List[float]               # of all its parts, those without a place too

    def walk(self, window: Window, name: str, before: Tensor, passes: int, done: int, total: int, first: int,
             stop: int) -> None:
        """The passes first to stop - 1, at the middles of equal parts of the way."""
        kept = list(self.maps), list(self.sums)
        mixed = torch.cat([before + (number + 0.5) / passes * self.difference for number in range(first, stop)])
        try:
            with standing_in(self.probe, mixed):
                window.pull(Inputs.batch([window.inputs] * (stop - first)), {name: self.probe}, self.add)
        except RuntimeError:
            self.maps, self.sums = kept
            raise
        window.tell(done + stop, total)

    def add(self, pick: int, name: str, mixed: Tensor, gradient: Tensor) -> None:
        gradient = gradient.sum(0, keepdim=True) if len(gradient) > len(self.difference) else gradient
        values, slope = (at_least_float32(self.probe.arrange(tensor)[0]) for tensor in (self.difference, gradient))
        self.maps[pick] = self.maps[pick] + signed_map(PARTS, values, slope, False)
        self.sums[pick] += float((self.difference * gradient).double().sum())


def _activations(window: Window, inputs: Inputs) -> Dict[str, Tensor]:
    """Each layer's own tensor, as the network passes it on."""
    kept: Dict[str, Tensor] = {}

    def keep(name: str, activation: Tensor, _: Any) -> None:
        kept[name] = activation.clone()

    run_pass(window.recogniser, inputs, window.probes, [Ask(lambda _: None, keep)], False, window.precision.dtype)
    return kept


def _score(window: Window) -> np.ndarray:
    """float64 [picks], of the clip as the network reads it now."""
    return window.scored(one_pass(window.recogniser, window.inputs, {}, Tensor.sum, lambda *_: None, False,
                                  window.precision.dtype))


@contextmanager
def standing_in(probe: Probe, tensor: Tensor) -> Iterator[None]:
    """While it lasts, the layer passes this on in place of what it makes."""
    def swap(module: nn.Module, given: Any, output: Any) -> Any:
        return swapped(output, probe.select(output), tensor)

    handle = probe.module.register_forward_hook(swap)
    try:
        yield
    finally:
        handle.remove()


def _check(window: Window, name: str, sums: np.ndarray, lost: np.ndarray) -> None:
    """Completeness: the parts add up to what is lost. Of several picks the worst is told."""
    off = np.abs(sums - lost) / np.maximum(np.abs(lost), 1e-6 * np.abs(window.scores).max() + 1e-12)
    worst = int(off.argmax())
    if off[worst] > OFF:
        about = window.picks[worst].about
        gloss = about.gloss if about else "the target"
        window.notes.append(f"integrated: in {name} the parts for {gloss} add up to {sums[worst]:.3g}, the score loses "
                            f"{lost[worst]:.3g} without them; more passes (--budget) bring the two closer")
