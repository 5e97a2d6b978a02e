"""One forward and one backward through a network, with every probed layer's map made on the way."""
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, Callable, Dict, List, Optional, Sequence, Set, Tuple, Union

import torch
from torch import Tensor, nn

from cams.recurrent import AT_ONCE, Cuts, at_least_float32
from models.contract import Explainable, Inputs, Probe
from models.evaluating import evaluating
from models.float32 import full_float32
from models.plain_layout import guarded
from models.recogniser import Recogniser

Finish = Callable[[str, Tensor, Optional[Tensor]], None]    # layer, activation, gradient (None where there is none)
Score = Callable[[Tensor], Optional[Tensor]]                # output [B, ...] -> one number; None: 0 whatever comes in


@dataclass(frozen=True)
class Ask:
    """A score, and what becomes of each layer's activation and its gradient."""

    score: Score
    finish: Finish


Asks = Union[Sequence[Ask], Callable[[Tensor], Sequence[Ask]]]     # a callable decides them on the output


class Tap(torch.autograd.Function):
    """Starts the graph at a tensor below which nothing is asked: hands its gradient over, and lets it go no further."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor, anchor: Tensor, receive: Callable[[Tensor], None]) -> Tensor:
        ctx.receive = receive
        return tensor.detach()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tuple[None, None, None]:  # type: ignore[override]
        ctx.receive(gradient)
        return None, None, None


class Watch:
    """Hooks on the probes. `finish` gets a layer's activation and gradient once both are there. After the backward of
    the last score neither is kept. `attend` gets each layer's attention map."""

    def __init__(self, probes: Dict[str, Probe], finish: Finish, gradients: bool = True,
                 attend: Optional[Callable[[str, Tensor], None]] = None) -> None:
        self.finish = finish
        self.gradients = gradients
        self.attend = attend
        self.kept: Dict[str, Tuple[Tensor, int]] = {}       # activations that a gradient is yet to come for, version
        self.due: Set[str] = set()                          # layers whose gradient of this score is yet to come
        self.last = True
        self.seen: List[str] = []
        self.probes = probes
        self.handles: List[Any] = []

    def __enter__(self) -> "Watch":
        for name, probe in self.probes.items():
            self.handles.append(probe.module.register_forward_hook(partial(self._forward, name, probe)))
        return self

    def __exit__(self, *exception: Any) -> None:
        for handle in self.handles:
            handle.remove()
        self.kept.clear()

    def _forward(self, name: str, probe: Probe, module: nn.Module, arguments: Any, output: Any) -> Any:
        if name in self.seen:
            raise RuntimeError(f"layer {name} ran twice in one forward: its map would be of one of the two")
        self.seen.append(name)
        if self.attend is not None and probe.attention is not None:
            with torch.no_grad():
                self.attend(name, probe.attention(module, arguments, output))
        tensor = probe.select(output)
        if not self.gradients:
            with torch.autocast(tensor.device.type, enabled=False):     # the network's; a map is made in float32
                self.finish(name, tensor.detach(), None)
            return None
        self.kept[name] = (tensor.detach(), tensor._version)
        receive = partial(self._receive, name)
        if tensor.requires_grad:
            tensor.register_hook(receive)
            return None
        anchor = torch.empty(0, requires_grad=True)
        return swapped(output, tensor, Tap.apply(tensor, anchor, receive))

    def expect(self, finish: Finish, last: bool) -> None:
        """Before each backward: whose gradients come now."""
        self.finish, self.last, self.due = finish, last, set(self.kept)

    def _receive(self, name: str, gradient: Tensor) -> None:
        if name not in self.due:            # on the way to a cut: no score's backward yet
            return
        self.due.remove(name)
        activation, version = self.kept.pop(name) if self.last else self.kept[name]
        if activation._version != version:
            raise RuntimeError(f"layer {name} is overwritten in place after it ran: its activation is lost")
        self.finish(name, activation, gradient)

    def close(self) -> None:
        """After each backward: layers that never ran are an error, those that the score does not touch have no map."""
        unseen = [name for name in self.probes if name not in self.seen]
        if unseen:
            raise RuntimeError(f"layers {', '.join(unseen)} never run in evaluation")
        while self.due:
            name = self.due.pop()
            activation, _ = self.kept.pop(name) if self.last else self.kept[name]
            self.finish(name, activation, torch.zeros_like(activation))


def swapped(output: Any, old: Tensor, new: Tensor) -> Any:
    """The same output (a tensor, or tuples, lists and dicts of them) with one tensor replaced."""
    if output is old:
        return new
    if isinstance(output, dict):
        return type(output)((key, swapped(value, old, new)) for key, value in output.items())
    if isinstance(output, (tuple, list)):
        values = [swapped(value, old, new) for value in output]
        return type(output)(*values) if hasattr(output, "_fields") else type(output)(values)
    return output


def one_pass(recogniser: Recogniser, inputs: Inputs, probes: Dict[str, Probe], score: Score, finish: Finish,
             gradients: bool = True, dtype: Optional[torch.dtype] = None, scale: float = 1.0,
             attend: Optional[Callable[[str, Tensor], None]] = None) -> Tensor:
    """A recogniser's logits [T', V] of one clip, which `score` is asked about."""
    ask = Ask(lambda output: score(output[0]), finish)
    return run_pass(recogniser, inputs, probes, [ask], gradients, dtype, scale, attend)[0]


def run_pass(model: Explainable, inputs: Inputs, probes: Dict[str, Probe], asks: Asks, gradients: bool = True,
             dtype: Optional[torch.dtype] = None, scale: float = 1.0,
             attend: Optional[Callable[[str, Tensor], None]] = None) -> Tensor:
    """The network's output [B, ...], at least float32: one forward, one backward through it for each score, but for its
    recurrent layers, which several scores go through together.

    `finish` is called for each layer; gradients come multiplied by `scale`. What is asked may be decided on the output.
    Without gradients it is the first ask's `finish` that is called, as the layers run. `attend` is called for each
    layer that has an attention map.
    """
    device = inputs.tensors[0].device.type
    with ExitStack() as stack:
        stack.enter_context(evaluating(model))
        stack.enter_context(torch.set_grad_enabled(gradients))
        if gradients:
            stack.enter_context(guarded(model))
        if dtype is None:
            stack.enter_context(full_float32())
        cuts = stack.enter_context(Cuts(model if gradients else nn.Identity()))
        finish = _no_gradient if callable(asks) else asks[0].finish
        watch = stack.enter_context(Watch(probes, finish, gradients, attend))
        with torch.autocast(device, dtype=dtype, enabled=dtype is not None):
            output = model(inputs)
        output = at_least_float32(output)
        asked = asks(output) if callable(asks) else asks
        for first in range(0, len(asked), AT_ONCE):
            some = asked[first:first + AT_ONCE]
            scores = [ask.score(output) if gradients and output.requires_grad else None for ask in some]
            roots = iter(cuts.roots([score * scale for score in scores if score is not None]))
            for number, (ask, score) in enumerate(zip(some, scores), start=first + 1):
                watch.expect(ask.finish, last=number == len(asked))
                if score is not None:
                    torch.autograd.backward(*next(roots), retain_graph=not watch.last)
                watch.close()
    return output.detach()


def _no_gradient(name: str, *_: Any) -> None:
    raise RuntimeError(f"layer {name}: decided on an output, what is asked of it needs a gradient")
