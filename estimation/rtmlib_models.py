"""RTMW or DWPose by rtmlib: the 133 points as they are. Its weights must have been fetched before."""
import contextlib
import io
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any, Iterable, Iterator, Optional

import numpy as np

from terminal.errors import UserError

NAME = "rtmlib"
MODE = "balanced"
SHOULDERS = [5, 6]
CONFIDENT = 0.3         # it always places somebody; below this nobody is there


class Rtmlib:
    """Finds every person and keeps the one whose shoulders are widest: the signer stands in front."""

    def __init__(self) -> None:
        import rtmlib

        files = [fetched(rtmlib.Wholebody.MODE[MODE][part]) for part in ("det", "pose")]
        absent = [file for file in files if not file.is_file()]
        if absent:
            raise UserError(f"rtmlib's weights are not at {', '.join(map(str, absent))}; fetch them once where there "
                            f"is internet: python -c \"import rtmlib; rtmlib.Wholebody(mode='{MODE}')\"")
        sizes = (rtmlib.Wholebody.MODE[MODE][f"{part}_input_size"] for part in ("det", "pose"))
        with contextlib.redirect_stdout(io.StringIO()):         # it prints what it loads
            self._search: Any = rtmlib.Wholebody(det=str(files[0]), det_input_size=next(sizes), pose=str(files[1]),
                                                 pose_input_size=next(sizes), backend="onnxruntime", device="cpu")
        self.name = f"{NAME} {version(NAME)} {files[1].stem}"

    def __call__(self, pictures: Iterable[np.ndarray]) -> Iterator[Optional[np.ndarray]]:
        for picture in pictures:
            places, scores = self._search(np.ascontiguousarray(picture[..., ::-1]))
            yield signer(np.asarray(places), np.asarray(scores))


def signer(places: np.ndarray, scores: np.ndarray) -> Optional[np.ndarray]:
    """[people, 133, 2], [people, 133] -> [133, 3]; None: nobody."""
    if not len(places):
        return None
    right, left = places[:, SHOULDERS[1]], places[:, SHOULDERS[0]]
    breadth = np.hypot(*(left - right).T) * scores[:, SHOULDERS].min(axis=1)
    person = int(breadth.argmax())
    if breadth[person] <= 0 or scores[person, SHOULDERS].min() < CONFIDENT:
        return None
    return np.concatenate([places[person], np.clip(scores[person], 0, 1)[:, None]], axis=1)


def fetched(address: str) -> Path:
    """Where rtmlib keeps the model that it fetches from an address."""
    cache = os.getenv("TORCH_HOME") or os.path.join(os.getenv("XDG_CACHE_HOME", "~/.cache"), "rtmlib")
    stem = address.rsplit("/", 1)[-1].split(".")[0]
    return Path(cache).expanduser() / "hub" / "checkpoints" / f"{stem}.onnx"
