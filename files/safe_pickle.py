"""Pickles of data. A pickle is a program; this reader admits NumPy arrays and plain containers, and runs none."""
import math
import os
import pickle
import re
import struct
from collections import OrderedDict
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Dict, Optional, Sequence, Tuple

import numpy as np

from files.arrays import read_array
from files.bounds import Bounds, Sealed, of_content, of_members, of_pairs
from files.plain_unpickler import PlainUnpickler
from files.reading import open_file
from terminal.errors import UserError

# Old and new NumPy keep the same functions in modules of different names; these are the ones that pickles name.
_NUMPY_MODULES = ("numpy", "numpy.core.multiarray", "numpy._core.multiarray", "numpy.core.numeric",
                  "numpy._core.numeric")
_PLAIN_DTYPE = re.compile(r"([biufcSU]\d+|O8?)$")
# A damaged pickle fails in whatever its bytes happen to mean.
DAMAGED = (pickle.UnpicklingError, EOFError, ArithmeticError, AssertionError, AttributeError, ImportError, LookupError,
           MemoryError, RecursionError, TypeError, ValueError, struct.error)


def load_pickle(path: Path) -> Any:
    """The content of a .pkl file."""
    with _open(path) as file:
        return _load(path, file)


def load_npy(path: Path) -> Any:
    """The content of a .npy file; an array of one object, as `np.save` makes of a dict, gives the object."""
    with _open(path) as file:
        array = read_array(file, path)
        if array is not None:
            return array
        content = _load(path, file)
    return content.item() if isinstance(content, np.ndarray) and content.shape == () else content


def refusal(path: Path, error: Exception) -> UserError:
    return UserError(f"{path}: not a pickle of arrays and plain containers ({reason(error)}); "
                     "nothing in it was run; give a file of data alone")


def reason(error: Exception) -> str:
    """In one short line, whatever the file made of it."""
    return " ".join(str(error).split())[:200] or type(error).__name__


def find_data_class(module: str, name: str, bounds: Bounds) -> Any:
    """What a pickle may call. NumPy's own constructors trust their arguments with raw memory, so these stand in."""
    if module in _NUMPY_MODULES and name == "_reconstruct":
        return Sealed(partial(_reconstruct, bounds), bounds)
    if module in _NUMPY_MODULES and name in _NUMPY:
        return Sealed(_NUMPY[name], bounds)
    if (module, name) in _PLAIN:
        return Sealed(_PLAIN[module, name], bounds)
    raise pickle.UnpicklingError(f"it contains code ({module}.{name}); only plain data is loaded")


class PickledDtype:
    """A dtype of numbers, text or objects, as pickles build it: named, then told its byte order."""

    def __init__(self, code: str, *_align_and_copy: Any) -> None:
        if not isinstance(code, str) or not _PLAIN_DTYPE.match(code):
            raise pickle.UnpicklingError(f"it has an array of dtype {code!r:.20}, not of plain numbers or text"
                                         if isinstance(code, str) else "it has an array of no dtype")
        self.dtype: np.dtype = np.dtype(code)
        if not self.dtype.itemsize:
            raise pickle.UnpicklingError("it has an array of nothing")

    def __setstate__(self, state: Sequence[Any]) -> None:
        self.dtype = self.dtype.newbyteorder(state[1])


class _Array(np.ndarray):
    """An array that takes a pickled state only where data and dtype fit each other."""

    bounds: Bounds

    def __setstate__(self, state: Tuple[Any, ...]) -> None:
        _version, shape, kind, fortran, data = state
        if not isinstance(kind, PickledDtype) or isinstance(data, list) != kind.dtype.hasobject:
            raise pickle.UnpicklingError("it has an array whose data do not fit its dtype")
        check_shape(shape)
        if math.prod(shape) * (1 if kind.dtype.hasobject else kind.dtype.itemsize) != len(data):
            raise pickle.UnpicklingError("it has an array whose data do not fit its shape")
        if kind.dtype.hasobject:
            self.bounds.spend_object_array()
        self.bounds.spend(len(data))
        super().__setstate__((1, shape, kind.dtype, fortran, data))


def check_shape(shape: Any) -> None:
    if not isinstance(shape, tuple) or len(shape) > 32 or not all(type(side) is int and 0 <= side < 1 << 62
                                                                  for side in shape):
        raise pickle.UnpicklingError("it has an array of an impossible shape")


def _reconstruct(bounds: Bounds, *_class_shape_and_code: Any) -> np.ndarray:
    made = _Array((0,), np.uint8)
    made.bounds = bounds
    return made


def from_buffer(data: Any, kind: PickledDtype, shape: Tuple[int, ...], order: str,
                axes: Optional[Sequence[int]] = None) -> np.ndarray:
    """Protocol 5 gives the data at once; `axes` is how newer NumPy says that the memory is transposed."""
    check_shape(shape)
    array = np.frombuffer(data, kind.dtype)
    if axes is not None:
        return array.reshape([shape[axis] for axis in axes]).transpose(np.argsort(axes))
    return array.reshape(shape, order="F" if order == "F" else "C")


def _scalar(kind: PickledDtype, data: Any) -> Any:
    return np.frombuffer(data, kind.dtype)[0]


def _bytes_of_text(text: str, encoding: str) -> bytes:
    """Protocol 2 has no bytes; it writes them as Latin-1 text."""
    if encoding != "latin1":
        raise pickle.UnpicklingError("it encodes text as something else than Latin-1")
    return text.encode("latin-1")


def _not_to_be_called(*_arguments: Any) -> None:
    raise pickle.UnpicklingError("it makes an array of raw memory")


_NUMPY: Dict[str, Any] = {"ndarray": _not_to_be_called, "dtype": PickledDtype, "scalar": _scalar,
                          "_frombuffer": from_buffer}
_PLAIN: Dict[Tuple[str, str], Any] = {
    ("collections", "OrderedDict"): of_pairs(OrderedDict), ("_codecs", "encode"): _bytes_of_text,
    **{(module, kind.__name__): of_members(kind) for module in ("builtins", "__builtin__")
       for kind in (set, frozenset)},
    **{(module, kind.__name__): of_content(kind) for module in ("builtins", "__builtin__")
       for kind in (bytes, bytearray)}}


class _DataUnpickler(PlainUnpickler):
    def find_class(self, module: str, name: str) -> Any:
        return find_data_class(module, name, self.bounds)


def _open(path: Path) -> BinaryIO:
    try:
        return open_file(path)
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror}); check the path") from None


def _load(path: Path, file: BinaryIO) -> Any:
    try:
        return _DataUnpickler(file, Bounds(os.fstat(file.fileno()).st_size - file.tell())).load()
    except DAMAGED as error:
        raise refusal(path, error) from None
