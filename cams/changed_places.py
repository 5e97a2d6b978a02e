"""A clip with a part hidden is computed again only where the hidden part has an effect. The other early features are
those of the unhidden clip."""
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from threading import Lock
from typing import Iterator, List, Optional, Sequence, Tuple

import torch
from torch import Tensor

from cams.kept_inputs import KeptInputs
from cams.usual import Usual
from models.levels import Box, Level, Span, Tensors, changed_box, places, within
from models.recogniser import Recogniser

COARSE = 8              # of so many pixels along each side of a frame one is compared first
SHARE, LATER = 0.4, 0.6     # of the first level's input, and of those behind: where more is needed, all is computed


@contextmanager
def changed_places(recogniser: Recogniser, usual: Optional[Usual]) -> Iterator[None]:
    """Within, without gradients. usual: the clip with nothing hidden; None where there is no such clip."""
    if recogniser.staged is None or usual is None:
        yield
        return
    backbone = recogniser.network.get_submodule(recogniser.staged)
    backbone.early = ChangedPlaces(backbone.levels(), usual.kept)     # type: ignore[operator,assignment]
    try:
        yield
    finally:
        del backbone.early


@dataclass(frozen=True)
class Changed:
    """A batch of features, of which few are not the usual ones."""

    usual: Tensor               # [1, C, T, H, W]
    box: Optional[Box]          # holds all that differs
    values: Optional[Tensor]    # [B, C, ...] in the box

    @property
    def size(self) -> Tuple[int, ...]:
        return tuple(self.usual.shape[2:])

    def window(self, window: Box, batch: int) -> Tensor:
        """[B, C, ...]"""
        part = self.usual[places(window)].expand(batch, -1, -1, -1, -1)
        made = part.clone(memory_format=torch.channels_last_3d)
        if self.box is None or self.values is None:
            return made
        both = tuple((max(a, c), min(b, d)) for (a, b), (c, d) in zip(self.box, window))
        if all(stop > start for start, stop in both):
            made[places(both, window)] = self.values[places(both, self.box)]
        return made

    def whole(self, batch: int) -> Tensor:
        return self.window(tuple((0, size) for size in self.size), batch)


class ChangedPlaces:
    """What differs from the usual clip is seen by comparing inputs, whatever was to be hidden."""

    def __init__(self, levels: Sequence[Level], kept: KeptInputs) -> None:
        self.levels, self.kept = levels, kept
        self.known = [kept.usual.tensors]       # the usual features before each level, so far as asked for
        self.one_at_a_time = Lock()

    def __call__(self, given: Tensors) -> Tensors:
        batch, usual = len(given[0]), self.known[0]
        steps = self.kept.steps_of(given)
        found = [Changed(own, _coarse(each, own, steps), None) for each, own in zip(given, usual)]
        if self.windows(0, found) is not None:
            found = [_compared(each, own, steps) for each, own in zip(given, usual)]
        for number in range(len(self.levels)):
            windows = self.windows(number, found)
            if windows is None:
                return run(self.levels[number:], tuple(each.whole(batch) for each in found) if number else given)
            found = self.next(number, found, windows, batch)
        return tuple(each.whole(batch) for each in found)

    def windows(self, number: int, found: Sequence[Changed]) -> Optional[List[Box]]:
        """What a level must be given for all that changes; nothing where nothing does; None where it does not pay."""
        wanted, sizes = self.levels[number].reached([each.box for each in found]), [each.size for each in found]
        if not any(wanted):
            return []
        windows = self.levels[number].needed(wanted, sizes)
        largest = max(prod(stop - start for start, stop in window) / prod(size)
                      for window, size in zip(windows, sizes))
        return windows if largest <= (LATER if number else SHARE) else None

    def next(self, number: int, found: Sequence[Changed], windows: Sequence[Box], batch: int) -> List[Changed]:
        """Behind a level."""
        level = self.levels[number]
        with self.one_at_a_time:
            if len(self.known) == number + 1:
                self.known.append(level.run(self.known[number]))
        usual = self.known[number + 1]
        if not windows:
            return [Changed(each, None, None) for each in usual]
        made = level.run(tuple(each.window(window, batch) for each, window in zip(found, windows)))
        out = []
        for each, box, values, came in zip(usual, level.reached([each.box for each in found]), made,
                                           level.came(windows)):
            box = within(box, each.shape[2:])
            out.append(Changed(each, box, None if box is None else values[places(box, came)]))
        return out


def run(levels: Sequence[Level], tensors: Tensors) -> Tensors:
    for level in levels:
        tensors = level.run(tensors)
    return tensors


def _coarse(given: Tensor, usual: Tensor, steps: Span) -> Optional[Box]:
    """No more than the box around what differs."""
    box = _box(given[..., ::COARSE, ::COARSE], usual[..., ::COARSE, ::COARSE], steps)
    if box is None:
        return None
    time, *sides = box
    return (time, *((start * COARSE, (stop - 1) * COARSE + 1) for start, stop in sides))


def _compared(given: Tensor, usual: Tensor, steps: Span) -> Changed:
    box = _box(given, usual, steps)
    return Changed(usual, box, None if box is None else given[places(box)])


def _box(given: Tensor, usual: Tensor, steps: Span) -> Optional[Box]:
    """Around all that differs, which is within the steps."""
    start, stop = steps
    box = changed_box(given[:, :, start:stop], usual[:, :, start:stop])
    if box is None:
        return None
    (first, last), *sides = box
    return ((first + start, last + start), *sides)
