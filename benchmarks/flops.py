"""Counts the multiplications and additions of a forward."""
from typing import Any, Callable, Dict, Tuple

from torch import nn

from models.correlation import Correlation


def _conv(module: Any, inputs: Tuple[Any, ...], output: Any) -> float:
    return 2.0 * output.numel() * module.weight[0].numel()


def _transposed(module: Any, inputs: Tuple[Any, ...], output: Any) -> float:
    return 2.0 * inputs[0].numel() * module.weight[0].numel()


def _linear(module: Any, inputs: Tuple[Any, ...], output: Any) -> float:
    return 2.0 * output.numel() * module.weight.numel() / output.shape[-1]


def _lstm(module: Any, inputs: Tuple[Any, ...], output: Any) -> float:
    steps = inputs[0].shape[0] * inputs[0].shape[1]
    return 2.0 * steps * sum(weight.numel() for name, weight in module.named_parameters() if "weight" in name)


def _correlation(module: Any, inputs: Tuple[Any, ...], output: Any) -> float:
    """Of each place with every place of two neighbours, and their sum: a product each."""
    return 2 * 2 * 2.0 * output.numel() * output.shape[3] * output.shape[4]


COUNTED: Dict[type, Callable[[Any, Tuple[Any, ...], Any], float]] = {
    nn.Conv1d: _conv, nn.Conv2d: _conv, nn.Conv3d: _conv, nn.ConvTranspose3d: _transposed, nn.Linear: _linear,
    nn.LSTM: _lstm, Correlation: _correlation}


def count(network: nn.Module, run: Callable[[], Any], backward: bool = False) -> float:
    """Floating-point operations of convolutions, linear layers, LSTMs and correlations while `run` runs; the rest is
    small. `backward` adds those of the gradients of what is recorded, parameters not among it.
    """
    total = 0.0

    def note(rule: Callable[[Any, Tuple[Any, ...], Any], float]) -> Any:
        def hook(module: nn.Module, inputs: Tuple[Any, ...], output: Any) -> None:
            nonlocal total
            recorded = backward and any(getattr(tensor, "requires_grad", False) for tensor in inputs)
            slopes = 2 if isinstance(module, Correlation) else 1        # of both factors; otherwise of the input alone
            total += rule(module, inputs, output) * (1 + slopes * recorded)
        return hook

    handles = [module.register_forward_hook(note(rule)) for module in network.modules()
               for kind, rule in COUNTED.items() if isinstance(module, kind)]
    try:
        run()
    finally:
        for handle in handles:
            handle.remove()
    return total
