"""The layers of a module of the user's own: how its input and their outputs are laid out, read off their sizes."""
from dataclasses import dataclass
from functools import partial
from typing import Any, Callable, Optional, Sequence, Tuple

from torch import Tensor, nn

from models.contract import Probe
from models.traced_cells import Counts, Lattice
from terminal.errors import UserError

Arrange = Callable[[Tensor], Tensor]        # a layer's output -> [1, C, T', H', W'] or [1, C, T']
ORDERS = ("BCTHW", "BTCHW", "TCHW")         # of an input; the last is a batch of frames


def input_order(shape: Sequence[int], frames: int) -> str:
    """Which of ORDERS an input of this shape has, for a clip of so many frames."""
    for order in ORDERS:
        if len(order) == len(shape) and shape[order.index("T")] == frames and shape[0] in (1, frames):
            return order
    raise UserError(f"to_input: gave {list(shape)} for {frames} frames; expected [1, C, {frames}, H, W], "
                    f"[1, {frames}, C, H, W] or [{frames}, C, H, W]; choose the frames before they are handed over")


def as_clip(x: Tensor, order: str) -> Tensor:
    """[1, C, T, H, W]"""
    if order == "TCHW":
        return x.transpose(0, 1)[None]
    return x.transpose(1, 2) if order == "BTCHW" else x


def as_given(x: Tensor, order: str) -> Tensor:
    """[1, C, T, H, W] -> the order that the module takes."""
    if order == "TCHW":
        return x[0].transpose(0, 1)
    return x.transpose(1, 2) if order == "BTCHW" else x


def only_tensor(name: str, output: Any) -> Tensor:
    """What a layer returns, or the first of several: of a recurrent layer its output, not its state."""
    if isinstance(output, Tensor):
        return output
    if isinstance(output, (tuple, list)) and output:
        return only_tensor(name, output[0])
    if isinstance(output, dict) and len(output) == 1:
        return only_tensor(name, next(iter(output.values())))
    what = f"a dict of {', '.join(map(str, output))}" if isinstance(output, dict) else f"a {type(output).__name__}"
    raise UserError(f"layer {name}: it returns {what}, expected a tensor; name a layer inside it")


@dataclass(frozen=True)
class Traced:
    """What one forward told of a layer."""

    output: Tensor
    lattice: Lattice


def probe_of(name: str, module: nn.Module, traced: Traced, order: str, view: Tuple[int, int],
             arrange: Optional[Arrange]) -> Probe:
    lattice, output = traced.lattice, traced.output
    how = arrange or _arrangement(tuple(output.shape), lattice.counts, order)
    if how is None:
        raise UserError(f"layer {name}: its output {list(output.shape)} is not one of {_cells(lattice.counts)}, which "
                        "were traced; name another layer, or give arrange, a function from its output to "
                        "[1, C, T', H', W'] or [1, C, T']")
    made = how(output)
    if made.dim() not in (3, 5) or made.shape[0] != 1:
        raise UserError(f"layer {name}: arrange gave {list(made.shape)}; expected [1, C, T', H', W'] or [1, C, T']")
    counts, spatial = tuple(made.shape[2:]), made.dim() == 5
    if set(counts) == {1}:
        raise UserError(f"layer {name}: one value for the whole clip, so there is no map of it; name a layer before it")
    for at, count in enumerate(counts):
        lattice = lattice.resized(at, count)
    time = lattice.axes[0]
    if time.stride != int(time.stride):
        raise UserError(f"layer {name}: its {counts[0]} steps lie {time.stride:.2f} frames apart; expected a whole "
                        f"number: give a number of frames that {counts[0]} divides, or name another layer")
    return Probe(module, name, int(time.stride), select=partial(only_tensor, name), arrange=how, spatial=spatial,
                 channels=made.shape[1], size=counts[1] if spatial else 0, width=counts[2] if spatial else 0,
                 cells=lattice.axes, view=view)


def _cells(counts: Counts) -> str:
    return " x ".join(map(str, counts)) + " cells (time, height, width)"


def _arrangement(shape: Tuple[int, ...], counts: Counts, order: str) -> Optional[Arrange]:
    """How an output of that shape becomes [1, C, T', H', W'] or [1, C, T']; None where it can be told in no way."""
    arranged = _of_clip(shape, counts, order) or _of_tokens(shape, counts)
    return arranged or _in_time(shape, counts[0])


def _of_clip(shape: Tuple[int, ...], counts: Counts, order: str) -> Optional[Arrange]:
    if len(shape) == 5:
        if order == "BTCHW" and (shape[1], *shape[3:]) == counts:
            return lambda x: x.transpose(1, 2)
        if shape[2:] == counts:
            return lambda x: x
        if shape[1:4] == counts:
            return lambda x: x.permute(0, 4, 1, 2, 3)
    if len(shape) == 4:
        if (shape[0], *shape[2:]) == counts:
            return lambda x: x.transpose(0, 1)[None]
        if shape[:3] == counts:
            return lambda x: x.permute(3, 0, 1, 2)[None]
    return None


def _of_tokens(shape: Tuple[int, ...], counts: Counts) -> Optional[Arrange]:
    """[1, T' * H' * W', C], or [T', H' * W', C]; a token in front that stands for no place is left out."""
    steps, rows, columns = counts
    if len(shape) != 3 or rows * columns == 1:
        return None
    count = rows * columns * (steps if shape[0] == 1 else 1)
    if shape[0] not in (1, steps) or shape[1] not in (count, count + 1):
        return None
    return lambda x: x[:, -count:].reshape(1, *counts, shape[2]).permute(0, 4, 1, 2, 3)


def _in_time(shape: Tuple[int, ...], steps: int) -> Optional[Arrange]:
    if len(shape) == 5 and shape[2:] == (steps, 1, 1):
        return lambda x: x.flatten(2)
    ways = {(1, None, steps): lambda x: x, (1, steps, None): lambda x: x.transpose(1, 2),
            (steps, 1, None): lambda x: x.permute(1, 2, 0), (steps, None): lambda x: x.t()[None]}
    fits = [how for way, how in ways.items() if len(way) == len(shape)
            and all(wanted in (None, size) for wanted, size in zip(way, shape))]
    return fits[0] if len(fits) == 1 else None          # several fit where there are as many channels as steps
