"""Maps given pixel by pixel, as if every pixel were a cell of its layer."""
from typing import Optional, Sequence, Tuple

import numpy as np

from geometry.joints import JointMap
from geometry.laid import Box, Cells, Extent, LaidMap
from geometry.skeleton import Joints


def laid(values: np.ndarray, size: Optional[Tuple[int, int]] = None) -> LaidMap:
    """values in 0..1, [T, H, W], or [T] with the size of the frames."""
    raw = values.astype(np.float32)
    height, width = raw.shape[1:] if raw.ndim == 3 else size or (64, 64)
    total = len(raw)
    cells = Cells(np.arange(total), *(np.arange(side) for side in raw.shape[1:3]))     # type: ignore[arg-type]
    return LaidMap(raw, cells, Extent((total, height, width), (0, total), (0, height, 0, width)),
                   np.zeros(total, np.float32), np.ones(total, np.float32))


def on_grid(raw: np.ndarray, stride: int, frames: int, size: Tuple[int, int], box: Box) -> LaidMap:
    """[T', H', W'] whose cells share the box out evenly, steps `stride` frames apart."""
    top, bottom, left, right = box
    rows, columns = (start + (np.arange(count) + 0.5) * (end - start) / count - 0.5
                     for count, start, end in zip(raw.shape[1:], (top, left), (bottom, right)))
    cells = Cells(np.arange(len(raw)) * stride + (stride - 1) / 2, rows, columns)
    extent = Extent((frames, *size), (0, frames), box)
    whole = LaidMap(raw, cells, extent, np.zeros(frames, np.float32), np.ones(frames, np.float32))
    ends = [(rows @ whole._step(frame) @ columns.T) for rows, columns in [whole._across] for frame in range(frames)]
    return LaidMap(raw, cells, extent, np.array([end.min() for end in ends]), np.array([end.max() for end in ends]))


def joint_map(values: np.ndarray, points: np.ndarray, numbers: Sequence[int], size: Tuple[int, int, int],
              matrix: Optional[np.ndarray] = None, void: bool = False) -> JointMap:
    """values in 0..1, [T, J], a step a frame; points [T, J, 2] on frames of size (T, H, W)."""
    total, height, width = size
    cells = Cells(np.arange(total, dtype=float), joints=Joints(np.array(numbers), points.astype(np.float32)))
    return JointMap(values.astype(np.float32), cells, Extent(size, (0, total), (0, height, 0, width)),
                    np.zeros(total, np.float32), np.ones(total, np.float32), void=void, matrix=matrix)
