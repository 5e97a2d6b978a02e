"""One forward and one backward through a recogniser, with every probed layer's map made on the way."""
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import torch
from torch import Tensor, nn

from models.float32 import full_float32
from models.recogniser import Inputs, Probe, Recogniser

Finish = Callable[[str, Tensor, Optional[Tensor]], None]    # layer, activation, gradient (None where there is none)


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
    """Hooks on the probes. `finish` gets a layer's activation and gradient once both are there, and neither is kept."""

    def __init__(self, probes: Dict[str, Probe], finish: Finish, gradients: bool = True) -> None:
        self.finish = finish
        self.gradients = gradients
        self.waiting: Dict[str, Tuple[Tensor, int]] = {}    # activations whose gradient is yet to come, their version
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
        self.waiting.clear()

    def _forward(self, name: str, probe: Probe, module: nn.Module, arguments: Any, output: Any) -> Any:
        if name in self.seen:
            raise RuntimeError(f"layer {name} ran twice in one forward: its map would be of one of the two")
        self.seen.append(name)
        tensor = probe.select(output)
        if not self.gradients:
            self.finish(name, tensor.detach(), None)
            return None
        self.waiting[name] = (tensor.detach(), tensor._version)
        receive = partial(self._receive, name)
        if tensor.requires_grad:
            tensor.register_hook(receive)
            return None
        anchor = torch.empty(0, requires_grad=True)
        return swapped(output, tensor, Tap.apply(tensor, anchor, receive))

    def _receive(self, name: str, gradient: Tensor) -> None:
        activation, version = self.waiting.pop(name)
        if activation._version != version:
            raise RuntimeError(f"layer {name} is overwritten in place after it ran: its activation is lost")
        self.finish(name, activation, gradient)

    def close(self) -> None:
        """After the backward: layers that never ran are an error, those that the score does not touch have no map."""
        unseen = [name for name in self.probes if name not in self.seen]
        if unseen:
            raise RuntimeError(f"layers {', '.join(unseen)} never run in evaluation")
        while self.waiting:
            name, (activation, _) = self.waiting.popitem()
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


def one_pass(recogniser: Recogniser, inputs: Inputs, probes: Dict[str, Probe], score: Callable[[Tensor], Tensor],
             finish: Finish, gradients: bool = True, dtype: Optional[torch.dtype] = None, scale: float = 1.0) -> Tensor:
    """Logits [T', V], at least float32. `finish` is called for each layer; gradients come multiplied by `scale`."""
    device = inputs.tensors[0].device.type
    with ExitStack() as stack:
        stack.enter_context(evaluating(recogniser))
        stack.enter_context(torch.set_grad_enabled(gradients))
        if gradients:
            stack.enter_context(rnn_without_cudnn(recogniser))
        if dtype is None:
            stack.enter_context(full_float32())
        watch = stack.enter_context(Watch(probes, finish, gradients))
        with torch.autocast(device, dtype=dtype, enabled=dtype is not None):
            output = recogniser(inputs)
        logits = at_least_float32(output[0])
        if gradients and logits.requires_grad:
            (score(logits) * scale).backward()
        watch.close()
    return logits.detach()


def at_least_float32(tensor: Tensor) -> Tensor:
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


@contextmanager
def evaluating(recogniser: nn.Module) -> Iterator[None]:
    """Evaluation mode and no gradients for parameters; afterwards everything is as it was."""
    training = [module for module in recogniser.modules() if module.training]
    learning = [parameter for parameter in recogniser.parameters() if parameter.requires_grad]
    try:
        for module in training:
            module.training = False
        for parameter in learning:
            parameter.requires_grad_(False)
        yield
    finally:
        for module in training:
            module.training = True
        for parameter in learning:
            parameter.requires_grad_(True)


@contextmanager
def rnn_without_cudnn(recogniser: nn.Module) -> Iterator[None]:
    """cuDNN can't run an RNN's backward in evaluation mode. So RNNs alone are recorded without it, in float32."""
    rnns = [module for module in recogniser.modules() if isinstance(module, nn.RNNBase)]
    try:
        for rnn in rnns:
            rnn.forward = partial(_without_cudnn, rnn.forward)  # type: ignore[method-assign]
        yield
    finally:
        for rnn in rnns:
            rnn.__dict__.pop("forward", None)


def _without_cudnn(forward: Callable[..., Any], inputs: Tensor, *states: Any) -> Any:
    """inputs: a tensor; packed sequences are for training."""
    with torch.backends.cudnn.flags(enabled=False), torch.autocast(inputs.device.type, enabled=False):
        return forward(at_least_float32(inputs), *states)
