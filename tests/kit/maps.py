"""Maps given pixel by pixel, as if every pixel were a cell of its layer."""
from typing import Optional, Tuple

import numpy as np

from geometry.laid import Box, Cells, LaidMap, Place


def laid(values: np.ndarray, size: Optional[Tuple[int, int]] = None) -> LaidMap:
    """values in 0..1, [T, H, W], or [T] with the size of the frames."""
    raw = values.astype(np.float32)
    height, width = raw.shape[1:] if raw.ndim == 3 else size or (64, 64)
    total = len(raw)
    cells = Cells(np.arange(total), *(np.arange(side) for side in raw.shape[1:]))
    return LaidMap(raw, cells, Place((total, height, width), (0, total), (0, height, 0, width)),
                   np.zeros(total, np.float32), np.ones(total, np.float32))


def on_grid(raw: np.ndarray, stride: int, frames: int, size: Tuple[int, int], box: Box) -> LaidMap:
    """[T', H', W'] whose cells share the box out evenly, steps `stride` frames apart."""
    top, bottom, left, right = box
    rows, columns = (start + (np.arange(count) + 0.5) * (end - start) / count - 0.5
                     for count, start, end in zip(raw.shape[1:], (top, left), (bottom, right)))
    cells = Cells(np.arange(len(raw)) * stride + (stride - 1) / 2, rows, columns)
    place = Place((frames, *size), (0, frames), box)
    whole = LaidMap(raw, cells, place, np.zeros(frames, np.float32), np.ones(frames, np.float32))
    ends = [(rows @ whole._step(frame) @ columns.T) for rows, columns in [whole._across] for frame in range(frames)]
    return LaidMap(raw, cells, place, np.array([end.min() for end in ends]), np.array([end.max() for end in ends]))
