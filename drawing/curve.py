"""A value a frame as a curve over the clip: a gloss's own frames shaded, those that were not seen hatched, the peak
marked."""
from typing import Optional, Sequence, Tuple

import cv2
import numpy as np

from drawing.grounds import Ground

HATCH = 6           # pixels from one line to the next where frames were not seen
SIXTEENTHS = 4      # bits after the point of OpenCV's places


def curve(values: np.ndarray, size: Tuple[int, int], ground: Ground, span: Tuple[int, int],
          seen: Tuple[int, int], peak: Optional[int], shown: Sequence[int] = ()) -> np.ndarray:
    """values [T], from 0 -> uint8 [height, width, 3]; the highest value reaches the top. shown: frames with a tick."""
    height, width = size
    count = len(values)
    canvas = np.full((height, width, 3), ground.paper, np.uint8)
    frame_of = np.arange(width) * count // width
    canvas[:, (frame_of >= span[0]) & (frame_of < span[1])] = ground.span
    unseen = (frame_of < seen[0]) | (frame_of >= seen[1])
    hatch = (np.arange(height)[:, None] + np.arange(width)) % HATCH == 0
    canvas[hatch & unseen] = ground.unseen
    base = height - 4
    level = np.nan_to_num(values.astype(np.float64)) / (float(np.nanmax(values, initial=0)) or 1.0)
    x = (np.arange(count) + 0.5) / count * width
    points = np.stack([x, base - level.clip(0, 1) * (base - 6)], axis=1)
    points = np.concatenate([[[0, points[0, 1]]], points, [[width - 1, points[-1, 1]]]])
    fixed = (points * 2 ** SIXTEENTHS).round().astype(np.int32)
    floor = np.array([[width - 1, base], [0, base]]) * 2 ** SIXTEENTHS
    cv2.fillPoly(canvas, [np.concatenate([fixed, floor]).astype(np.int32)], ground.area, cv2.LINE_AA, SIXTEENTHS)
    cv2.polylines(canvas, [fixed], False, ground.line, 2, cv2.LINE_AA, SIXTEENTHS)
    canvas[base] = ground.dim
    for frame in shown:
        at = min(int((frame + 0.5) / count * width), width - 1)
        canvas[base:, max(at - 1, 0):at + 2] = ground.ink
    if peak is not None:
        cv2.circle(canvas, tuple(fixed[peak + 1].tolist()), 5 * 2 ** SIXTEENTHS, ground.peak, -1, cv2.LINE_AA,
                   SIXTEENTHS)
    return canvas
