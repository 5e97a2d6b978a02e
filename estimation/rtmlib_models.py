"""Whole-body models by rtmlib (RTMW): the 133 points as they are. Their weights must have been fetched before."""
import contextlib
import io
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any, Iterable, Iterator, List, Mapping, Optional

import numpy as np

from terminal.errors import UserError

NAME = "rtmlib"
MODES = ("performance", "balanced", "lightweight")      # rtmlib's names, the most exact first
PARTS = ("det", "pose")
SHOULDERS = [5, 6]
CONFIDENT = 0.3         # it always places somebody; below this nobody is there


class Rtmlib:
    """Finds every person and keeps the one whose shoulders are widest: the signer stands in front."""

    def __init__(self, mode: Optional[str] = None) -> None:
        """mode: one of MODES; the most exact of those whose weights are there where none is named."""
        import rtmlib

        known = rtmlib.Wholebody.MODE
        asked = MODES if mode is None else (mode,)
        mode = next((each for each in asked if not absent(known[each])), None)
        if mode is None:
            best = asked[0]
            raise UserError(f"rtmlib's weights are not at {', '.join(map(str, absent(known[best])))}"
                            f"{', nor are those of its smaller models' if len(asked) > 1 else ''}; fetch them once "
                            f"where there is internet: python -c \"import rtmlib; rtmlib.Wholebody(mode='{best}')\"")
        files = [fetched(known[mode][part]) for part in PARTS]
        sizes = (known[mode][f"{part}_input_size"] for part in PARTS)
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


def absent(model: Mapping[str, Any]) -> List[Path]:
    """What is not there of a model's detector and pose network."""
    return [file for file in (fetched(model[part]) for part in PARTS) if not file.is_file()]


def fetched(address: str) -> Path:
    """Where rtmlib keeps the model that it fetches from an address."""
    cache = os.getenv("TORCH_HOME") or os.path.join(os.getenv("XDG_CACHE_HOME", "~/.cache"), "rtmlib")
    stem = address.rsplit("/", 1)[-1].split(".")[0]
    return Path(cache).expanduser() / "hub" / "checkpoints" / f"{stem}.onnx"
