"""Keypoints that the user brings along for a video: npz, npy or pickle of [T, 133, 3]."""
from pathlib import Path
from typing import Dict

import numpy as np

from files.arrays import load_npy, load_npz
from poses.keypoint_pickle import POINTS, sequences
from terminal.errors import UserError

EXPECTED = f"expected x, y, confidence of {POINTS} points a frame, [T, {POINTS}, 3], in pixels of the video"


def read_keypoints(path: Path, name: str) -> np.ndarray:
    """float32 [T, 133, 3] of the video that goes by `name`, which matters where the file has several."""
    if not path.is_file():
        raise UserError(f"--keypoints {path}: does not exist; {EXPECTED}, as npz, npy or pickle")
    try:
        found = _arrays(path)
    except OSError as error:
        raise UserError(f"--keypoints {path}: can't be read ({error.strerror}); {EXPECTED}") from None
    except UserError as error:
        raise UserError(f"--keypoints {error}; {EXPECTED}") from None
    keypoints = found.get(name, next(iter(found.values())) if len(found) == 1 else None)
    if keypoints is None:
        raise UserError(f"--keypoints {path}: nothing for '{name}' among {', '.join(sorted(found)[:5])}; name its "
                        "entry so, or give the file of this video alone")
    if keypoints.ndim != 3 or keypoints.shape[1:] != (POINTS, 3) or keypoints.dtype.kind not in "iuf":
        raise UserError(f"--keypoints {path}: an array of shape {list(keypoints.shape)} and type {keypoints.dtype}; "
                        f"{EXPECTED}")
    wrong = ~np.isfinite(keypoints).all(axis=(1, 2))
    if wrong.any():
        raise UserError(f"--keypoints {path}: not finite in frame {int(wrong.argmax())}; expected numbers; find them "
                        "again, with confidence 0 where a point is not seen")
    return keypoints.astype(np.float32)


def _arrays(path: Path) -> Dict[str, np.ndarray]:
    if path.suffix == ".npz":
        return load_npz(path)
    return {"": load_npy(path)} if path.suffix == ".npy" else dict(sequences(path))


def matched(keypoints: np.ndarray, taken: np.ndarray, frames: int, whole: np.ndarray, path: Path) -> np.ndarray:
    """The rows of the frames that are taken: a file may have one for each of them, for each of the video, or for each
    that is taken of the whole video.
    """
    if len(keypoints) == len(taken):
        return keypoints
    if len(keypoints) == frames:
        return keypoints[taken]
    if len(keypoints) == len(whole):
        return keypoints[np.searchsorted(whole, taken).clip(0, len(whole) - 1)]
    raise UserError(f"--keypoints {path}: {len(keypoints)} frames of keypoints; expected {len(taken)}, one for each "
                    f"frame taken, or {frames}, one for each of the video; find them again from the same file")
