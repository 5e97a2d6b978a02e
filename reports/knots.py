"""A layer's maps as few numbers: the layer's own steps and positions, found again in the maps made from them.

Maps on frames are drawn from a coarse grid, linearly in time and space. Where that holds, the grid's values say all.
"""
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

import cv2
import numpy as np

TOLERANCE = 1.5 / 255       # of the full scale: what a rebuilt map may differ by
STRIDES = (8, 4, 2)         # frames a step, as both networks have them
FALLBACK = 128              # side of the grid where the maps come from no grid that we know
CHECKED = 8                 # frames on which the grid is verified
NOT_FINITE = 0x7C00         # in float16
Box = Tuple[int, int, int, int]     # top, bottom, left, right in pixels
Solved = Tuple[np.ndarray, np.ndarray, np.ndarray]  # values[first] + weight * (values[second] - ...)


@dataclass(frozen=True)
class Knots:
    """A map is 0 outside the box; inside it lies linearly between values, from low (0) to high (255)."""

    values: np.ndarray              # uint8 [n, h, w]
    low: float
    high: float
    box: Box
    first: List[int]                # [T] the knot before each frame, -1 for a frame that was not seen
    weight: List[float]             # [T] how far the frame is on the way to the next knot

    def layout(self) -> Dict[str, Any]:
        return {"count": len(self.values), "low": self.low, "high": self.high, "box": self.box,
                "first": self.first, "weight": self.weight}


def knots(maps: np.ndarray, shape: Tuple[int, ...], box: Box) -> Knots:
    """float16 [T, H, W], made from values of this shape, (steps, h, w), whose positions cover the box."""
    # As whole numbers float16 are in order too, and far quicker to look through; what is not finite comes last.
    largest = np.ascontiguousarray(maps).view(np.uint16).reshape(len(maps), -1).max(axis=1)
    seen = np.flatnonzero((largest > 0) & (largest < NOT_FINITE))
    if len(seen) == 0:
        return _stored(np.zeros((1, 1, 1), np.float32), box, [-1] * len(maps), [0.0] * len(maps))
    start, stop = int(seen[0]), int(seen[-1]) + 1
    native = _native(maps[start:stop], shape[1], shape[2], box)
    if native is None:
        box = (0, maps.shape[1], 0, maps.shape[2])
        native = np.stack([cv2.resize(each.astype(np.float32), (FALLBACK, FALLBACK), interpolation=cv2.INTER_AREA)
                           for each in np.nan_to_num(maps[start:stop])])
    steps, first, weight = _steps(native, STRIDES if shape[0] < len(maps) else ())
    out = len(maps) - stop
    return _stored(steps, box, [-1] * start + [int(each) for each in first] + [-1] * out,
                   [0.0] * start + [round(float(each), 4) for each in weight] + [0.0] * out)


def _stored(values: np.ndarray, box: Box, first: List[int], weight: List[float]) -> Knots:
    low, high = float(values.min()), float(values.max())
    levels = (values - low) * (255 / max(high - low, 1e-9)) + 0.5
    return Knots(levels.astype(np.uint8), round(low, 6), round(high, 6), box, first, weight)


def _native(maps: np.ndarray, height: int, width: int, box: Box) -> Optional[np.ndarray]:
    """[T, H, W] -> float32 [T, height, width], or None if that is not where the maps come from."""
    top, bottom, left, right = box
    rows = _solved(_positions(height, bottom - top), bottom - top)
    columns = _solved(_positions(width, right - left), right - left)
    if rows is None or columns is None:
        return None
    native = _taken(_taken(maps[:, top:bottom, left:right], rows, 1), columns, 2)
    for index in np.unique(np.linspace(0, len(maps) - 1, CHECKED).astype(int)):
        rebuilt = np.zeros(maps.shape[1:], np.float32)
        rebuilt[top:bottom, left:right] = cv2.resize(native[index], (right - left, bottom - top))
        if not np.abs(rebuilt - maps[index]).max() <= TOLERANCE:
            return None
    return native


def _positions(count: int, pixels: int) -> np.ndarray:
    """The middles of `count` equal parts of a line of pixels, counted in pixels from the middle of the first."""
    return (np.arange(count) + 0.5) * pixels / count - 0.5


def _solved(places: np.ndarray, points: int) -> Optional[Solved]:
    """How to find the values at `places` from a line of points 0, 1, ... that is straight between places.

    Two points in the stretch after a place, or else before it, tell its value; the farther apart the better.
    """
    ends = np.concatenate([[0.0], places, [points - 1.0]])
    pairs = []
    for before, place, after in zip(ends, places, ends[2:]):
        if np.floor(after) > np.ceil(place):
            pair = np.ceil(place), np.floor(after)
        elif np.floor(place) > np.ceil(before):
            pair = np.floor(place), np.ceil(before)
        elif place == round(place):
            pair = place, place
        else:
            return None
        pairs.append(pair)
    first, second = np.array(pairs).astype(int).T
    apart = np.where(first == second, 1, second - first)
    return first, second, ((places - first) / apart).astype(np.float32)


def _taken(values: np.ndarray, solved: Solved, axis: int) -> np.ndarray:
    """float32, with the places instead of the points along one axis."""
    first, second, weight = solved
    near, far = (values.take(index, axis).astype(np.float32) for index in (first, second))
    far -= near
    far *= weight.reshape([-1 if each == axis else 1 for each in range(values.ndim)])
    near += far
    return near


def _steps(native: np.ndarray, strides: Tuple[int, ...]) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """[T, h, w] -> the layer's own steps [n, h, w] if they can be found, and for each frame the step before it and how
    far it is on the way to the next; otherwise a step is a frame."""
    frames = np.arange(len(native))
    sample = native.reshape(len(native), -1)[:, ::max(1, native[0].size // 256)]
    for stride, offset in [(each, offset) for each in strides for offset in range(each)]:
        middles = np.arange(-offset, len(native), stride) + (stride - 1) / 2
        times = np.concatenate([[0.0], middles[(middles > 0) & (middles < frames[-1])], [float(frames[-1])]])
        solved = _solved(times, len(native))
        if len(times) >= len(native) or solved is None:
            continue
        first = np.clip(np.searchsorted(times, frames, side="right") - 1, 0, len(times) - 2)
        weight = (frames - times[first]) / np.diff(times)[first]
        found = _taken(sample, solved, 0)
        rebuilt = found[first] + (found[first + 1] - found[first]) * weight[:, None]
        if np.abs(rebuilt - sample).max() <= TOLERANCE:
            return _taken(native, solved, 0), first, weight
    return native, frames, np.zeros(len(native))
