"""keypoints.pkl, sequence by sequence: 1.5 GB for the whole corpus, so its arrays pass through a file, not memory."""
import math
import os
import pickle
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, Callable, Dict, Iterator, List, Optional, Tuple

import numpy as np

from files.bounds import Bounds, Sealed, check_tree
from files.plain_unpickler import PlainUnpickler
from files.reading import open_file
from files.safe_pickle import DAMAGED, PickledDtype, check_shape, find_data_class, from_buffer, refusal
from poses.tensor_pickle import REBUILD, STORAGE, rebuilt, storage
from terminal.errors import UserError

POINTS = 133
SHARED = 1 << 24        # bytes of a pickle that frames' rows may be out of proportion to
BULK = 4096      # bytes of an array or text from which on it is not kept in memory
ROW = POINTS * 3 * 4     # bytes of a frame, float32
EXPECTED = ("expected {name: array [T, 133, 3]}, {name: {'keypoints': array [T, 133, 3]}}, the same with 'keypoint' "
            "and tensors as MSKA-SLR has it, or a list of one "
            "{'file_path', 'predictions': {'keypoints' [133, 2], 'keypoint_scores' [133]}} per frame")


def sequences(path: Path, scratch: Optional[Path] = None) -> Iterator[Tuple[str, np.ndarray]]:
    """(name, float32 [T, 133, 3]) of each sequence; the name is an id or a path that has it as a component.

    `scratch` is where the arrays wait until all of the pickle is read, in files without a name.
    """
    try:
        yield from _sequences(path, scratch, _Memo())
    except _Forgotten:      # frames that share arrays: it takes a memory of all of them
        yield from _sequences(path, scratch, {})


def _sequences(path: Path, scratch: Optional[Path], memo: Dict[int, Any]) -> Iterator[Tuple[str, np.ndarray]]:
    with ExitStack() as stack:
        spill, rows = (stack.enter_context(tempfile.TemporaryFile(dir=scratch)) for _ in range(2))
        frames = _Frames(path, rows)
        try:
            file = stack.enter_context(open_file(path))
        except OSError as error:
            raise UserError(f"{path}: can't be read ({error.strerror}); check the file") from None
        try:
            content = _SpillingUnpickler(file, spill, frames.add, memo).load()
        except DAMAGED as error:
            raise refusal(path, error) from None
        if isinstance(content, dict) and content:
            yield from _from_dict(path, content, Bounds(os.fstat(file.fileno()).st_size + SHARED))
        elif isinstance(content, list) and frames.count:
            yield from frames.sequences()
        else:
            raise _unknown(path, _describe(content))


def _from_dict(path: Path, content: Dict[Any, Any], bounds: Bounds) -> Iterator[Tuple[str, np.ndarray]]:
    for name, value in content.items():
        if isinstance(value, dict):
            value = next((value[key] for key in ("keypoints", "keypoint") if key in value), value)
        array = _numbers(value)
        if not isinstance(name, str) or array is None or array.ndim != 3 or array.shape[1:] != (POINTS, 3):
            raise _unknown(path, f"{name!r:.60}: {_describe(value)}")
        try:
            bounds.spend(array.nbytes)
        except pickle.UnpicklingError as error:
            raise refusal(path, error) from None
        yield name, array


class _Frames:
    """Frames in any order, each a row [133, 3] in a file, told apart by the folder they lie in."""

    def __init__(self, path: Path, rows: BinaryIO) -> None:
        self.path, self.rows, self.count = path, rows, 0
        self.folders: Dict[str, List[Tuple[str, int]]] = {}      # folder -> file name and row of its frames

    def add(self, frame: Any) -> None:
        file_path = frame.get("file_path") if isinstance(frame, dict) else None
        predictions = frame.get("predictions") if isinstance(frame, dict) else None
        if not isinstance(file_path, str) or not isinstance(predictions, dict):
            raise _unknown(self.path, f"entry {self.count}: {_describe(frame)}")
        points, scores = (_numbers(predictions.get(key)) for key in ("keypoints", "keypoint_scores"))
        if points is None or points.shape != (POINTS, 2) or scores is None or scores.shape != (POINTS,):
            raise _unknown(self.path, f"entry {self.count}: keypoints {_describe(predictions.get('keypoints'))} and "
                                      f"scores {_describe(predictions.get('keypoint_scores'))}")
        self.rows.write(np.column_stack([points, scores]).tobytes())
        folder, _, name = file_path.replace("\\", "/").rpartition("/")
        self.folders.setdefault(folder, []).append((name, self.count))
        self.count += 1

    def sequences(self) -> Iterator[Tuple[str, np.ndarray]]:
        for folder, frames in self.folders.items():
            data = bytearray()
            for _, number in sorted(frames):
                self.rows.seek(number * ROW)
                data += self.rows.read(ROW)
            yield folder, np.frombuffer(data, np.float32).reshape(-1, POINTS, 3)


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
        keys = ", ".join(f"{key!r:.60}" for key in list(value)[:4])
        return f"a dict with the keys {keys}" if value else "an empty dict"
    return f"a {type(value).__name__} of {len(value)}" if isinstance(value, (list, tuple)) else f"{value!r:.60}"


def _unknown(path: Path, shape: str) -> UserError:
    return UserError(f"{path}: unknown shape of keypoints ({shape}); {EXPECTED}; convert it to one of them")


class _SpilledArray:
    """An array whose numbers, if they are many, wait in a file."""

    def __init__(self, file: BinaryIO, bounds: Bounds) -> None:
        self.file = file
        self.bounds = bounds
        self.shape: Tuple[int, ...] = (0,)
        self.data: Optional[bytes] = b""

    def __setstate__(self, state: Tuple[Any, ...]) -> None:
        _version, shape, kind, fortran, data = state
        self.keep(data, kind, shape, "F" if fortran else "C")

    def keep(self, data: Any, kind: PickledDtype, shape: Tuple[int, ...], order: str) -> "_SpilledArray":
        if not isinstance(kind, PickledDtype) or kind.dtype.hasobject:
            raise pickle.UnpicklingError("it has an array of objects")
        check_shape(shape)
        if kind.dtype.itemsize * math.prod(shape) != len(data):
            raise pickle.UnpicklingError("it has an array whose data do not fit its shape")
        self.bounds.spend(len(data))
        self.kind, self.shape, self.order, self.size = kind, shape, order, len(data)
        self.data = data if self.size <= BULK else None
        if self.data is None:
            self.offset = self.file.tell()
            self.file.write(data)
        return self

    def load(self) -> np.ndarray:
        if self.data is not None:
            return from_buffer(self.data, self.kind, self.shape, self.order)
        self.file.seek(self.offset)
        return from_buffer(self.file.read(self.size), self.kind, self.shape, self.order)


class _Forgotten(Exception):
    """The pickle refers back to something that was let go."""


class _Memo(Dict[int, Any]):
    """What the pickle may refer back to. Arrays' bytes and whole frames hardly ever are, and are let go."""

    def __init__(self) -> None:
        self.count = 0

    def __len__(self) -> int:       # the pickle numbers its objects by this
        return self.count

    def __setitem__(self, key: int, value: Any) -> None:
        self.count += 1
        if not (_is_bulk(value) or isinstance(value, tuple) and any(map(_is_bulk, value))):
            super().__setitem__(key, value)

    def __missing__(self, key: int) -> Any:
        raise _Forgotten(key)

    def keep_words(self) -> None:
        """Only what all frames share: short text, functions and dtypes."""
        kept = {key: value for key, value in self.items() if callable(value) or isinstance(value, PickledDtype)
                or isinstance(value, (str, bytes)) and len(value) < 32}
        self.clear()
        self.update(kept)


def _is_bulk(value: Any) -> bool:
    return isinstance(value, (bytes, bytearray, str, np.ndarray)) and len(value) > BULK


class _SpillingUnpickler(PlainUnpickler):
    """Keeps of what it has read only what is wanted; pickle's own, in C, has a memory that nobody can look into."""

    def __init__(self, file: BinaryIO, spill: BinaryIO, add_frame: Callable[[Any], None], memo: Dict[int, Any]) -> None:
        super().__init__(file, Bounds(os.fstat(file.fileno()).st_size))
        self.memo = memo
        self.spill = spill
        self.add_frame = add_frame
        self.rows = Bounds(self.bounds.size + SHARED)       # on disk; frames that share their arrays take little else

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in (REBUILD, STORAGE):
            return Sealed(self._tensor if (module, name) == REBUILD else storage, self.bounds)
        data_class = find_data_class(module, name, self.bounds)
        if name == "_reconstruct":
            return Sealed(lambda *_arguments: _SpilledArray(self.spill, self.bounds), self.bounds)
        if name == "_frombuffer":
            return Sealed(self._from_buffer, self.bounds)
        return data_class

    def _from_buffer(self, data: Any, kind: PickledDtype, shape: Tuple[int, ...], order: str,
                     axes: Optional[Tuple[int, ...]] = None) -> Any:
        if axes is not None:
            return from_buffer(data, kind, shape, order, axes)
        return _SpilledArray(self.spill, self.bounds).keep(data, kind, shape, order)

    def _tensor(self, *arguments: Any) -> Any:
        array = rebuilt(*arguments)
        return _SpilledArray(self.spill, self.bounds).keep(array.tobytes(), PickledDtype(array.dtype.str[1:]),
                                                           array.shape, "C")

    def take(self, items: List[Any]) -> None:
        """Items of the outermost list are frames, and go at once; other lists just grow."""
        if self.metastack or len(self.stack) > 1:
            super().take(items)
            return
        for item in items:
            check_tree(item, self.bounds)
            self.rows.spend(ROW)
            self.add_frame(item)
        if isinstance(self.memo, _Memo):
            self.memo.keep_words()
