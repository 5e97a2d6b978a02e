"""A layer's maps as few numbers: the layer's own steps and positions, found again in the maps made from them.

Maps on frames are drawn from a coarse grid, linearly in time and space. Where that holds, the grid's values say all.
"""
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Dict, List, Optional, Tuple

import cv2
import numpy as np

TOLERANCE = 1.5 / 255       # of the full scale: what a rebuilt map may differ by
FALLBACK = 128              # side of the grid where the maps come from no grid that we know
CHECKED = 8                 # frames on which the grid is verified
CHUNK = 50                  # frames solved at once: few large products are quick on a busy machine too
NOT_FINITE = 0x7C00         # in float16
Box = Tuple[int, int, int, int]     # top, bottom, left, right in pixels


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
    native = _native(maps[start:stop], (shape[1], shape[2]), box)
    if native is None:
        box = (0, maps.shape[1], 0, maps.shape[2])
        native = np.stack([cv2.resize(each.astype(np.float32), (FALLBACK, FALLBACK), interpolation=cv2.INTER_AREA)
                           for each in np.nan_to_num(maps[start:stop])])
    times = _times(native, stride=round(len(maps) / shape[0]))
    first = np.clip(np.searchsorted(times, np.arange(len(native)), side="right") - 1, 0, max(0, len(times) - 2))
    after = np.minimum(first + 1, len(times) - 1)
    weight = (np.arange(len(native)) - times[first]) / np.maximum(times[after] - times[first], 1e-9)
    if len(times) < len(native):
        native = np.tensordot(_inverse_times(len(native), tuple(times)), native, 1)
    out = len(maps) - stop
    return _stored(native, box, [-1] * start + [int(each) for each in first] + [-1] * out,
                   [0.0] * start + [round(float(each), 4) for each in weight] + [0.0] * out)


def _stored(values: np.ndarray, box: Box, first: List[int], weight: List[float]) -> Knots:
    low, high = float(values.min()), float(values.max())
    levels = (values - low) * (255 / max(high - low, 1e-9)) + 0.5
    return Knots(levels.astype(np.uint8), round(low, 6), round(high, 6), box, first, weight)


def _native(maps: np.ndarray, grid: Tuple[int, int], box: Box) -> Optional[np.ndarray]:
    """[T, H, W] -> float32 [T, h, w], or None if that is not where the maps come from."""
    top, bottom, left, right = box
    if grid[0] > bottom - top or grid[1] > right - left:
        return None
    native = np.empty((len(maps),) + grid, np.float32)
    for start in range(0, len(maps), CHUNK):
        part = maps[start:start + CHUNK, top:bottom, left:right].astype(np.float32)
        part = np.tensordot(part, _inverse(right - left, grid[1]), ([2], [1]))          # [n, height, w]
        native[start:start + CHUNK] = np.tensordot(part, _inverse(bottom - top, grid[0]), ([1], [1])).swapaxes(1, 2)
    for index in np.unique(np.linspace(0, len(maps) - 1, CHECKED).astype(int)):
        rebuilt = np.zeros(maps.shape[1:], np.float32)
        rebuilt[top:bottom, left:right] = cv2.resize(native[index], (right - left, bottom - top))
        if not np.abs(rebuilt - maps[index]).max() <= TOLERANCE:
            return None
    return native


@lru_cache(maxsize=None)
def _linear(pixels: int, positions: int) -> np.ndarray:
    """Weights [pixels, positions] that draw a line of pixels from values; both are areas of the same line."""
    return _between((np.arange(pixels) + 0.5) * positions / pixels - 0.5, np.arange(positions)).astype(np.float32)


@lru_cache(maxsize=None)
def _inverse(pixels: int, positions: int) -> np.ndarray:
    return np.linalg.pinv(_linear(pixels, positions).astype(np.float64)).astype(np.float32)


def _between(at: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Weights [len(at), len(places)] of linear interpolation, constant beyond the ends."""
    return np.stack([np.interp(at, places, row) for row in np.eye(len(places))], axis=1)


def _times(native: np.ndarray, stride: int) -> np.ndarray:
    """Between which moments the maps [T, h, w] are lines: the layer's steps if they can be found, else each frame."""
    frames = len(native)
    sample = np.ascontiguousarray(native.reshape(frames, -1)[:, ::max(1, native[0].size // 256)])
    for offset in range(stride if stride > 1 else 0):
        steps = np.arange(-offset, frames, stride) + (stride - 1) / 2
        times = np.concatenate([[0.0], steps[(steps > 0) & (steps < frames - 1)], [frames - 1.0]])
        if len(times) < frames:
            found = np.tensordot(_inverse_times(frames, tuple(times)), sample, 1)
            rebuilt = np.tensordot(_between(np.arange(frames), times).astype(np.float32), found, 1)
            if np.abs(rebuilt - sample).max() <= TOLERANCE:
                return times
    return np.arange(frames, dtype=float)


@lru_cache(maxsize=16)
def _inverse_times(frames: int, times: Tuple[float, ...]) -> np.ndarray:
    return np.linalg.pinv(_between(np.arange(frames), np.array(times))).astype(np.float32)
