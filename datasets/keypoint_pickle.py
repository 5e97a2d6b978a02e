"""keypoints.pkl, sequence by sequence: 1.5 GB for the whole corpus, so its arrays pass through a file, not memory."""
import pickle
import tempfile
from pathlib import Path
from typing import Any, BinaryIO, Dict, Iterator, List, Optional, Tuple

import numpy as np

from datasets.safe_pickle import DAMAGED, PickledDtype, find_data_class, from_buffer, refusal
from errors import UserError

POINTS = 133
BULK = 256      # bytes; the unpickler remembers every object it met, but needs none so large again
EXPECTED = ("expected {name: array [T, 133, 3]}, {name: {'keypoints': array [T, 133, 3]}}, or a list of one "
            "{'file_path', 'predictions': {'keypoints' [133, 2], 'keypoint_scores' [133]}} per frame")


def sequences(path: Path, scratch: Optional[Path] = None) -> Iterator[Tuple[str, np.ndarray]]:
    """(name, float32 [T, 133, 3]) of each sequence; the name is an id or a path that has it as a component.

    `scratch` is where the arrays wait until all of the pickle is read, in a file without a name.
    """
    with tempfile.TemporaryFile(dir=scratch) as spill, _open(path) as file:
        try:
            content = _SpillingUnpickler(file, spill).load()
        except DAMAGED as error:
            raise refusal(path, error) from None
        if isinstance(content, dict) and content:
            yield from _from_dict(path, content)
        elif isinstance(content, list) and content:
            yield from _from_frames(path, content)
        else:
            raise _unknown(path, _describe(content))


def _open(path: Path) -> BinaryIO:
    try:
        return open(path, "rb")
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror}); check the file") from None


def _from_dict(path: Path, content: Dict[Any, Any]) -> Iterator[Tuple[str, np.ndarray]]:
    for name, value in content.items():
        if isinstance(value, dict) and "keypoints" in value:
            value = value["keypoints"]
        array = _numbers(value)
        if not isinstance(name, str) or array is None or array.ndim != 3 or array.shape[1:] != (POINTS, 3):
            raise _unknown(path, f"{name!r}: {_describe(value)}")
        yield name, array


def _from_frames(path: Path, content: List[Any]) -> Iterator[Tuple[str, np.ndarray]]:
    folders: Dict[str, List[Tuple[str, int]]] = {}      # folder -> file name and place of its frames
    for number, frame in enumerate(content):
        file_path = frame.get("file_path") if isinstance(frame, dict) else None
        if not isinstance(file_path, str) or not isinstance(frame.get("predictions"), dict):
            raise _unknown(path, f"entry {number}: {_describe(frame)}")
        folder, _, name = file_path.replace("\\", "/").rpartition("/")
        folders.setdefault(folder, []).append((name, number))
    for folder, frames in folders.items():
        array = np.empty((len(frames), POINTS, 3), np.float32)
        for row, (_, number) in zip(array, sorted(frames)):
            predictions = content[number]["predictions"]
            points, scores = (_numbers(predictions.get(key)) for key in ("keypoints", "keypoint_scores"))
            if points is None or points.shape != (POINTS, 2) or scores is None or scores.shape != (POINTS,):
                raise _unknown(path, f"entry {number}: keypoints {_describe(predictions.get('keypoints'))} and "
                                     f"scores {_describe(predictions.get('keypoint_scores'))}")
            row[:, :2], row[:, 2] = points, scores
        yield folder, array


def _numbers(value: Any) -> Optional[np.ndarray]:
    """float32, or None where there are no numbers."""
    if isinstance(value, _SpilledArray):
        value = value.load()
    if not isinstance(value, (list, np.ndarray)):
        return None
    try:
        array = np.asarray(value)
    except ValueError:      # lists of unequal lengths
        return None
    return array.astype(np.float32, copy=False) if array.dtype.kind in "iuf" else None


def _describe(value: Any) -> str:
    shape = getattr(value, "shape", None)
    if shape is not None:
        return f"an array of shape {tuple(shape)}"
    if isinstance(value, dict):
        return f"a dict with the keys {', '.join(map(repr, list(value)[:4]))}" if value else "an empty dict"
    return f"a {type(value).__name__} of {len(value)}" if isinstance(value, (list, tuple)) else f"{value!r:.60}"


def _unknown(path: Path, found: str) -> UserError:
    return UserError(f"{path}: unknown shape of keypoints ({found}); {EXPECTED}; convert it to one of them")


class _SpilledArray:
    """An array whose numbers wait in a file."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.shape: Tuple[int, ...] = (0,)
        self.order = "C"

    def __setstate__(self, state: Tuple[Any, ...]) -> None:
        _version, shape, kind, fortran, data = state
        self.keep(data, kind, shape, "F" if fortran else "C")

    def keep(self, data: Any, kind: PickledDtype, shape: Tuple[int, ...], order: str) -> "_SpilledArray":
        if not isinstance(kind, PickledDtype) or kind.dtype.hasobject:
            raise pickle.UnpicklingError("it has an array of objects")
        if kind.dtype.itemsize * int(np.prod(shape, dtype=object)) != len(data):
            raise pickle.UnpicklingError("it has an array whose data do not fit its shape")
        self.kind, self.shape, self.order = kind, shape, order
        self.offset, self.size = self.file.tell(), len(data)
        self.file.write(data)
        return self

    def load(self) -> np.ndarray:
        self.file.seek(self.offset)
        return from_buffer(self.file.read(self.size), self.kind, self.shape, self.order)


class _LetGo:
    """Stands in the unpickler's memory for what was too large to remember."""


class _Memo(Dict[int, Any]):
    def __setitem__(self, key: int, value: Any) -> None:
        bulky = _is_bulk(value) or isinstance(value, tuple) and any(map(_is_bulk, value))
        super().__setitem__(key, _LetGo() if bulky else value)


def _is_bulk(value: Any) -> bool:
    return isinstance(value, (bytes, bytearray)) and len(value) > BULK or isinstance(value, str) and len(value) > 4096


# The unpickler written in C keeps its memory to itself, and with it every array it has read.
class _SpillingUnpickler(pickle._Unpickler):  # type: ignore[name-defined, misc]
    def __init__(self, file: BinaryIO, spill: BinaryIO) -> None:
        super().__init__(file)
        self.memo = _Memo()
        self.spill = spill

    def find_class(self, module: str, name: str) -> Any:
        found = find_data_class(module, name)
        if name == "_reconstruct":
            return lambda *_arguments: _SpilledArray(self.spill)
        if name == "_frombuffer":
            return self._from_buffer
        return found

    def _from_buffer(self, data: Any, kind: PickledDtype, shape: Tuple[int, ...], order: str,
                     axes: Optional[Tuple[int, ...]] = None) -> Any:
        if axes is not None:
            return from_buffer(data, kind, shape, order, axes)
        return _SpilledArray(self.spill).keep(data, kind, shape, order)
