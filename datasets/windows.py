"""Long clips are read in overlapping windows; what is found in them is averaged back."""
from typing import List, Sequence, Tuple

import numpy as np


def windows(frames: int, size: int = 200, hop: int = 100) -> List[Tuple[int, int]]:
    """(start, stop) of each window, starting at 0, hop, 2 * hop, ... until one reaches the end; the last is shorter."""
    if frames < 1 or not 0 < hop <= size:
        raise ValueError(f"{frames} frames, size {size}, hop {hop}: need a frame, and a hop of 1 to size")
    cuts = [(0, min(size, frames))]
    while cuts[-1][1] < frames:
        start = cuts[-1][0] + hop
        cuts.append((start, min(start + size, frames)))
    return cuts


def average_windows(values: Sequence[np.ndarray], cuts: Sequence[Tuple[int, int]], stride: float) -> np.ndarray:
    """Values [S_i, ...] of each window, one step per `stride` frames, to [S, ...] of the whole clip.

    Step k of a window covers its frames from k * stride on. Each step of the clip is the mean of the windows' steps
    weighted by the frames they share, so windows need not start at a multiple of the stride.
    """
    if len(values) != len(cuts):
        raise ValueError(f"{len(values)} values for {len(cuts)} windows")
    spans = [_spans(len(value), start, stop, stride) for value, (start, stop) in zip(values, cuts)]
    last = max(float(span[-1, 1]) for span in spans)
    steps = int(np.ceil(last / stride - 1e-6))
    clip = _spans(steps, 0, last, stride)
    total = np.zeros((steps, *values[0].shape[1:]), np.result_type(values[0], np.float32))
    weight = np.zeros(steps)
    for value, span in zip(values, spans):
        shared = np.minimum(clip[:, None, 1], span[None, :, 1]) - np.maximum(clip[:, None, 0], span[None, :, 0])
        shared = np.maximum(shared, 0)                               # frames in common [S, S_i]
        total += np.tensordot(shared.astype(total.dtype), value, axes=1)
        weight += shared.sum(axis=1)
    if not weight.all():
        raise ValueError(f"no window covers step {int(np.argmin(weight))}: too few steps for windows {list(cuts)}")
    return (total / weight.reshape(-1, *[1] * (total.ndim - 1))).astype(total.dtype)


def _spans(steps: int, start: float, stop: float, stride: float) -> np.ndarray:
    """First and last frame of each step [steps, 2], cut off at the window's end."""
    edges = np.minimum(start + stride * np.arange(steps + 1), stop)
    return np.stack([edges[:-1], edges[1:]], axis=1)
