"""A map whose cells are joints: drawn at the keypoints, wherever these are on a frame."""
from dataclasses import dataclass
from typing import Any, Tuple

import cv2
import numpy as np

from geometry.laid import LEAST, Cells, LaidMap
from geometry.skeleton import SMALL, Joints

LARGE_DISC, SMALL_DISC, LIMB = 0.02, 0.011, 0.008      # radii, and a limb's width, in parts of the frame's height
BITS = 4                        # of fraction that OpenCV draws with
FAR = 4                         # frame widths beyond which a point is not drawn any further away


@dataclass(frozen=True)
class JointMap(LaidMap):
    """`raw` is [T', J]. Over a frame: a disc at each joint, of its value; between joints that a body links a limb, of
    the lesser of its two ends' values; where they overlap the larger; 0 elsewhere.

    `matrix`, of an attention, is [J, J]: what each joint, a row, takes from each, one for the whole clip.
    """

    @property
    def joints(self) -> Joints:
        assert self.cells.joints is not None
        return self.cells.joints

    @property
    def spatial(self) -> bool:
        return True

    def inside(self, frame: int, times: int = 1, bicubic: bool = False) -> np.ndarray:
        """As any map's; discs and limbs have no cells between which anything is laid, by cubics or otherwise."""
        top, bottom, left, right = (side * times for side in self.extent.box)
        height, width = (side * times for side in self.extent.size[1:])
        values = self.values(frame)
        if not values.any():
            return np.zeros((bottom - top, right - left), np.float16)
        drawn = painted(self.joints, frame, values, height, width, times)
        return (drawn[top:bottom, left:right] / np.float32(255)).astype(np.float16)

    def values(self, frame: int) -> np.ndarray:
        """float32 [J] in 0..1"""
        if self.void or not self.sees(frame):
            return np.zeros(self.raw.shape[1], np.float32)
        low, spread = self.scale(frame)
        values = (self._step(frame) - np.float32(low)) / np.float32(spread)
        return (values * (values >= LEAST)).clip(0, 1)

    def highest(self, frame: int) -> Tuple[int, int]:
        """y and x of the joint whose value is largest, on the frame's edge where it lies beyond."""
        x, y = self.joints.points[frame, int(self._step(frame).argmax())]
        height, width = self.extent.size[1:]
        return int(np.clip(round(float(y)), 0, height - 1)), int(np.clip(round(float(x)), 0, width - 1))

    def over_time(self) -> np.ndarray:
        """float32 [T, J] in 0..1: the matrix of joints by time."""
        return np.stack([self.values(frame) for frame in range(len(self))])

    def energy(self) -> np.ndarray:
        """float32 [T]: the mean over joints; the size of a disc says nothing."""
        return self.over_time().mean(1)

    def coarse(self, side: int) -> np.ndarray:
        """float32 [T, side, side]: each joint's value, all of it in the part of the frame that the joint lies in, so
        that a region's share of the map is its joints' share of the values, whatever their discs cover."""
        total, height, width = self.extent.size
        columns, rows = (((self.joints.points[..., axis] + 0.5) * side / pixels) for axis, pixels in
                         ((0, width), (1, height)))
        within = (columns >= 0) & (columns < side) & (rows >= 0) & (rows < side)
        out = np.zeros((total, side, side), np.float32)
        frames, joints = np.nonzero(within)
        np.add.at(out, (frames, rows[within].astype(int), columns[within].astype(int)),
                  self.over_time()[frames, joints])
        return out


def painted(joints: Joints, frame: int, values: np.ndarray, height: int, width: int, times: int = 1) -> np.ndarray:
    """uint8 [height, width]: values [J] in 0..1 as discs and limbs; `times` the points are of smaller frames."""
    canvas = np.zeros((height, width), np.uint8)
    points = (joints.points[frame].astype(np.float64) + 0.5) * times - 0.5
    bounds = np.array([width, height])
    spots = [tuple(map(int, spot)) for spot in (points.clip(-FAR * bounds, FAR * bounds) * (1 << BITS)).round()]
    grey = np.rint(values * 255).astype(int)
    fine = {"lineType": cv2.LINE_AA, "shift": BITS}
    limbs = [(min(grey[one], grey[other]), (one, other)) for one, other in joints.limbs]
    for value, ends in sorted(limbs + [(value, (at,)) for at, value in enumerate(grey)]):       # the larger comes last
        if len(ends) == 2:
            cv2.line(canvas, spots[ends[0]], spots[ends[1]], int(value), max(1, round(LIMB * height)), **fine)
        else:
            radius = (SMALL_DISC if joints.numbers[ends[0]] >= SMALL else LARGE_DISC) * height
            cv2.circle(canvas, spots[ends[0]], round(radius * (1 << BITS)), int(value), -1, **fine)
    return canvas


def laid_map(raw: np.ndarray, cells: Cells, *rest: Any, **fields: Any) -> LaidMap:
    """The map of the kind that its cells ask for."""
    return (LaidMap if cells.joints is None else JointMap)(raw, cells, *rest, **fields)

