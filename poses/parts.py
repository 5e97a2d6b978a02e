"""What a signer's picture is made of, part by part: what a network may have read a gloss from."""
from typing import Tuple

import cv2
import numpy as np

from poses.regions import ARMS_IN_FRONT, FOREARMS, FRONT, HANDS, SIDE, regions
from records.parts import BODY, FACE, LEFT, MOUTH, PARTS, REST, RIGHT, UPPER_FACE
from records.parts import HANDS as BOTH_HANDS

MARGIN = 0.06           # of the shoulders' breadth: parts grow by so much, as keypoints are a little off
FOUND = 0.4             # mean confidence of a hand's points: estimators that lose a hand put it where it was before
MOVED = 20              # of 255: a cell that differs by more from its median moves
# Of a region that is drawn, the part that it belongs to: of six, and of four. Hair and neck move with the face.
OWNER = {"right hand": (RIGHT, BOTH_HANDS), "left hand": (LEFT, BOTH_HANDS), "mouth": (MOUTH, FACE),
         "face": (UPPER_FACE, FACE), "head": (UPPER_FACE, FACE), "body": (BODY, BODY), ARMS_IN_FRONT: (BODY, BODY),
         "elsewhere": (REST, REST)}


def part_labels(keypoints: np.ndarray, frames: np.ndarray, count: int) -> Tuple[np.ndarray, np.ndarray]:
    """keypoints [T, 133, 3], frames uint8 [T, H, W, 3] -> of each cell the part, by its place in PARTS[count], uint8
    [T, 64, 64]; and which frames show a signer, [T]. Where parts overlap a cell belongs to what is in front, and where
    nobody is seen to everything else. While a hand is not found, what moves and touches the signer is arms and trunk.
    """
    labels, seen = regions(between(keypoints), FRONT, MARGIN)
    names = PARTS[count]
    owners = np.array([names.index(OWNER[region][count == 4]) for region in FRONT], np.uint8)
    parts, rest, body = owners[labels], names.index(REST), names.index(BODY)
    without = np.flatnonzero(lost(keypoints).any(1) & seen)
    moving = moves(frames) if len(without) else np.zeros(parts.shape, bool)
    for frame in without:
        parts[frame][touching(moving[frame] & (parts[frame] == rest), parts[frame] != rest)] = body
    return parts, seen


def moves(frames: np.ndarray) -> np.ndarray:
    """bool [T, 64, 64]: the cells that differ from what they are most of the time."""
    small = np.stack([cv2.resize(np.ascontiguousarray(frame), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
                      for frame in frames]).astype(np.int16)
    return np.asarray((np.abs(small - np.median(small, axis=0)) > MOVED).any(-1))


def touching(cells: np.ndarray, signer: np.ndarray) -> np.ndarray:
    """bool [64, 64]: those of the cells that hang together with one beside the signer."""
    _, groups = cv2.connectedComponents(cells.astype(np.uint8), connectivity=8)
    beside = cv2.dilate(signer.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return np.asarray(np.isin(groups, groups[beside & cells]) & cells)


def lost(keypoints: np.ndarray) -> np.ndarray:
    """bool [T, 2]: in which frames the left and the right hand are not found, though they are in others."""
    seen = np.stack([keypoints[:, hand, 2].mean(1) >= FOUND for hand in HANDS], axis=1)
    return ~seen & seen.any(0)


def between(keypoints: np.ndarray) -> np.ndarray:
    """The same keypoints; a hand that is not found, and its forearm, lie between where they are found."""
    out, frames = keypoints.copy(), np.arange(len(keypoints))
    for gone, hand, forearm in zip(lost(keypoints).T, HANDS, FOREARMS):
        if gone.any():
            points = [*range(*hand.indices(keypoints.shape[1])), *forearm]
            for point in points:
                for axis in range(3):
                    out[gone, point, axis] = np.interp(frames[gone], frames[~gone], keypoints[~gone, point, axis])
    return out
