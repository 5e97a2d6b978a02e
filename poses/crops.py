"""Where the squares lie that show a signer's hands and face, pixel for pixel as the frame has them."""
from dataclasses import dataclass
from typing import List, Tuple

import numpy as np

from poses.regions import CONFIDENT, FACE, FRAME_HEIGHT, FRAME_WIDTH, HANDS

CROPPED = {"left hand": HANDS[0], "right hand": HANDS[1], "face": FACE}     # the signer's own left and right
ENOUGH = 0.5            # of a part's points must be sure, or it is not found
STEP = 4                # squares begin at multiples of it, so that blocks of 2 or 4 pixels are never cut


@dataclass(frozen=True)
class Place:
    """A square of a frame."""

    frame: int
    part: str           # of CROPPED
    top: int
    left: int


def crop_places(keypoints: np.ndarray, size: Tuple[int, int], side: int) -> List[Place]:
    """keypoints [T, 133, 3] in pixels of 210x260 frames, frames of (height, width) `size` that hold such a square ->
    the squares of the parts that are found, frame by frame, each all within its frame."""
    scale = np.array([size[1] / FRAME_WIDTH, size[0] / FRAME_HEIGHT])
    places: List[Place] = []
    for frame, points in enumerate(keypoints):
        for part, rows in CROPPED.items():
            sure = points[rows][points[rows, 2] >= CONFIDENT, :2]
            if len(sure) < ENOUGH * len(points[rows]):
                continue
            left, top = ((sure.min(0) + sure.max(0)) / 2 + 0.5) * scale - side / 2
            places.append(Place(frame, part, _within(top, size[0] - side), _within(left, size[1] - side)))
    return places


def _within(start: float, last: int) -> int:
    return int(np.clip(round(float(start) / STEP) * STEP, 0, last // STEP * STEP))


def cut(frames: np.ndarray, places: List[Place], side: int) -> np.ndarray:
    """[T, H, W, 3] -> [N, side, side, 3]"""
    crops = np.empty((len(places), side, side, 3), frames.dtype)
    for crop, place in zip(crops, places):
        crop[:] = frames[place.frame, place.top:place.top + side, place.left:place.left + side]
    return crops
