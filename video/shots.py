"""Where the camera cuts or the signer's distance changes: from there on the signer needs a box of his or her own.

At a cut the shoulders and the face jump from one frame to the next and stay where they went, and the picture changes
more than from any other frame to its next. Somebody who leans moves over several frames; a point that an estimator
loses comes back; and a person who is taken for another leaves the picture as it was.
"""
from typing import Callable, Iterator, List, Optional, Tuple

import cv2
import numpy as np

from video.framing import ALIKE, BODY, CONFIDENT, around

LEAST = 6               # frames of a shot
JUMP = 0.06             # of the shoulders' breadth, that points must go in one step to be looked at
SUDDEN = 0.6            # of the way from before to after that is gone in that one step
UNLIKE = 2.5            # times that the picture must change more than from the frames around it
CHANGED = 4.0           # and by as many of 255 at least, on average
SURELY = 2.0            # times both, where no jump of the signer says that there may be a cut
APART = 25              # frames on both sides of a change of distance that is no cut
SMALL = (48, 27)        # pixels, width and height, that pictures are compared at

# frames' places, ascending -> uint8 [H, W, 3] of each
Show = Callable[[np.ndarray], Iterator[np.ndarray]]


def shots(keypoints: np.ndarray, size: Tuple[int, int], show: Optional[Show] = None) -> List[int]:
    """[T, 133, 3] in a picture of (height, width) `size` -> borders of shots, 0 and T among them.

    show: of the same T frames; without it only changes of distance are found.
    """
    cuts = [] if show is None else [frame for frame in jumps(keypoints) if picture_changes(frame, len(keypoints), show)]
    borders = [0, *cuts, len(keypoints)]
    return [*(border for first, stop in zip(borders, borders[1:])
              for border in [first, *_distances(keypoints, first, stop, size)]), len(keypoints)]


def jumps(keypoints: np.ndarray) -> List[int]:
    """The frames before which face and shoulders jump, and stay where they went."""
    places, breadth = _body(keypoints)
    candidates: List[Tuple[float, int]] = []
    for t in range(1, len(places)):
        before, after = places[max(0, t - LEAST):t], places[t:t + LEAST]
        way = np.median(after, axis=0) - np.median(before, axis=0)                  # [5, 2]
        step = places[t] - places[t - 1]
        far = np.linalg.norm(way, axis=1)
        along = (step * way).sum(axis=1) / np.maximum(far, 1e-9)
        if np.median(far) > JUMP * breadth and np.median(along) > SUDDEN * np.median(far):
            candidates.append((float(np.median(far)), t))
    chosen: List[int] = []
    for _, t in sorted(candidates, reverse=True):            # the farthest first; its neighbours are the same jump
        if all(abs(t - other) >= LEAST for other in [*chosen, 0, len(places)]):
            chosen.append(t)
    return sorted(chosen)


def picture_changes(t: int, frames: int, show: Show) -> bool:
    """Whether frame t differs from the one before as frames around them do not."""
    around_it = np.arange(max(0, t - 3), min(frames, t + 3))
    changes = _changes(np.stack([smaller(picture) for picture in show(around_it)]))
    return _stands_out(changes, int(t - 1 - around_it[0]), 1.0)


def sudden_changes(pictures: np.ndarray) -> List[int]:
    """uint8 [T, h, w, 3], made `smaller` -> the frames that surely differ from the one before as others do not."""
    changes = _changes(pictures)
    return [step + 1 for step in range(len(changes)) if _stands_out(changes, step, SURELY)]


def smaller(picture: np.ndarray) -> np.ndarray:
    return cv2.resize(picture, SMALL, interpolation=cv2.INTER_AREA)


def _changes(pictures: np.ndarray) -> np.ndarray:
    """[T, h, w, 3] -> [T - 1]: the mean difference of each from the one before."""
    return np.array([np.abs(after.astype(np.float32) - before).mean() for before, after in zip(pictures, pictures[1:])])


def _stands_out(changes: np.ndarray, step: int, times: float) -> bool:
    others = np.concatenate([changes[max(0, step - 3):step], changes[step + 1:step + 4]])
    usual = float(others.max()) if len(others) else 0.0
    return bool(len(others) and changes[step] > times * max(CHANGED, UNLIKE * usual))


def _distances(keypoints: np.ndarray, first: int, stop: int, size: Tuple[int, int]) -> List[int]:
    """Borders within a shot, where the box of what is before and of what comes after are no longer alike."""
    if stop - first < 2 * APART:
        return []
    boxes = [(around(keypoints[first:t], size), around(keypoints[t:stop], size), t)
             for t in range(first + APART, stop - APART + 1, APART // 2)]
    shares = [(one.share(other), t) for one, other, t in boxes if one is not None and other is not None]
    least = min(shares, default=(1.0, 0))[0]
    if least >= ALIKE:
        return []
    as_good = [t for share, t in shares if share < least + 0.02]    # medians are the same for some time
    t = as_good[len(as_good) // 2]
    return [*_distances(keypoints, first, t, size), t, *_distances(keypoints, t, stop, size)]


def _body(keypoints: np.ndarray) -> Tuple[np.ndarray, float]:
    """[T, 5, 2] of face and shoulders, those not seen where they were last; and the shoulders' usual breadth."""
    points = keypoints[:, list(BODY)].astype(np.float64)
    sure = points[..., 2] >= CONFIDENT
    places = points[..., :2].copy()
    for index in range(len(BODY)):
        if sure[:, index].any():
            last = np.maximum.accumulate(np.where(sure[:, index], np.arange(len(points)), -1))
            last[last < 0] = int(sure[:, index].argmax())
            places[:, index] = places[last, index]
    breadth = np.linalg.norm(places[:, -1] - places[:, -2], axis=1)
    return places, max(1.0, float(np.median(breadth)))
