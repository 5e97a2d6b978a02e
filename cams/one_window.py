"""One window of a clip: a forward, and the raw maps of everything that is explained of it."""
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

import torch
from torch import Tensor, nn

from cams.catalogue import aimed, attends
from cams.methods import signed_map
from cams.multi_pass import ManyPasses, Window, unscaled
from cams.one_pass import Ask, Asks, Score, at_least_float32, one_pass, run_pass
from cams.picks import Picks
from cams.plan import Plan
from cams.targets import Target
from models.contract import Details, Inputs, Probe

Span = Tuple[int, int]      # frames first..stop-1
NOTHING = Picks("nothing", (), ())


def explain_window(plan: Plan, span: Span, inputs: Inputs, layers: Sequence[str], target: Target,
                   first: int) -> Tuple[Tensor, "Taken"]:
    """(logits [T', V], what else it leaves), tried again while the precision asks for it.

    first: the window's first step in the whole clip.
    """
    while True:
        taken = Taken(plan, {name: plan.probes[name] for name in layers})
        logits = taken.by_many(plan.method, span, inputs, target, first) if isinstance(plan.method, ManyPasses) else (
            taken.by_one(inputs, target, first))
        if plan.precision.accepts(logits, taken.peaks):
            return logits, taken


@dataclass
class Taken:
    """What one pass leaves: a map of each layer for each thing explained."""

    plan: Plan
    probes: Dict[str, Probe]
    maps: List[Dict[str, Tensor]] = field(default_factory=list)
    peaks: List[Tensor] = field(default_factory=list)       # of gradients, for the precision to watch
    picks: Sequence[Picks] = ()
    details: Dict[str, Dict[str, Tensor]] = field(default_factory=dict)     # of each layer that tells more, by name

    def by_one(self, inputs: Inputs, target: Target, first: int) -> Tensor:
        plan, gradients = self.plan, aimed(self.plan.method)
        asks: Asks = partial(self.decide, target, first) if gradients else [self.ask(_nothing)]
        attend = partial(_take_attention, self.maps[-1]) if attends(plan.method) else None
        with detailed(self.probes, self.details):
            return run_pass(plan.recogniser, inputs, self.probes, asks, gradients, plan.precision.dtype,
                            plan.precision.scale, attend)[0]

    def by_many(self, method: ManyPasses, span: Span, inputs: Inputs, target: Target, first: int) -> Tensor:
        plan = self.plan
        logits = one_pass(plan.recogniser, inputs, {}, Tensor.sum, _ignore, False, plan.precision.dtype)
        self.picks = target(logits)
        window = Window(plan.recogniser, plan.clip.window(*span), inputs, self.probes, logits,
                        self.picks or [NOTHING], first, plan.instead.window(*span), plan.precision, self.peaks,
                        tell=plan.tell)
        self.maps = [{name: raw.relu() for name, raw in by_layer.items()}
                     for by_layer in method.maps(window, plan.passes)]
        plan.notes += [note for note in window.notes if note not in plan.notes]
        return logits

    def decide(self, target: Target, first: int, output: Tensor) -> List[Ask]:
        self.picks = target(output[0].detach())
        return [self.ask(partial(_score, picks, first)) for picks in self.picks] or [self.ask(_nothing)]

    def ask(self, score: Score) -> Ask:
        self.maps.append({})
        if attends(self.plan.method):
            return Ask(score, _ignore)
        return Ask(score, partial(_make_map, self.plan, self.probes, self.maps[-1], self.peaks))


@contextmanager
def detailed(probes: Dict[str, Probe], into: Dict[str, Dict[str, Tensor]]) -> Iterator[None]:
    """What layers can tell of how they came to their output, on the CPU."""
    def note(name: str, tell: Details, module: nn.Module, arguments: Any, output: Any) -> None:
        with torch.no_grad():
            into[name] = {key: value[0].cpu() for key, value in tell(module, arguments, output).items()}

    handles = [probe.module.register_forward_hook(partial(note, name, probe.details))
               for name, probe in probes.items() if probe.details is not None]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _score(picks: Picks, first: int, output: Tensor) -> Optional[Tensor]:
    return picks.score(output[0], first)


def _nothing(output: Tensor) -> None:
    return None


def _ignore(*_: Any) -> None:
    pass


def _take_attention(maps: Dict[str, Tensor], name: str, attention: Tensor) -> None:
    maps[name] = at_least_float32(attention[0])


def _make_map(plan: Plan, probes: Dict[str, Probe], maps: Dict[str, Tensor], peaks: List[Tensor], name: str,
              activation: Tensor, gradient: Optional[Tensor]) -> None:
    """Called as each gradient arrives: [1, C, T', H', W'] -> [T', H', W'], after ReLU."""
    values, slope = at_least_float32(probes[name].arrange(activation)[0]), None
    if gradient is not None:
        slope = unscaled(probes[name].arrange(gradient)[0], plan.precision, peaks)
    assert not isinstance(plan.method, ManyPasses)
    maps[name] = signed_map(plan.method, values, slope, plan.per_frame).relu_()
