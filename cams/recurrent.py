"""Recurrent layers go through a clip step by step: the way back through them costs many scores as much as one. So they
are run without a graph, and for the gradients once more, on as many copies of their input as there are scores."""
from dataclasses import dataclass
from functools import partial
from typing import Any, Callable, List, Sequence, Tuple

import torch
from torch import Tensor, nn

from models.float32 import full_float32

AT_ONCE = 16            # scores: what is recorded of each stays in memory until all have their gradients
# Gates that are shut make gradients so small that a processor is slow with them (denormal). Multiplied by a power of
# two the others keep their digits, and there is as much room again up to the largest number.
LIFT = 2.0 ** 64
Root = Tuple[List[Tensor], List[Tensor]]        # where a backward begins, and the gradient there


def at_least_float32(tensor: Tensor) -> Tensor:
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


@dataclass
class Cut:
    """One run of a recurrent module: the graph ends at `inputs`, and a new one starts at `outputs`."""

    run: Callable[[Tensor], List[Tensor]]
    inputs: Tensor                      # [T', 1, C], or [1, T', C]
    outputs: List[Tensor]               # the sequence, then the last states [layers, 1, C]
    batch: int                          # which dimension of `inputs` and of the sequence

    def extended(self, roots: Sequence[Root]) -> List[Root]:
        """Backwards that end at `outputs`, each with what it takes to go on from `inputs`."""
        arrived = [torch.autograd.grad(tensors, self.outputs, gradients, retain_graph=True, allow_unused=True)
                   for tensors, gradients in roots]
        used = [index for index, each in enumerate(zip(*arrived)) if any(gradient is not None for gradient in each)]
        if not used:
            return list(roots)
        with torch.enable_grad():
            copies = torch.cat([self.inputs.detach()] * len(roots), self.batch).requires_grad_()
            outputs = self.run(copies)
        slopes = [torch.cat([torch.zeros_like(self.outputs[index]) if each[index] is None else each[index]
                             for each in arrived], 1 if index else self.batch) * LIFT for index in used]
        slope, = torch.autograd.grad([outputs[index] for index in used], copies, slopes)
        return [([*tensors, self.inputs], [*gradients, part]) for (tensors, gradients), part in
                zip(roots, (slope / LIFT).split(self.inputs.shape[self.batch], self.batch))]


class Cuts:
    """The recurrent layers of a network, cut out of the graph while it runs."""

    def __init__(self, network: nn.Module) -> None:
        self.rnns = [module for module in network.modules() if isinstance(module, nn.RNNBase)]
        self.made: List[Cut] = []

    def __enter__(self) -> "Cuts":
        for rnn in self.rnns:
            rnn.forward = partial(self._forward, rnn, rnn.forward)  # type: ignore[method-assign]
        return self

    def __exit__(self, *exception: Any) -> None:
        for rnn in self.rnns:
            rnn.__dict__.pop("forward", None)
        self.made.clear()

    def _forward(self, rnn: nn.RNNBase, forward: Callable[..., Any], inputs: Tensor, *states: Any) -> Any:
        """inputs: a tensor; packed sequences are for training."""
        inputs = at_least_float32(inputs)
        if states or not inputs.requires_grad or inputs.dim() == 2:
            return recorded(forward, inputs, *states)
        with torch.no_grad(), full_float32(), torch.autocast(inputs.device.type, enabled=False):
            outputs = [output.requires_grad_() for output in flat(forward(inputs))]
        self.made.append(Cut(lambda copies: flat(recorded(forward, copies)), inputs, outputs, int(not rnn.batch_first)))
        sequence, *last = [output.clone() for output in outputs]        # a leaf may not be changed in place
        return sequence, tuple(last) if isinstance(rnn, nn.LSTM) else last[0]

    def roots(self, scores: Sequence[Tensor]) -> List[Root]:
        """Where the backward of each score begins: at the score, and at the input of each recurrent layer."""
        found: List[Root] = [([score], [torch.ones_like(score)]) for score in scores]
        for cut in reversed(self.made):
            found = cut.extended(found)
        return found


def flat(outputs: Any) -> List[Tensor]:
    sequence, last = outputs
    return [sequence, *last] if isinstance(last, tuple) else [sequence, last]


def recorded(forward: Callable[..., Any], inputs: Tensor, *states: Any) -> Any:
    """cuDNN can't run an RNN's backward in evaluation mode. So RNNs alone are recorded without it, in float32."""
    with torch.backends.cudnn.flags(enabled=False), torch.autocast(inputs.device.type, enabled=False):
        return forward(at_least_float32(inputs), *states)
