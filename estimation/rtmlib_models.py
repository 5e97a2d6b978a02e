"""Whole-body models by rtmlib (RTMW): the 133 points as they are. Their weights must have been fetched before."""
import contextlib
import io
import os
import zlib
from importlib.metadata import version
from pathlib import Path
from typing import Any, Iterable, Iterator, List, Mapping, Optional, Tuple

import numpy as np

from poses.keypoint_pickle import POINTS
from poses.people import CONFIDENT, SHOULDERS
from terminal.errors import UserError

NAME = "rtmlib"
MODES = ("performance", "balanced", "lightweight")      # rtmlib's names, the most exact first
PARTS = ("det", "pose")
MODEL = f"a model of {POINTS} points as rtmlib's are: an image of 3 channels in, SimCC of x and of y out"


class Rtmlib:
    """Finds every person by a detector, and the points of each. Without a detector the whole picture is one person."""

    def __init__(self, mode: Optional[str] = None, file: Optional[Path] = None) -> None:
        """mode: one of MODES; the most exact of those whose weights are there where none is named.

        file: the user's own weights of the points; beside them a detector of rtmlib's where one is there.
        """
        import rtmlib

        known = rtmlib.Wholebody.MODE
        with contextlib.redirect_stdout(io.StringIO()):         # it prints what it loads
            if file is None:
                mode = _there(known, mode)
                self._points = _model(rtmlib.RTMPose, known[mode], "pose")
                self.name = f"{NAME} {version(NAME)} {fetched(known[mode]['pose']).stem}"
            else:
                self._points = _own(rtmlib.RTMPose, file)
                mode = next((name for name in MODES if fetched(known[name]["det"]).is_file()), None)
                self.name = f"{NAME} {version(NAME)} {file.name} {zlib.crc32(file.read_bytes()):08x}"
                self.name += "" if mode else " of whole pictures (no detector of rtmlib's is there)"
            self._people = None if mode is None else _model(rtmlib.YOLOX, known[mode], "det")
        self.several = self._people is not None

    def __call__(self, pictures: Iterable[np.ndarray]) -> Iterator[Optional[np.ndarray]]:
        for picture in pictures:
            shown = np.ascontiguousarray(picture[..., ::-1])
            boxes = [] if self._people is None else self._people(shown)
            if self._people is not None and not len(boxes):
                yield None          # without a box it would take the whole picture for somebody
            else:
                yield confident(*map(np.asarray, self._points(shown, bboxes=boxes)))


def confident(places: np.ndarray, scores: np.ndarray) -> Optional[np.ndarray]:
    """[people, 133, 2], [people, 133] -> [people, 133, 3] of those whose shoulders are sure; None: nobody."""
    sure = scores[:, SHOULDERS].min(axis=1) >= CONFIDENT
    if not sure.any():
        return None
    return np.concatenate([places[sure], np.clip(scores[sure], 0, 1)[..., None]], axis=2)


def _there(known: Mapping[str, Any], mode: Optional[str]) -> str:
    asked = MODES if mode is None else (mode,)
    there = next((name for name in asked if not absent(known[name])), None)
    if there is None:
        best = asked[0]
        raise UserError(f"rtmlib's weights are not at {', '.join(map(str, absent(known[best])))}"
                        f"{', and those of its smaller models are missing too' if len(asked) > 1 else ''}; fetch "
                        "them once where there is internet: python -c "
                        f"\"import rtmlib; rtmlib.Wholebody(mode='{best}')\"")
    return there


def _model(kind: Any, model: Mapping[str, Any], part: str) -> Any:
    return kind(str(fetched(model[part])), model_input_size=model[f"{part}_input_size"], backend="onnxruntime",
                device="cpu")


def _own(kind: Any, file: Path) -> Any:
    """The user's own model, once it is sure that it gives what it should."""
    try:
        made = kind(str(file), model_input_size=(1, 1), backend="onnxruntime", device="cpu")
        made.model_input_size = _input_size(made.session.get_inputs()[0].shape)
        places, scores = made(np.zeros((64, 48, 3), np.uint8), bboxes=[])
        shapes = [np.shape(places), np.shape(scores)]
    except Exception as error:      # onnxruntime's errors have no class in common
        reason = " ".join(str(error).split())[:160]
        raise UserError(f"--estimator {file}: can't be used ({reason}); give {MODEL}") from None
    if shapes != [(1, POINTS, 2), (1, POINTS)]:
        raise UserError(f"--estimator {file}: it gives {shapes[0][1]} points; give {MODEL}")
    return made


def _input_size(shape: List[Any]) -> Tuple[int, int]:
    """Width and height, as rtmlib takes them."""
    if len(shape) != 4 or shape[1] != 3 or not all(isinstance(side, int) and side > 0 for side in shape[2:]):
        raise ValueError(f"its input has the shape {shape}, expected [1, 3, height, width] in numbers")
    return shape[3], shape[2]


def absent(model: Mapping[str, Any]) -> List[Path]:
    """What is not there of a model's detector and pose network."""
    return [file for file in (fetched(model[part]) for part in PARTS) if not file.is_file()]


def fetched(address: str) -> Path:
    """Where rtmlib keeps the model that it fetches from an address."""
    cache = os.getenv("TORCH_HOME") or os.path.join(os.getenv("XDG_CACHE_HOME", "~/.cache"), "rtmlib")
    stem = address.rsplit("/", 1)[-1].split(".")[0]
    return Path(cache).expanduser() / "hub" / "checkpoints" / f"{stem}.onnx"
