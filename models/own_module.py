"""Any module as the engine sees a recogniser: its layers go by name, and where their cells lie is traced."""
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor, nn

from datasets.clip import Clip
from geometry.viewport import Viewport
from glosses.vocabulary import GlossVocabulary
from models.contract import Inputs, Probe
from models.evaluating import evaluating
from models.input_tap import INPUT, Entry
from models.measured_view import measured_view
from models.own_layers import Arrange, Traced, as_clip, as_given, input_order, only_tensor, probe_of
from models.recogniser import Recogniser
from models.traced_cells import lattice_of
from terminal.errors import UserError


@dataclass(frozen=True)
class Own:
    """A module, and what its user says of it."""

    module: nn.Module
    to_input: Callable[[np.ndarray], Tensor]        # frames uint8 [T, H, W, 3] RGB -> what the module takes
    to_logits: Callable[[Any], Tensor]              # its output -> logits [V], [T', V] or [1, T', V]; or a score []
    arrange: Optional[Arrange] = None               # of layers whose layout cannot be read off their sizes
    view: Optional[Viewport] = None                 # what of a frame the input shows; None: it is measured


class OwnModule(Recogniser):
    """For clips of one size and length. Its layers are those that were asked for, and its input."""

    cuts = together = False

    def __init__(self, own: Own, clip: Clip, layers: Sequence[str]) -> None:
        super().__init__({"beam": 1, "window": len(clip)}, GlossVocabulary([]))
        self.own, self.network, self.entry = own, own.module, Entry()
        self.name = self.title = type(own.module).__name__
        self.default_layers = tuple(layers)
        self.order = input_order(self._given(clip.frames).shape, len(clip))
        self.viewport = own.view or measured_view(self._looked_at, clip.frames.shape)
        modules = {name: _module(own.module, name) for name in layers if name != INPUT}
        x, traced, steps = self._traced(clip, modules)
        self.frames_each = -(-len(clip) // steps)
        _, channels, _, *view = x.shape
        self.layers = {INPUT: Probe(self.entry, INPUT, 1, arrange=partial(as_clip, order=self.order),
                                    channels=channels, size=view[0], width=view[1], view=(view[0], view[1]))}
        for name, module in modules.items():
            self.layers[name] = probe_of(name, module, traced[name], self.order, (view[0], view[1]), own.arrange)
        self.uneven = [name for name in modules if traced[name].lattice.even or self._stretched(name, traced[name])]

    @property
    def device(self) -> torch.device:
        return next((weights.device for weights in self.network.parameters()), torch.device("cpu"))

    @property
    def frames_per_step(self) -> int:
        return self.frames_each

    def input_frames(self, frames: int) -> int:
        return frames

    def steps(self, frames: int) -> int:
        return -(-frames // self.frames_each)

    def clip_notes(self, clip: Clip) -> Tuple[str, ...]:
        return tuple(f"layer {name}: more than convolutions and pools lies between it and the input; its cells are "
                     "assumed to lie evenly over what the input shows" for name in self.uneven)

    def prepare(self, clip: Clip) -> Inputs:
        return Inputs((as_clip(self._given(clip.frames), self.order),), len(clip))

    def forward(self, inputs: Inputs) -> Tensor:
        """[B, T', V]. Clip by clip: whether the module takes several at once is not known."""
        with out_of_place(self.network):
            return torch.cat([self._read(x) for x in inputs.tensors[0].split(1)])

    def _read(self, x: Tensor) -> Tensor:
        """[1, C, T, H, W] -> [1, T', V]"""
        output = self.network(self.entry(as_given(x, self.order)))
        logits = self.own.to_logits(output)
        shape = list(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        if not isinstance(logits, Tensor) or logits.dim() > 3 or logits.dim() == 3 and len(logits) != 1:
            raise UserError(f"to_logits: gave {shape}; expected logits [V], [T', V] or [1, T', V], or a score []")
        return logits.reshape(1, -1, logits.shape[-1] if logits.dim() else 1)

    def _given(self, frames: np.ndarray) -> Tensor:
        x = self.own.to_input(frames)
        if not isinstance(x, Tensor) or not x.is_floating_point():
            what = f"a tensor of {x.dtype}" if isinstance(x, Tensor) else f"a {type(x).__name__}"
            raise UserError(f"to_input: gave {what}; expected a tensor of floats")
        return x.to(self.device)

    def _looked_at(self, frames: np.ndarray) -> np.ndarray:
        return as_clip(self._given(frames), self.order)[0].detach().double().cpu().numpy()

    def _traced(self, clip: Clip, modules: Dict[str, nn.Module]) -> Tuple[Tensor, Dict[str, Traced], int]:
        """The input, what a forward told of each layer, and the steps of the logits."""
        outputs: Dict[str, List[Tuple[Tensor, int]]] = {name: [] for name in modules}

        def note(name: str, module: nn.Module, arguments: Any, output: Any) -> None:
            tensor = only_tensor(name, output)
            outputs[name].append((tensor, tensor._version))

        handles = [module.register_forward_hook(partial(note, name)) for name, module in modules.items()]
        try:
            with evaluating(self), torch.enable_grad():
                x = self.prepare(clip).tensors[0].detach().requires_grad_()
                steps = self.forward(Inputs((x,), len(clip))).shape[1]
        finally:
            for handle in handles:
                handle.remove()
        return x, {name: _lattice(name, calls, x) for name, calls in outputs.items()}, steps

    def _stretched(self, name: str, traced: Traced) -> bool:
        """Whether the user's own arrangement has other numbers of cells than were traced."""
        return any(own.stride != axis.stride for own, axis in zip(self.layers[name].cells, traced.lattice.axes))


def _lattice(name: str, outputs: Sequence[Tuple[Tensor, int]], x: Tensor) -> Traced:
    """outputs: what the layer gave each time it ran, and its version then."""
    if len(outputs) != 1:
        times = f"runs {len(outputs)} times in one forward" if outputs else "does not run in evaluation"
        raise UserError(f"layer {name}: it {times}; name a layer that runs once")
    tensor, version = outputs[0]
    if tensor._version != version:
        raise UserError(f"layer {name}: its output is overwritten in place by what follows; name the layer around "
                        "both, or the one before")
    lattice = lattice_of(tensor, x, (x.shape[2], x.shape[3], x.shape[4]))
    if lattice is None:
        raise UserError(f"layer {name}: no gradient goes from it to the input, so where its cells lie cannot be "
                        "traced; name another layer")
    return Traced(tensor.detach(), lattice)


def _module(network: nn.Module, name: str) -> nn.Module:
    modules = dict(network.named_modules())
    if not name or name not in modules:
        known = get_close_matches(name, modules, 3) or [path for path, _ in network.named_children()]
        raise UserError(f"layer {name!r}: {type(network).__name__} has no such module; it has {', '.join(known)} "
                        "(named_modules() lists all)")
    return modules[name]


@contextmanager
def out_of_place(network: nn.Module) -> Iterator[None]:
    """Activations that would overwrite what the layer before them gave make something new instead."""
    changed = [module for module in network.modules() if getattr(module, "inplace", False) is True]
    try:
        for module in changed:
            module.inplace = False      # type: ignore[assignment]
        yield
    finally:
        for module in changed:
            module.inplace = True       # type: ignore[assignment]
