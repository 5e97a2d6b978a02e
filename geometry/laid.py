"""A map as its layer made it, and how it lies on a clip: what is drawn of it, told of it and kept of it."""
from dataclasses import dataclass
from functools import cached_property
from typing import Dict, Optional, Tuple, Union

import numpy as np

from geometry.bicubic import CubicLine
from geometry.skeleton import Joints

CONSTANT = 1e-5         # a map whose values differ by less than this part of the largest says nothing
LEAST = np.float32(2.0 ** -14)      # half precision is slow below, and a 60th of a grey level is nothing
Box = Tuple[int, int, int, int]     # top, bottom, left, right in whole pixels of the frame


@dataclass(frozen=True)
class Cells:
    """Where each cell is centred, in frames of the clip and pixels of its frames, counted from the first one's middle.

    Places may lie before the clip or outside the picture. A layer that knows only when has no rows and columns, and one
    whose cells are joints has those in their place.
    """

    frames: np.ndarray                      # float64 [T']
    rows: Optional[np.ndarray] = None       # float64 [H']
    columns: Optional[np.ndarray] = None    # float64 [W']
    joints: Optional[Joints] = None


@dataclass(frozen=True)
class Extent:
    """The clip that a map lies on, and what of it the network saw."""

    size: Tuple[int, int, int]              # T, H, W
    seen: Tuple[int, int]                   # frames first..stop-1
    box: Box                                # of every frame


@dataclass(frozen=True)
class LaidMap:
    """Linear between the centres of cells, held beyond the outermost; from 0 (lowest) to 1 (highest); 0 where not seen.

    What is lowest and highest is asked over the clip, or of each frame.
    """

    raw: np.ndarray             # float32 [T', H', W'], or [T'] of a layer that knows only when
    cells: Cells
    extent: Extent
    lows: np.ndarray            # float32 [frames seen], the least that lies on each
    highs: np.ndarray
    per_frame: bool = False     # each frame has a scale of its own; not of layers that know only when
    void: bool = False          # nothing to show: 0 everywhere
    matrix: Optional[np.ndarray] = None     # float32 [T', T'], of attention in time: what each step, a row, takes

    @property
    def spatial(self) -> bool:
        return self.raw.ndim == 3

    def __len__(self) -> int:
        return self.extent.size[0]

    def sees(self, frame: int) -> bool:
        return self.extent.seen[0] <= frame < self.extent.seen[1]

    def at(self, frame: int) -> np.ndarray:
        """float16 [H, W] in 0..1; of a layer that knows only when, one value."""
        if not self.spatial:
            return self._over_time[frame]
        canvas = np.zeros(self.extent.size[1:], np.float16)
        if self.sees(frame):
            top, bottom, left, right = self.extent.box
            canvas[top:bottom, left:right] = self.inside(frame)
        return canvas

    def inside(self, frame: int, times: int = 1, bicubic: bool = False) -> np.ndarray:
        """The box of a frame that was seen, float16 in 0..1, of so many points for each pixel across. bicubic: without
        the creases that linear laying has at the centres of cells; what it has beyond 0..1 is cut."""
        if (times, bicubic) not in self._lines:
            self._lines[times, bicubic] = self._between(times, bicubic)
        rows, columns = self._lines[times, bicubic]
        if self.void:
            return np.zeros((len(rows.cell), len(columns.cell)), np.float16)
        low, spread = self.scale(frame)
        values = rows.of(columns.of(self._step(frame).T).T)
        values -= np.float32(low)
        values /= np.float32(spread)
        values *= values >= LEAST
        return values.clip(0, 1, out=values).astype(np.float16)

    def whole(self) -> np.ndarray:
        """float16 [T, H, W], or [T]"""
        return np.stack([self.at(frame) for frame in range(len(self))]) if self.spatial else self._over_time

    def energy(self) -> np.ndarray:
        """float32 [T]: the mean of each frame; of a layer that knows only when, its values."""
        return self.coarse(1)[:, 0, 0] if self.spatial else self._over_time.astype(np.float32)

    def peak(self, start: int, stop: int) -> Optional[int]:
        """The frame of start..stop-1 whose mean is largest; None where nothing of the map lies on any."""
        within = np.nan_to_num(self.energy()[start:stop])
        return start + int(within.argmax()) if within.size and within.max() > 0 else None

    def highest(self, frame: int) -> Tuple[int, int]:
        """y and x of the pixel of a frame that was seen where the map is largest, however its scale is cut."""
        if (1, False) not in self._lines:
            self._lines[1, False] = self._between(1, False)
        rows, columns = self._lines[1, False]
        values = rows.of(columns.of(self._step(frame).T).T)
        y, x = np.unravel_index(int(values.argmax()), values.shape)
        return self.extent.box[0] + int(y), self.extent.box[2] + int(x)

    def coarse(self, side: int) -> np.ndarray:
        """float32 [T, side, side] in 0..1: the mean over each part of a grid laid over the frames."""
        total, height, width = self.extent.size
        out = np.zeros((total, side, side), np.float32)
        top, bottom, left, right = self.extent.box
        down, over = area_weights(side, height)[:, top:bottom], area_weights(side, width)[:, left:right]
        inside = np.outer(down.sum(1), over.sum(1))         # how much of each part was seen
        rows, columns = self._across
        down, over = down @ rows, over @ columns
        for frame in () if self.void else range(*self.extent.seen):
            low, spread = self.scale(frame)
            out[frame] = (down @ self._step(frame) @ over.T - low * inside) / spread
        return out.clip(0, 1)

    def scale(self, frame: int) -> Tuple[float, float]:
        """(lowest, highest less lowest) at a frame; infinitely much where there is no difference to show."""
        index = frame - self.extent.seen[0]
        low, high = ((self.lows[index], self.highs[index]) if self.per_frame and self.spatial
                     else (self.lows.min(), self.highs.max()))
        flat = high - low <= CONSTANT * abs(high)
        return float(low), float("inf") if flat else float(high - low)

    @cached_property
    def _across(self) -> Tuple[np.ndarray, np.ndarray]:
        """Weights [pixels of the box, cells], down and across."""
        top, bottom, left, right = self.extent.box
        assert self.cells.rows is not None and self.cells.columns is not None
        return (line_weights(self.cells.rows, np.arange(top, bottom)),
                line_weights(self.cells.columns, np.arange(left, right)))

    @cached_property
    def _lines(self) -> "Dict[Tuple[int, bool], Tuple[AnyLine, AnyLine]]":
        """Down and across the box, by how many points a pixel has and whether they are laid by cubics."""
        return {}

    def _between(self, times: int, bicubic: bool) -> "Tuple[AnyLine, AnyLine]":
        top, bottom, left, right = self.extent.box
        assert self.cells.rows is not None and self.cells.columns is not None
        return _line(self.cells.rows, finer(top, bottom, times), bicubic), \
            _line(self.cells.columns, finer(left, right, times), bicubic)

    @cached_property
    def _over_time(self) -> np.ndarray:
        """float16 [T] of a layer that knows only when."""
        out = np.zeros(len(self), np.float16)
        first, stop = self.extent.seen
        if not self.void:
            low, spread = self.scale(first)
            values = line_weights(self.cells.frames, np.arange(first, stop)) @ self.raw
            out[first:stop] = ((values - low) / spread).clip(0, 1)
        return out

    def _step(self, frame: int) -> np.ndarray:
        """[H', W'] between the two steps around a frame."""
        cell, part = nearest_cells(self.cells.frames, np.array([frame]))
        before, after = self.raw[cell[0]], self.raw[min(cell[0] + 1, len(self.raw) - 1)]
        return before + np.float32(part[0]) * (after - before)


@dataclass(frozen=True)
class Line:
    """Points between cells: the cell before each, the one after, and how far it is on the way. Not as a product of
    matrices: that is shared out among threads, which fight with those that draw."""

    cell: np.ndarray            # int [points]
    following: np.ndarray
    part: np.ndarray            # float32 [points, 1]

    @classmethod
    def of_points(cls, centres: np.ndarray, points: np.ndarray) -> "Line":
        cell, part = nearest_cells(centres, points)
        return cls(cell, np.minimum(cell + 1, len(centres) - 1), part[:, None].astype(np.float32))

    def of(self, values: np.ndarray) -> np.ndarray:
        """[cells, others] -> [points, others]"""
        values = np.ascontiguousarray(values)
        out: np.ndarray = values[self.cell]
        rise = values[self.following]
        rise -= out
        rise *= self.part
        out += rise
        return out


AnyLine = Union[Line, CubicLine]


def _line(centres: np.ndarray, points: np.ndarray, bicubic: bool) -> AnyLine:
    if bicubic:
        return CubicLine.between(*nearest_cells(centres, points), len(centres))
    return Line.of_points(centres, points)


def finer(start: int, stop: int, times: int) -> np.ndarray:
    """The middles of the pixels start..stop-1, each cut into so many."""
    return (np.arange(start * times, stop * times) + 0.5) / times - 0.5


def nearest_cells(centres: np.ndarray, points: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """For each point the cell before it, and how far it is on the way to the next; held beyond the ends."""
    stride = centres[1] - centres[0] if len(centres) > 1 else 1.0
    along = ((points - centres[0]) / stride).clip(0, len(centres) - 1)
    cell = np.minimum(along.astype(int), max(len(centres) - 2, 0))
    return cell, along - cell


def line_weights(centres: np.ndarray, points: np.ndarray) -> np.ndarray:
    """float32 [points, centres]: what each cell counts at each point."""
    cell, part = nearest_cells(centres, points)
    weights = np.zeros((len(points), len(centres)), np.float32)
    rows = np.arange(len(points))
    weights[rows, np.minimum(cell + 1, len(centres) - 1)] = part
    weights[rows, cell] += (1 - part).astype(np.float32)
    return weights


def bends(centres: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Of points in order the first and the last between two centres: whatever is laid, nothing is larger or less at
    the others than at all of these."""
    cell, _ = nearest_cells(centres, points)
    turns = np.concatenate(([True], cell[1:] != cell[:-1], [True]))
    return points[turns[1:] | turns[:-1]]


def area_weights(parts: int, pixels: int) -> np.ndarray:
    """float32 [parts, pixels]: the mean over equal parts of a line of pixels."""
    edges = np.linspace(0, pixels, parts + 1)
    at = np.arange(pixels)
    covered = np.minimum(edges[1:, None], at + 1) - np.maximum(edges[:-1, None], at)
    return (covered.clip(0) * parts / pixels).astype(np.float32)
