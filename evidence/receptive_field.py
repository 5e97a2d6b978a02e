"""How much of its input one cell of a layer sees."""
from dataclasses import replace
from typing import List

import torch

from datasets.clip import Clip
from models.recogniser import Recogniser


def field_of_view(recogniser: Recogniser, clip: Clip, layer: str) -> float:
    """Share of the picture (or of the joints read, for a network that reads those) that it takes to hold 90% of what
    moves the middle cell of a layer.

    Where that is most of the input, the layer's maps can't tell one cell from another, however faithful.
    """
    probe = recogniser.layers[layer]
    with torch.no_grad():
        inputs = recogniser.prepare(clip)
    tensors = tuple(tensor.clone().requires_grad_() for tensor in inputs.tensors)
    taken: List[torch.Tensor] = []
    hook = probe.module.register_forward_hook(lambda module, given, output: taken.append(probe.select(output)))
    try:
        recogniser(replace(inputs, tensors=tensors))
    finally:
        hook.remove()
    activation = probe.arrange(taken[0])[0]                                     # [C, T', H', W'] or [C, T', J]
    middle = activation
    for count in activation.shape[1:]:
        middle = middle[:, count // 2]                                          # [C, ...] down to [C]
    gradients = torch.autograd.grad(middle.square().sum(), tensors, allow_unused=True)
    pulls = next(gradient for gradient in gradients if gradient is not None).square().sum((0, 1, 2)).flatten()
    share = pulls.sort(descending=True).values.cumsum(0) / pulls.sum()
    return float((share < 0.9).float().mean())
