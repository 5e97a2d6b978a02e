"""Where a long film is parted into sentences: where the hands rest, or the camera cuts."""
from typing import List, Sequence, Tuple

import numpy as np

from poses.regions import CONFIDENT

WRISTS, SHOULDERS, HIPS = (9, 10), (5, 6), (11, 12)
AROUND = 5              # frames before and after that count
RESTING = 0.08          # of the shoulders' breadth: what a hand moves a frame and is too high, at most, where it rests
LOW = 0.75              # breadths below the shoulders, from which on a hand is low
LEAST = 0.5             # of the longest part, that a part lasts where the film lets it
DEEP = 10               # frames of rest on both sides that are enough
ALIKE = 1.1             # activities up to so many times the least count as the least


def sentence_borders(keypoints: np.ndarray, cuts: Sequence[int], longest: int) -> Tuple[List[int], List[int]]:
    """[T, 133, 3] -> (borders of parts of at most so many frames, 0 and T among them; those at which no hand rests)."""
    activity = _activity(keypoints)
    borders, restless = [0], []
    while len(keypoints) - borders[-1] > longest:
        start = borders[-1]
        first = start + max(1, int(LEAST * longest))
        last = min(start + longest, max(first, len(keypoints) - longest // 4))
        least = ALIKE * float(activity[first:last + 1].min())
        remaining = len(keypoints) - start
        equal = start + round(remaining / -(-remaining // longest))
        camera = [cut for cut in cuts if first <= cut <= last]
        border = (min(camera, key=lambda cut: abs(cut - equal)) if camera else
                  _deepest(activity <= least, first, last, equal))
        borders.append(border)
        if activity[border] > 0 and not camera:
            restless.append(border)
    return [*borders, len(keypoints)], restless


def _deepest(marked: np.ndarray, first: int, last: int, wanted: int) -> int:
    """Of the marked frames from first to last, the one with most marked ones on both sides; of those, the nearest to
    the wanted one."""
    edges = np.flatnonzero(~marked)
    others = np.concatenate([[-2 * DEEP], edges, [len(marked) + 2 * DEEP]])
    frames = np.arange(first, last + 1)
    after = np.searchsorted(others, frames)
    deep = np.minimum(DEEP, np.minimum(frames - others[after - 1], others[np.minimum(after, len(others) - 1)] - frames))
    deep = np.where(marked[first:last + 1], deep, 0)
    return int(min(frames[deep == deep.max()], key=lambda frame: abs(frame - wanted)))


def _activity(keypoints: np.ndarray) -> np.ndarray:
    """[T]: how far from rest the busier hand is; 0 where both rest: low, and still for some frames."""
    points = keypoints[..., :2].astype(np.float64)
    breadth = max(1.0, float(np.median(np.linalg.norm(points[:, SHOULDERS[0]] - points[:, SHOULDERS[1]], axis=1))))
    level = points[:, list(SHOULDERS), 1].mean(axis=1)
    wrists = points[:, list(WRISTS)]                                                        # [T, 2, 2]
    # What an estimator loses for a frame or two is no movement.
    padded = np.concatenate([wrists[:1]] * 2 + [wrists] + [wrists[-1:]] * 2)
    wrists = np.median([padded[shift:shift + len(wrists)] for shift in range(5)], axis=0)
    speed = np.linalg.norm(np.diff(wrists, axis=0, prepend=wrists[:1]), axis=2) / breadth   # [T, 2]
    drop = (wrists[..., 1] - level[:, None]) / breadth
    unsure = keypoints[:, list(WRISTS), 2] < CONFIDENT      # below the picture as a rule: the coordinates say how low
    high = np.maximum(0, LOW - drop) * ~(unsure & (drop > LOW))
    busy = np.stack([_averaged((speed + high)[:, side], AROUND) for side in (0, 1)], axis=1).max(axis=1)
    return np.where(busy <= RESTING, 0.0, busy)


def _averaged(values: np.ndarray, reach: int) -> np.ndarray:
    """[T]: with as many values before and after; at the ends, those there are."""
    kernel = np.ones(2 * reach + 1)
    return np.convolve(values, kernel, "same") / np.convolve(np.ones(len(values)), kernel, "same")
