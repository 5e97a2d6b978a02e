"""Where the signer's hands, face and body are in each frame."""
from typing import Tuple

import cv2
import numpy as np

REGIONS = ("hands", "face", "body", "elsewhere")
APART = ("left hand", "right hand", "face", "body", "elsewhere")        # the signer's own left and right
PARTS = ("left hand", "right hand", "mouth", "face", "body", "elsewhere")
ARMS_IN_FRONT = "arms in front"
FRONT = ("left hand", "right hand", "mouth", "face", "head", "body", ARMS_IN_FRONT, "elsewhere")   # in more detail
ELSEWHERE = REGIONS.index("elsewhere")
SIDE = 64                           # regions are drawn on a 64x64 grid over the frame
CONFIDENT = 0.3                     # points below it are not used
FRAME_WIDTH, FRAME_HEIGHT = 210, 260    # the frames that keypoints are given in

# COCO-WholeBody: 17 body points, 6 of the feet, 68 of the face, 21 of each hand.
FACE = slice(23, 91)
MOUTH = slice(71, 91)
HANDS = (slice(91, 112), slice(112, 133))
HEAD = slice(0, 5)
SHOULDERS = (5, 6)
HIPS = (11, 12)
ARMS = ((5, 7), (7, 9), (6, 8), (8, 10))
FOREARMS = ((7, 9), (8, 10))
HAND_LENGTH = 0.75                  # of the forearm's
SUBPIXEL = 4                        # bits of fraction that OpenCV draws with


def regions(keypoints: np.ndarray, names: Tuple[str, ...] = REGIONS,
            grown: float = 0.0) -> Tuple[np.ndarray, np.ndarray]:
    """[T, 133, 3] x, y, confidence -> the region of each cell, uint8 [T, 64, 64], and which frames show a signer, [T].

    Regions do not overlap: a hand before the face is hand, a face before the body is face. names: REGIONS, APART,
    PARTS or FRONT, whose places are the labels; in FRONT a hand that is not found lies beyond its wrist.
    grown: by how much of the shoulders' breadth each is larger.
    """
    labels = np.full((len(keypoints), SIDE, SIDE), names.index("elsewhere"), np.uint8)
    seen = np.any(keypoints[:, :, 2] >= CONFIDENT, axis=1)
    for index in np.flatnonzero(seen):
        _draw(labels[index], keypoints[index], names, grown)
    return labels, np.asarray(seen)


def _draw(canvas: np.ndarray, points: np.ndarray, names: Tuple[str, ...], grown: float) -> None:
    sure = (points[:, 2] >= CONFIDENT) & np.isfinite(points).all(axis=1)
    scale = np.array([SIDE / FRAME_WIDTH, SIDE / FRAME_HEIGHT])
    cells = np.where(sure[:, None], (points[:, :2] + 0.5) * scale - 0.5, 0)         # pixels are areas
    cells = np.clip(cells, -4 * SIDE, 5 * SIDE)
    shoulders = [cells[index] for index in SHOULDERS if sure[index]]
    breadth = float(np.hypot(*(shoulders[0] - shoulders[1]))) if len(shoulders) == 2 else SIDE / 4

    def fill(points: np.ndarray, name: str, margin: float) -> None:
        _fill(canvas, points, names.index(name), (margin + grown) * breadth)

    def arms(name: str) -> None:
        for start, stop in ARMS:
            if sure[start] and sure[stop]:
                fill(cells[[start, stop]], name, 0.13)

    if len(shoulders) == 2:
        # Hips are often below the picture and then not seen: the trunk goes straight down.
        hips = [cells[hip] if sure[hip] else np.array([shoulder[0], SIDE])
                for hip, shoulder in zip(HIPS, shoulders)]
        fill(np.stack(shoulders + hips), "body", 0.1)
    arms("body")
    head = np.concatenate([cells[HEAD][sure[HEAD]], cells[FACE][sure[FACE]]])
    fill(head, "head" if "head" in names else "body", 0.22)                         # hair and neck
    fill(cells[FACE][sure[FACE]], "face", 0.04)
    if "mouth" in names:
        fill(cells[MOUTH][sure[MOUTH]], "mouth", 0.04)
    if ARMS_IN_FRONT in names:
        arms(ARMS_IN_FRONT)
    for side, hand, (elbow, wrist) in zip(("left hand", "right hand"), HANDS, FOREARMS):
        name = side if side in names else "hands"
        fill(cells[hand][sure[hand]], name, 0.06)
        if ARMS_IN_FRONT in names and not sure[hand].any() and sure[elbow] and sure[wrist]:
            beyond = cells[wrist] + HAND_LENGTH * (cells[wrist] - cells[elbow])     # lost, as hands are that move fast
            fill(np.stack([cells[wrist], beyond]), name, 0.15)


def _fill(canvas: np.ndarray, points: np.ndarray, region: int, margin: float) -> None:
    """The convex hull of points [n, 2], grown by margin on all sides."""
    if len(points) == 0:
        return
    fixed = np.round(points * (1 << SUBPIXEL)).astype(np.int32)
    hull = cv2.convexHull(fixed)
    if len(hull) > 2:
        cv2.fillConvexPoly(canvas, hull, region, cv2.LINE_8, SUBPIXEL)
    cv2.polylines(canvas, [hull], True, region, max(1, round(2 * margin)), cv2.LINE_8, SUBPIXEL)


def cover(labels: np.ndarray, count: int = len(REGIONS)) -> np.ndarray:
    """Share of the picture that each of so many regions covers, [T, count]."""
    cells = labels[0].size
    return np.stack([(labels == region).sum(axis=(1, 2)) / cells for region in range(count)], axis=1)
