"""In which frames each hand was found: where it was not, its keypoints are no more than a guess."""
from typing import Dict, List, Tuple

import numpy as np

from poses.regions import CONFIDENT
from poses.whole_body import LEFT_HAND, RIGHT_HAND
from records.transcript import Range

HANDS = (("left hand", LEFT_HAND, 9), ("right hand", RIGHT_HAND, 10))      # the signer's own; and their wrists
ENOUGH = 0.5            # of a hand's points must be sure


def seen(keypoints: np.ndarray) -> np.ndarray:
    """[T, 133, 3] -> bool [T, 2]: left, right."""
    sure = keypoints[..., 2] >= CONFIDENT
    return np.stack([sure[:, list(points)].mean(axis=1) >= ENOUGH for _, points, _ in HANDS], axis=1)


def unseen(keypoints: np.ndarray) -> Dict[str, Tuple[Range, ...]]:
    """The frames in which a hand was not found, in ranges, by hand."""
    there = seen(keypoints)
    return {name: ranges(~there[:, side]) for side, (name, _, _) in enumerate(HANDS)}


def ranges(marked: np.ndarray) -> Tuple[Range, ...]:
    """bool [T] -> the runs of what is marked: the first, and one past the last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marked, [False]]).astype(int)))
    return tuple((int(first), int(stop)) for first, stop in zip(edges[::2], edges[1::2]))


def hands_line(keypoints: np.ndarray, size: Tuple[int, int]) -> str:
    """How often each hand was found where its wrist is in the picture, of (height, width) `size`."""
    there = seen(keypoints)
    said: List[str] = []
    for side, (name, _, wrist) in enumerate(HANDS):
        x, y = keypoints[:, wrist, 0], keypoints[:, wrist, 1]
        inside = (x >= -0.5) & (x < size[1] - 0.5) & (y >= -0.5) & (y < size[0] - 0.5)
        hits, count = int((there[:, side] & inside).sum()), int(inside.sum())
        said.append(f"{name} never in the picture" if not count else
                    f"{name} found in {100 * hits / count:.0f} % ({hits} of {count} frames that show its wrist)")
    return "; ".join(said)
