"""Keypoints that the user brings along for a video: arrays of the 133 points, or what other programs wrote."""
from pathlib import Path
from typing import Dict, Optional

import numpy as np

from files.arrays import load_npy, load_npz
from poses.brought import Brought, is_foreign, read_brought
from poses.keypoint_pickle import POINTS, sequences
from terminal.errors import UserError

ARRAYS = (".npz", ".npy", ".pkl", ".pickle", ".p")
EXPECTED = f"expected x, y, confidence of {POINTS} points a frame, [T, {POINTS}, 3], in pixels of the video"
TAKEN = (f"taken are .npz, .npy and pickles of [T, {POINTS}, 3], .pose, JSON of OpenPose, MMPose or MediaPipe, or a "
         "folder with a JSON for each frame or a .pose for each video")


def read_keypoints(path: Path, name: str, person: Optional[str] = None) -> Brought:
    """Of the video that goes by `name`, which matters where the file has several. person: as people.chosen takes it."""
    foreign = is_foreign(path)
    if not path.exists():
        raise UserError(f"--keypoints {path}: does not exist; {TAKEN}")
    if not foreign and path.suffix.lower() not in ARRAYS:
        raise UserError(f"--keypoints {path}: {path.suffix or 'a file without an ending'} is of another kind; {TAKEN}")
    if path.is_dir():
        path = _of_video(path, name)
    try:
        if foreign:
            return read_brought(path, person)
        if person is not None:
            raise UserError(f"{path} has one person; leave --person out")
        return Brought(_array(path, name))
    except OSError as error:
        raise UserError(f"--keypoints {path}: can't be read ({error.strerror}); {TAKEN}") from None
    except UserError as error:
        raise UserError(f"--keypoints {error}") from None


def _of_video(folder: Path, name: str) -> Path:
    """Of a folder of .pose files the video's own; any other folder has a JSON for each frame."""
    poses = sorted(path.stem for path in folder.glob("*.pose"))
    if poses and name not in poses:
        raise UserError(f"--keypoints {folder}: nothing for '{name}' among {', '.join(poses[:5])}; name its .pose so, "
                        "or give the file of this video alone")
    return folder / f"{name}.pose" if poses else folder


def _array(path: Path, name: str) -> np.ndarray:
    try:
        arrays = _arrays(path)
    except UserError as error:
        raise UserError(f"{error}; {EXPECTED}") from None
    keypoints = arrays.get(name, next(iter(arrays.values())) if len(arrays) == 1 else None)
    if keypoints is None:
        raise UserError(f"{path}: nothing for '{name}' among {', '.join(sorted(arrays)[:5])}; name its entry so, or "
                        "give the file of this video alone")
    if keypoints.ndim != 3 or keypoints.shape[1:] != (POINTS, 3) or keypoints.dtype.kind not in "iuf":
        raise UserError(f"{path}: an array of shape {list(keypoints.shape)} and type {keypoints.dtype}; {EXPECTED}")
    wrong = ~np.isfinite(keypoints).all(axis=(1, 2))
    if wrong.any():
        raise UserError(f"{path}: not finite in frame {int(wrong.argmax())}; expected numbers; find them again, with "
                        "confidence 0 where a point is not seen")
    return keypoints


def _arrays(path: Path) -> Dict[str, np.ndarray]:
    if path.suffix == ".npz":
        return load_npz(path)
    return {"": load_npy(path)} if path.suffix == ".npy" else dict(sequences(path))


def matched(brought: Brought, taken: np.ndarray, times: np.ndarray, end: float, whole: np.ndarray,
            path: Path) -> Brought:
    """With the rows of the frames that are taken: a file may have one for each of them, for each of the video, or for
    each that is taken of the whole video; one that tells its frames a second may have any number.

    times: of all frames of the video, in seconds; end: when its last frame goes.
    """
    count = len(brought.keypoints)
    if count == len(taken):
        return brought
    rows = (taken if count == len(times) else
            np.searchsorted(whole, taken).clip(0, len(whole) - 1) if count == len(whole) else
            brought.at(times[taken], end, path))
    if rows is None:
        which = f"taken, or {len(times)}, one for each of the video" if len(times) != len(taken) else "of the video"
        raise UserError(f"--keypoints {path}: {count} frames of keypoints; expected {len(taken)}, one for each frame "
                        f"{which}; find them again from the same file")
    return brought.rows(rows)
