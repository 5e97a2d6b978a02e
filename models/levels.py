"""The first part of a network as levels, each of which sees only so far: what a change of its input reaches, and what
must be known of the input to compute that anew."""
from dataclasses import dataclass
from math import ceil, floor
from typing import Callable, Iterable, Iterator, List, Optional, Sequence, Tuple

import torch
from torch import Tensor, nn

from geometry.axis import Axis
from models.cells import Axes

Tensors = Tuple[Tensor, ...]                # each [B, C, T, H, W]
Span = Tuple[int, int]                      # start, stop
Box = Tuple[Span, ...]                      # in time, height, width
Boxes = Sequence[Optional[Box]]             # of each tensor; None where nothing of it
Sizes = Sequence[Sequence[int]]             # of each tensor: T, H, W
ROUNDING = 1e-6                             # of a cell


@dataclass(frozen=True)
class Level:
    run: Callable[[Tensors], Tensors]
    sight: Sequence[Sequence[Optional[Axes]]]       # of each output, of each input: where its cells lie and what they
    #                                                 see; None where they see nothing of it

    def reached(self, changed: Boxes) -> List[Optional[Box]]:
        """What may change of each output, and what would lie beyond its end."""
        boxes = [[tuple(map(_reached, axes, box)) for axes, box in zip(axes_of, changed) if axes and box]
                 for axes_of in self.sight]
        return [around(box for box in found if all(stop > start for start, stop in box)) for found in boxes]

    def needed(self, wanted: Boxes, sizes: Sizes) -> List[Box]:
        """The window of each input, of these sizes, without which the wanted of the outputs is not known. Windows
        begin at a cell of every output, and cover the same part of the clip."""
        windows: List[List[Span]] = [[] for _ in sizes]
        for axis in range(3):
            along = [size[axis] for size in sizes]
            each = [size // min(along) for size in along]       # cells of each input where the smallest has one
            seen = [(axes[axis], count, box and box[axis]) for axes_of, box in zip(self.sight, wanted)
                    for axes, count in zip(axes_of, each) if axes]
            align = max(ceil(own.stride / count) for own, count, _ in seen)
            ends = [(place / count, side) for own, count, span in seen if span
                    for side, place in enumerate(_needed(own, span))]
            start = min(min(along) - 1, *(place for place, side in ends if side == 0))
            stop = ceil(max(place for place, side in ends if side == 1) / align) * align
            start = max(0, floor(start / align) * align)
            if any(size % min(along) for size in along):
                start, stop = 0, max(along)
            for window, count, size in zip(windows, each, along):
                window.append((start * count, min(size, stop * count)))
        return [tuple(window) for window in windows]

    def came(self, windows: Sequence[Box]) -> List[Box]:
        """The box of each output that is computed of these windows, those near its inner sides wrongly."""
        found = (next((window, axes) for window, axes in zip(windows, axes_of) if axes) for axes_of in self.sight)
        return [tuple((round(start / own.stride), ceil(stop / own.stride)) for (start, stop), own in zip(*pair))
                for pair in found]


class Levelled(nn.Module):
    """A network that begins with levels; a network says how to run each and what each sees."""

    def early(self, tensors: Tensors) -> Tensors:
        """As all levels do, one after the other."""
        for run in self._runs():
            tensors = run(tensors)
        return tensors

    def levels(self) -> List[Level]:
        return [Level(run, sight) for run, sight in zip(self._runs(), self._sights())]

    def _runs(self) -> List[Callable[[Tensors], Tensors]]:
        raise NotImplementedError(type(self).__name__)

    def _sights(self) -> Iterator[Sequence[Sequence[Optional[Axes]]]]:
        """Of the outputs of each level, of the inputs of that level."""
        raise NotImplementedError(type(self).__name__)


def repeated(axes: Axes, times: int) -> Axes:
    """The axes of steps that are repeated so often."""
    time, more = axes[0], axes[0].stride * (times - 1) / times
    return (Axis(time.first - more / 2, time.stride / times, time.seen + more), *axes[1:])


def either(one: Axes, other: Axes) -> Axes:
    """What is seen by cells that two ways lead to, both with their strides."""
    return tuple(map(_either, one, other))


def around(boxes: Iterable[Box]) -> Optional[Box]:
    """The smallest that holds all."""
    found = list(boxes)
    if not found:
        return None
    return tuple((min(start for start, _ in spans), max(stop for _, stop in spans)) for spans in zip(*found))


def places(box: Box, of: Optional[Box] = None) -> Tuple[slice, ...]:
    """To index a tensor [B, C, T, H, W] by, which is all of a layer or a box of it."""
    starts = [start for start, _ in of] if of else [0] * len(box)
    inside = (slice(start - first, stop - first) for (start, stop), first in zip(box, starts))
    return (slice(None), slice(None), *inside)


def within(box: Optional[Box], size: Sequence[int]) -> Optional[Box]:
    """What of it there is."""
    if box is None:
        return None
    cut = tuple((start, min(stop, most)) for (start, stop), most in zip(box, size))
    return cut if all(stop > start for start, stop in cut) else None


def changed_box(given: Tensor, usual: Tensor) -> Optional[Box]:
    """Around all that differs, of a batch [B, C, T, H, W] and what it would be [1, C, T, H, W]."""
    differs = (given != usual).permute(0, 2, 3, 4, 1)           # channels last, as they lie in memory where it matters
    box: List[Span] = []
    for axis in (1, 2, 3):
        where = torch.nonzero(differs.transpose(0, axis).flatten(1).any(1)).flatten().tolist()
        if not where:
            return None
        box.append((where[0], where[-1] + 1))
        differs = differs.narrow(axis, where[0], where[-1] + 1 - where[0])
    return tuple(box)


def _either(one: Axis, other: Axis) -> Axis:
    (low, high), (lower, higher) = _sees(one, 0), _sees(other, 0)
    low, high = min(low, lower), max(high, higher)
    return Axis((low + high) / 2, one.stride, high - low + 1)


def _sees(axis: Axis, cell: int) -> Tuple[float, float]:
    """The first place and the last."""
    centre, half = axis.first + cell * axis.stride, (axis.seen - 1) / 2
    return centre - half, centre + half


def _reached(axis: Axis, span: Span) -> Span:
    """The cells that see any of it."""
    low, high = _sees(axis, 0)
    first = ceil((span[0] - high) / axis.stride - ROUNDING)
    return max(0, first), floor((span[1] - 1 - low) / axis.stride + ROUNDING) + 1


def _needed(axis: Axis, span: Span) -> Span:
    """What these cells see; it may lie beyond the edges."""
    return ceil(_sees(axis, span[0])[0] - ROUNDING), floor(_sees(axis, span[1] - 1)[1] + ROUNDING) + 1
