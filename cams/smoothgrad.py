"""SmoothGrad (Smilkov et al. 2017): the gradient's size, averaged over inputs with noise on them."""
from dataclasses import replace
from typing import Dict

import torch
from torch import Tensor

from cams.gradients import gradient_size
from cams.methods import Method, signed_map
from cams.multi_pass import ManyPasses, Maps, Window
from models.contract import Inputs

NOISE = 0.15        # of what lies between an input's least and most; the paper has 0.1 to 0.2
SEED = 0


class SmoothGrad(ManyPasses):
    """The noise is on every stream's input, whatever the layer; each pass's map is without sign, so none cancel."""

    budget = 25

    def __init__(self, noise: float = NOISE, seed: int = SEED) -> None:
        self.noise, self.seed = noise, seed
        self.map = Method(gradient_size)

    def maps(self, window: Window, budget: int) -> Maps:
        made: Maps = [{} for _ in window.picks]
        passes = budget if window.touched else 1
        random = torch.Generator().manual_seed(self.seed + window.first)

        def add(number: int, name: str, activation: Tensor, gradient: Tensor) -> None:
            own: Dict[str, Tensor] = made[number]
            for slope in window.probes[name].arrange(gradient):
                one = signed_map(self.map, slope, slope, False) / passes
                own[name] = own[name] + one if name in own else one

        def run(first: int, stop: int) -> None:
            before, state = [dict(maps) for maps in made], random.get_state()
            try:
                window.pull(Inputs.batch([self._noisy(window.inputs, random) for _ in range(first, stop)]),
                            window.probes, add)
            except RuntimeError:
                made[:] = before
                random.set_state(state)
                raise
            window.tell(stop, passes)

        window.in_batches(passes, window.probes, run)
        return made

    def _noisy(self, inputs: Inputs, random: torch.Generator) -> Inputs:
        """Drawn on the CPU: the same on every device."""
        def noisy(tensor: Tensor) -> Tensor:
            low, high = torch.aminmax(tensor)
            return tensor + torch.randn(tensor.shape, generator=random).to(tensor) * (self.noise * (high - low))

        return replace(inputs, tensors=tuple(map(noisy, inputs.tensors)))
