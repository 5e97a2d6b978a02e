"""Keypoints of other programs, whatever their format, as the 133 points of the signer in each frame."""
from dataclasses import dataclass, replace
from pathlib import Path
from typing import List, Optional, Tuple

import numpy as np

from poses.missing import filled_points
from poses.people import chosen
from poses.point_layouts import WHOLE, of_parts
from poses.pose_file import read_pose
from poses.pose_json import read_file, read_folder
from terminal.errors import UserError

ALIKE = 0.02            # how far the shape of the pictures that points are of may be off the video's
OFF, OFF_SHARE = 0.2, 0.02      # seconds, and part of the video, by which they may end before or after it
KINDS = (".pose", ".json")
BEYOND = 10             # MediaPipe's points may lie outside the picture, but not so far, in parts of it
SMALL = 0.05            # of the picture's height: nobody is so small


@dataclass(frozen=True)
class Brought:
    """float64 [T, 133, 3]: x, y and confidence, 0 where a point was not found and lies where it may have been."""

    keypoints: np.ndarray
    rate: Optional[float] = None                # frames a second; None: not told
    size: Optional[Tuple[int, int]] = None      # width, height of the pictures they are of; (1, 1): parts of them
    edges: bool = False                         # pixels are counted from their edges, not from their middles
    rounded: bool = False                       # the rate has lost what came behind its point
    said: str = ""                              # what must be said of the people in it

    def on(self, size: Tuple[int, int], path: Path) -> np.ndarray:
        """float32 [T, 133, 3] in pixels of pictures of another size, width and height."""
        made = self.keypoints.copy()
        if self.size is not None:
            if self.size != (1, 1) and abs(self.size[0] * size[1] / (self.size[1] * size[0]) - 1) > ALIKE:
                raise UserError(f"--keypoints {path}: points of pictures of {self.size[0]}x{self.size[1]}, the video "
                                f"has {size[0]}x{size[1]}; find them again from this video")
            half = 0.0 if self.edges else 0.5
            made[..., :2] = (made[..., :2] + half) * (np.array(size) / np.array(self.size)) - 0.5
            tall = _extent(made)
            if tall < SMALL * size[1]:
                raise UserError(f"--keypoints {path}: its points lie within {tall:.2g} pixels of each other, in a "
                                f"picture of {size[1]}; expected pixels; undo their normalisation")
        return made.astype(np.float32)

    def rows(self, frames: np.ndarray) -> "Brought":
        return replace(self, keypoints=self.keypoints[frames])

    def at(self, moments: np.ndarray, end: float, path: Path) -> Optional[np.ndarray]:
        """Which of its frames are nearest to those moments of a video that lasts so many seconds; None where it does
        not tell its frames a second."""
        if self.rate is None:
            return None
        rate, lasts = self.rate, len(self.keypoints) / self.rate
        if self.rounded and 0 <= len(self.keypoints) / end - rate < 1:
            rate, lasts = len(self.keypoints) / end, end
        if abs(lasts - end) > max(OFF, OFF_SHARE * end):
            raise UserError(f"--keypoints {path}: {len(self.keypoints)} frames at {self.rate:g} a second last "
                            f"{lasts:.2f} s, the video {end:.2f}; find them again from this video")
        return np.round(moments * rate).astype(int).clip(0, len(self.keypoints) - 1)


def is_foreign(path: Path) -> bool:
    return path.is_dir() or path.suffix.lower() in KINDS


def files_of(path: Path) -> List[Path]:
    """What is read."""
    return [file for kind in KINDS for file in sorted(path.glob(f"*{kind}"))] if path.is_dir() else [path]


def read_brought(path: Path, person: Optional[str] = None) -> Brought:
    """person: as people.chosen takes it.

    OSError where there is no file; UserError where it is damaged or of another kind.
    """
    if path.suffix.lower() == ".pose":
        return _of_pose(path, person)
    poses = read_folder(path) if path.is_dir() else read_file(path)
    keypoints, said = _signer(path, poses.frames, person)
    seen = keypoints[keypoints[..., 2] > 0][:, :2]
    if seen.max() > (BEYOND if poses.parts_of_picture else 1):      # pixels, whoever wrote them
        return Brought(keypoints, poses.rate, poses.size, said=said)
    if not poses.parts_of_picture and seen.min() < 0:
        raise UserError(f"{path}: all points lie between -1 and 1; expected pixels, or parts of the picture from 0 to "
                        "1 (OpenPose: --keypoint_scale 0 or 3)")
    return Brought(keypoints, poses.rate, (1, 1), True, said=said)


def _of_pose(path: Path, person: Optional[str]) -> Brought:
    file = read_pose(path)
    poses: List[Optional[np.ndarray]] = []
    for places, confidence in zip(file.places, file.confidence):
        people = of_parts(file.parts, np.concatenate([places[..., :2], confidence[..., None]], axis=2))
        if people is None:
            held = ", ".join(f"{name} ({len(points)})" for name, points in file.parts)
            raise UserError(f"{path}: points of {held[:200]}; expected {WHOLE}")
        poses.append(people)
    holistic = file.parts[0][0] == "POSE_LANDMARKS"
    keypoints, said = _signer(path, poses, person)
    return Brought(keypoints, file.rate, file.size if all(file.size) else None, holistic, file.version == 0.1, said)


def _extent(keypoints: np.ndarray) -> float:
    """From the highest to the lowest of all points that are seen in a frame, in the middle of all frames."""
    heights = [np.ptp(frame[frame[:, 2] > 0, 1]) for frame in keypoints if (frame[:, 2] > 0).any()]
    return float(np.median(heights)) if heights else float("inf")


def _signer(path: Path, frames: List[Optional[np.ndarray]], person: Optional[str]) -> Tuple[np.ndarray, str]:
    """Without gaps; and what must be said of several people."""
    one, said = chosen(frames, person)
    for number, points in enumerate(one):
        if points is not None and not np.isfinite(points[points[:, 2] != 0]).all():
            raise UserError(f"{path}: not finite in frame {number}; expected numbers; find them again")
    whole = filled_points(one)
    if whole is None:
        raise UserError(f"{path}: no person in any of its {len(frames)} frames; find them again, from a video of a "
                        "signer")
    return whole, said
