"""Where the cells of any tensor are centred, by what autograd wrote down on its way from the network's input.

Every convolution and pool moves the cells; what has no window (norms, sums, reshapes) leaves them. Where branches meet,
the one that sees most counts: in residual and Inception blocks all agree where their cells are centred.
"""
import math
from dataclasses import dataclass, replace
from typing import Any, Dict, List, Optional, Sequence, Tuple

from torch import Tensor

from geometry.axis import Axis
from models.cells import START, Axes

Counts = Tuple[int, int, int]       # cells along time, height and width
Sizes = Tuple[int, int, int]        # kernel (with its dilation), stride, padding


@dataclass(frozen=True)
class Lattice:
    """The cells of a tensor: where they are centred in the input, and how many there are along each axis."""

    counts: Counts
    axes: Axes = START
    even: bool = False              # something other than windows changed how many: they are taken to lie evenly

    def through(self, first: int, windows: Sequence[Tuple[Sizes, int, int]]) -> "Lattice":
        """windows: of each dimension from axis `first` on, its sizes, and how many cells go in and come out."""
        lattice = self
        for at, (sizes, before, after) in enumerate(windows, start=first):
            lattice = lattice.resized(at, before)
            moved = (*lattice.axes[:at], lattice.axes[at].through(*sizes), *lattice.axes[at + 1:])
            lattice = replace(lattice, axes=moved, counts=_with(lattice.counts, at, after))
        return lattice

    def resized(self, at: int, count: int) -> "Lattice":
        """The same stretch of the input, shared evenly among so many cells."""
        if count == self.counts[at]:
            return self
        axis, times = self.axes[at], self.counts[at] / count
        stretched = Axis(axis.first + axis.stride * (times - 1) / 2, axis.stride * times,
                         max(axis.seen, axis.seen + axis.stride * (times - 1)))
        return Lattice(_with(self.counts, at, count), (*self.axes[:at], stretched, *self.axes[at + 1:]), True)


def lattice_of(tensor: Tensor, source: Tensor, counts: Counts) -> Optional[Lattice]:
    """The cells of `tensor`, a graph's, that `source` with so many frames, rows and columns went into; None where no
    gradient of it reaches the source."""
    if tensor is source:
        return Lattice(counts)
    lattices: Dict[Any, Optional[Lattice]] = {None: None}
    waiting: List[Any] = [tensor.grad_fn]
    while waiting:                                      # depth first, without recursion: networks are deep
        node = waiting[-1]
        if node in lattices:
            waiting.pop()
        elif getattr(node, "variable", None) is source:
            lattices[node] = Lattice(counts)
        else:
            below = [other for other, _ in node.next_functions]
            ahead = [other for other in below if other not in lattices]
            waiting += ahead
            if not ahead:
                lattices[node] = _moved(node, _most([lattices[other] for other in below]))
    return lattices[tensor.grad_fn]


def _most(branches: Sequence[Optional[Lattice]]) -> Optional[Lattice]:
    """Of what meets: a branch with one cell is stretched over the other, and says nothing of places."""
    known = [branch for branch in branches if branch is not None]
    if not known:
        return None
    return max(known, key=lambda lattice: (lattice.counts, lattice.axes[1].seen, lattice.axes[0].seen))


def _moved(node: Any, lattice: Optional[Lattice]) -> Optional[Lattice]:
    name = type(node).__name__
    if lattice is None:
        return None
    if name.startswith(("ConvolutionBackward", "MkldnnConvolutionBackward")) and not getattr(
            node, "_saved_transposed", False):
        kernel = tuple(node._saved_weight.shape[2:])
        return _windowed(lattice, tuple(node._saved_input.shape), kernel, node._saved_stride, node._saved_padding,
                         node._saved_dilation)
    if name.startswith(("MaxPool2D", "MaxPool3D", "AvgPool2D", "AvgPool3D")):
        kernel = node._saved_kernel_size
        return _windowed(lattice, tuple(node._saved_self.shape), kernel, node._saved_stride or kernel,
                         node._saved_padding, getattr(node, "_saved_dilation", None) or (1,) * len(kernel),
                         node._saved_ceil_mode)
    return replace(lattice, axes=(lattice.axes[0], *(replace(axis, seen=math.inf) for axis in lattice.axes[1:]))) \
        if _mixes(node, name) else lattice


def _mixes(node: Any, name: str) -> bool:
    """Whether a cell may take from any other of its frame: products of matrices, as in attention, and functions of
    somebody's own, unless they say that they take from the cell alone (`by_cell`)."""
    own = getattr(node, "_forward_cls", None)
    return name.startswith(("BmmBackward", "Baddbmm", "ScaledDotProduct")) or \
        own is not None and not getattr(own, "by_cell", False)


def _windowed(lattice: Lattice, shape: Sequence[int], kernel: Sequence[int], stride: Sequence[int],
              padding: Sequence[int], dilation: Sequence[int], ceil: bool = False) -> Lattice:
    counts = tuple(shape[-len(kernel):])
    windows = [_window(*sizes, ceil) for sizes in zip(counts, kernel, stride, padding, dilation)]
    steps, rows, columns = lattice.counts
    if len(kernel) == 2 and kernel[0] == counts[0] == 1 < rows:
        return lattice.through(0, windows[1:])             # autograd writes a pool along time as one of flat pictures
    if len(kernel) == 2 and kernel[1] == 1 and counts == (steps, rows * columns):
        return lattice.through(0, windows[:1])             # along time, over pictures that were laid out as lines
    return lattice.through(1 if len(kernel) == 2 else 0, windows)


def _window(count: int, kernel: int, stride: int, padding: int, dilation: int, ceil: bool) -> Tuple[Sizes, int, int]:
    reach = (kernel - 1) * dilation + 1
    left = count + 2 * padding - reach
    after = (-(-left // stride) if ceil else left // stride) + 1
    if ceil and (after - 1) * stride >= count + padding:
        after -= 1                                      # no window starts in the padding behind the last cell
    return (reach, stride, padding), count, after


def _with(counts: Counts, at: int, count: int) -> Counts:
    changed = list(counts)
    changed[at] = count
    return changed[0], changed[1], changed[2]
