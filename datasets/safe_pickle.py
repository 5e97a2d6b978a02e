"""Pickles of data. A pickle is a program; this reader admits NumPy arrays and plain containers, and runs none."""
import pickle
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from errors import UserError

# Old and new NumPy keep the same functions in modules of different names; these are the ones that pickles name.
_NUMPY_MODULES = ("numpy", "numpy.core.multiarray", "numpy._core.multiarray", "numpy.core.numeric",
                  "numpy._core.numeric")
_NUMPY_NAMES = ("ndarray", "dtype", "_reconstruct", "scalar", "_frombuffer")
_PLAIN = {("collections", "OrderedDict"), ("_codecs", "encode"), ("builtins", "set"), ("builtins", "frozenset"),
          ("builtins", "bytearray")}


class _DataUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module in _NUMPY_MODULES and name in _NUMPY_NAMES:
            if not np.__version__.startswith("1."):
                module = module.replace("numpy.core", "numpy._core")
            else:
                module = module.replace("numpy._core", "numpy.core")
            return super().find_class(module, name)
        if (module, name) in _PLAIN:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, and data needs no code")


def load_pickle(path: Path) -> Any:
    """The content of a .pkl file."""
    with _open(path) as file:
        return _load(path, file)


def load_npy(path: Path) -> Any:
    """The content of a .npy file; an array of one object, as `np.save` makes of a dict, gives the object."""
    with _open(path) as file:
        try:
            version = np.lib.format.read_magic(file)
            read_header = (np.lib.format.read_array_header_1_0 if version == (1, 0)
                           else np.lib.format.read_array_header_2_0)
            _shape, _fortran, dtype = read_header(file)
        except ValueError as error:
            raise UserError(f"{path}: not a .npy file ({error}); give one that np.save wrote") from None
        if not dtype.hasobject:
            return np.load(path, allow_pickle=False)
        content = _load(path, file)
    return content.item() if isinstance(content, np.ndarray) and content.shape == () else content


def _open(path: Path) -> BinaryIO:
    try:
        return open(path, "rb")
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror}); check the path") from None


def _load(path: Path, file: BinaryIO) -> Any:
    try:
        return _DataUnpickler(file).load()
    # A damaged pickle fails in whatever its bytes happen to mean.
    except (pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError, KeyError, TypeError, ValueError,
            UnicodeDecodeError, OverflowError) as error:
        raise UserError(f"{path}: not a pickle of arrays and plain containers ({error}); "
                        "nothing in it was run; give a file of data alone") from None
