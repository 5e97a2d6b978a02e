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
            slope = window.probes[name].arrange(gradient)[0]
            one = signed_map(self.map, slope, slope, False) / passes
            own: Dict[str, Tensor] = made[number]
            own[name] = own[name] + one if name in own else one

        for done in range(1, passes + 1):
            window.pull(self._noisy(window.inputs, random), window.probes, add)
            window.tell(done, passes)
        return made

    def _noisy(self, inputs: Inputs, random: torch.Generator) -> Inputs:
        """Drawn on the CPU: the same on every device."""
        def noisy(tensor: Tensor) -> Tensor:
            low, high = torch.aminmax(tensor)
            return tensor + torch.randn(tensor.shape, generator=random).to(tensor) * (self.noise * (high - low))

        return replace(inputs, tensors=tuple(map(noisy, inputs.tensors)))
