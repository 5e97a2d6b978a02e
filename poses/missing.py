"""What was not found in a frame is put where it was last and next, carried by what was.

The recognisers were trained on an estimator that places all 133 points in every frame, however unsure, and they look
at places alone, not at confidences: a hand at zero would be seen in the picture's corner, one far outside would be no
hand, and they have met neither. So a hand that is not found keeps its shape and goes with the wrist, in the lap or
below the picture too; the face goes with the nose. Confidence 0 says that it was not seen.
"""
from typing import List, Optional, Sequence, Tuple

import numpy as np

from poses.keypoint_pickle import POINTS
from poses.whole_body import LEFT_HAND, RIGHT_HAND

LEFT_WRIST, RIGHT_WRIST, NOSE = 9, 10, 0
FACE = range(23, 91)
SHOULDERS = (5, 6)
# What each point goes with, from the shoulders outwards, so that where that lies is known first.
CARRIERS: Sequence[Tuple[int, Tuple[int, ...]]] = (
    (NOSE, SHOULDERS), (1, (NOSE,)), (2, (NOSE,)), (3, (1,)), (4, (2,)), (7, (5,)), (8, (6,)), (LEFT_WRIST, (7,)),
    (RIGHT_WRIST, (8,)), (11, (5,)), (12, (6,)), (13, (11,)), (14, (12,)), (15, (13,)), (16, (14,)),
    *((foot, (15,)) for foot in (17, 18, 19)), *((foot, (16,)) for foot in (20, 21, 22)),
    *((point, (NOSE,)) for point in FACE), *((point, (LEFT_WRIST,)) for point in LEFT_HAND),
    *((point, (RIGHT_WRIST,)) for point in RIGHT_HAND))


def filled(poses: Sequence[Optional[np.ndarray]]) -> Optional[np.ndarray]:
    """[133, 3] or nobody, frame by frame -> float32 [T, 133, 3] without gaps; None where nobody was found at all."""
    seen: List[int] = [index for index, points in enumerate(poses) if points is not None]
    if not seen:
        return None
    keypoints = np.zeros((len(poses), POINTS, 3))
    keypoints[seen] = [points for points in poses if points is not None]
    there = np.isin(np.arange(len(poses)), seen)
    keypoints[..., :2] = between(keypoints[..., :2], there)
    for part, carrier in ((LEFT_HAND, LEFT_WRIST), (RIGHT_HAND, RIGHT_WRIST), (FACE, NOSE)):
        known = there & (keypoints[:, list(part), 2] > 0).any(axis=1)
        places = keypoints[:, carrier, None, :2]
        shape = np.where(known[:, None, None], keypoints[:, list(part), :2] - places, 0)
        shape = between(shape, known) if known.any() else shape     # never seen: all of it at the wrist
        keypoints[:, list(part), :2] = np.where(known[:, None, None], keypoints[:, list(part), :2], places + shape)
    return keypoints.astype(np.float32)


def between(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """[T, ...]: where not known, on the way from the value before to the one after; the nearest at both ends."""
    times = np.arange(len(values))
    flat = values.reshape(len(values), -1)
    columns = [np.interp(times, times[known], column[known]) for column in flat.T]
    return np.stack(columns, axis=1).reshape(values.shape)


def filled_points(poses: Sequence[Optional[np.ndarray]]) -> Optional[np.ndarray]:
    """The same of what other programs found, where single points have confidence 0 and lie anywhere: each goes with
    what it belongs to, and lies there where it is never seen. float64."""
    if all(points is None for points in poses):
        return None
    made = np.stack([np.zeros((POINTS, 3)) if points is None else points for points in poses]).astype(np.float64)
    seen = made[..., 2] > 0
    for point, other in (SHOULDERS, SHOULDERS[::-1]):
        known = point if seen[:, point].any() else other
        if seen[:, known].any():
            made[~seen[:, point], point, :2] = between(made[:, known, :2], seen[:, known])[~seen[:, point]]
    for point, carriers in CARRIERS:
        carried = made[:, list(carriers), :2].mean(axis=1)
        away = made[:, point, :2] - carried
        away = between(away, seen[:, point]) if seen[:, point].any() else np.zeros_like(away)
        made[:, point, :2] = np.where(seen[:, point, None], made[:, point, :2], carried + away)
    return made
