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


def explain_window(plans: Sequence[Plan], span: Span, inputs: Inputs, layers: Sequence[str], target: Target,
                   first: int) -> Tuple[Tensor, "Taken"]:
    """(logits [T', V], what else it leaves), tried again while the precision asks for it.

    plans: one, or several of methods that one pass serves together. first: the window's first step in the whole clip.
    """
    lead, probes = plans[0], probes_of_all(plans)
    while True:
        taken = Taken(plans, {name: probes[name] for name in layers}, [[] for _ in plans])
        logits = taken.by_many(lead.method, span, inputs, target, first) if isinstance(lead.method, ManyPasses) else (
            taken.by_one(inputs, target, first))
        if lead.precision.accepts(logits, taken.peaks):
            return logits, taken


def probes_of_all(plans: Sequence[Plan]) -> Dict[str, Probe]:
    return {name: probe for plan in plans for name, probe in plan.probes.items()}


@dataclass
class Taken:
    """What one pass leaves: a map of each layer for each thing explained."""

    plans: Sequence[Plan]
    probes: Dict[str, Probe]
    maps: List[List[Dict[str, Tensor]]]                     # of each plan and pick, by layer
    peaks: List[Tensor] = field(default_factory=list)       # of gradients, for the precision to watch
    picks: Sequence[Picks] = ()
    details: Dict[str, Dict[str, Tensor]] = field(default_factory=dict)     # of each layer that tells more, by name
    attention: Dict[str, Tensor] = field(default_factory=dict)

    def by_one(self, inputs: Inputs, target: Target, first: int) -> Tensor:
        lead, gradients = self.plans[0], any(aimed(plan.method) for plan in self.plans)
        asks: Asks = partial(self.decide, target, first) if gradients else [self.ask(_nothing)]
        attend = self.attend if any(attends(plan.method) for plan in self.plans) else None
        with detailed(self.probes, self.details):
            logits = run_pass(lead.recogniser, inputs, self.probes, asks, gradients, lead.precision.dtype,
                              lead.precision.scale, attend)[0]
        for plan, of_picks in zip(self.plans, self.maps):
            for maps in of_picks if attends(plan.method) else ():
                maps.update({name: self.attention[name] for name in plan.probes if name in self.probes})
        return logits

    def by_many(self, method: ManyPasses, span: Span, inputs: Inputs, target: Target, first: int) -> Tensor:
        plan, = self.plans
        logits = one_pass(plan.recogniser, inputs, {}, Tensor.sum, _ignore, False, plan.precision.dtype)
        self.picks = target(logits)
        window = Window(plan.recogniser, plan.clip.window(*span), inputs, self.probes, logits,
                        self.picks or [NOTHING], first, plan.instead.window(*span), plan.precision, self.peaks,
                        tell=plan.tell)
        self.maps = [[{name: raw.relu() for name, raw in by_layer.items()}
                      for by_layer in method.maps(window, plan.passes)]]
        plan.notes += [note for note in window.notes if note not in plan.notes]
        return logits

    def decide(self, target: Target, first: int, output: Tensor) -> List[Ask]:
        self.picks = target(output[0].detach())
        return [self.ask(partial(_score, picks, first)) for picks in self.picks] or [self.ask(_nothing)]

    def ask(self, score: Score) -> Ask:
        for of_picks in self.maps:
            of_picks.append({})
        return Ask(score, partial(self.make_maps, [of_picks[-1] for of_picks in self.maps]))

    def attend(self, name: str, attention: Tensor) -> None:
        self.attention[name] = at_least_float32(attention[0])

    def make_maps(self, maps: Sequence[Dict[str, Tensor]], name: str, activation: Tensor,
                  gradient: Optional[Tensor]) -> None:
        """Called as each gradient arrives: [1, C, T', H', W'] -> [T', H', W'] of each plan's method, after ReLU."""
        asking = [(plan, into) for plan, into in zip(self.plans, maps)
                  if name in plan.probes and not attends(plan.method)]
        if not asking:
            return
        probe, lead = self.probes[name], self.plans[0]
        values, slope = at_least_float32(probe.arrange(activation)[0]), None
        if gradient is not None:
            slope = unscaled(probe.arrange(gradient)[0], lead.precision, self.peaks)
        for plan, into in asking:
            assert not isinstance(plan.method, ManyPasses)
            into[name] = signed_map(plan.method, values, slope, plan.per_frame).relu_()


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
