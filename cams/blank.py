"""Which layers were shown nothing: their maps would be of the network's own edges, not of the clip."""
from dataclasses import replace
from typing import Dict, Optional, Set

import torch
from torch import Tensor

from cams.one_pass import one_pass
from models.recogniser import Inputs, Probe, Recogniser


def blank_layers(recogniser: Recogniser, inputs: Inputs, probes: Dict[str, Probe]) -> Set[str]:
    """Layers reached by even pictures only; for layers that know only when, by pictures that are the same throughout.

    Of several inputs some may be even: numbers that are none in the others show how far those reach.
    """
    even = [is_even(tensor) for tensor in inputs.tensors]
    if not any(even):
        return set()
    constant = [flat and is_still(tensor) for flat, tensor in zip(even, inputs.tensors)]
    reached: Dict[str, bool] = {}

    def note(name: str, activation: Tensor, gradient: Optional[Tensor]) -> None:
        reached[name] = bool(activation.isnan().any())

    blank = set()
    for spatial, nothing in ((True, even), (False, constant)):
        asked = {name: probe for name, probe in probes.items() if probe.spatial is spatial}
        if all(nothing):
            blank |= set(asked)
        elif any(nothing) and asked:
            marked = [tensor if flat else torch.full_like(tensor, float("nan"))
                      for flat, tensor in zip(nothing, inputs.tensors)]
            one_pass(recogniser, replace(inputs, tensors=tuple(marked)), asked, Tensor.sum, note, gradients=False)
            blank |= {name for name in asked if not reached[name]}
    return blank


def is_even(tensor: Tensor) -> bool:
    """[B, C, T, H, W]: whether each picture is one value everywhere. The first picture settles it for most clips."""
    first = tensor[:, :, :1]
    return torch.equal(first, first[..., :1, :1].expand_as(first)) and torch.equal(
        tensor, tensor[..., :1, :1].expand_as(tensor))


def is_still(tensor: Tensor) -> bool:
    return torch.equal(tensor, tensor[:, :, :1].expand_as(tensor))
