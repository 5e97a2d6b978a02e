"""Tensors in a pickle of data: their numbers as an array, without torch, and nothing of theirs is run."""
import io
import math
import pickle
from typing import Any, Dict, Tuple

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C      # what torch writes before a storage on its own
DTYPES: Dict[str, str] = {"FloatStorage": "f4", "DoubleStorage": "f8", "HalfStorage": "f2", "LongStorage": "i8",
                          "IntStorage": "i4", "ShortStorage": "i2", "CharStorage": "i1", "ByteStorage": "u1"}


REBUILD, STORAGE = ("torch._utils", "_rebuild_tensor_v2"), ("torch.storage", "_load_from_bytes")     # a tensor's calls


class _Kind:
    def __init__(self, dtype: str) -> None:
        self.dtype = dtype


def storage(data: bytes) -> np.ndarray:
    """The numbers of a storage that torch saved on its own, flat: five small pickles, a count, and the bytes."""
    file = io.BytesIO(data)
    magic, _version, _machine, (kind, key, count), keys = (_Small(file).load() for _ in range(5))
    if magic != MAGIC or keys != [key]:
        raise pickle.UnpicklingError("it has a tensor that torch did not save")
    announced = int.from_bytes(file.read(8), "little")
    numbers = np.frombuffer(file.read(), kind.dtype)
    if announced != count or len(numbers) != count:
        raise pickle.UnpicklingError("it has a tensor whose data do not fit its size")
    return numbers


def rebuilt(flat: Any, offset: int, shape: Tuple[int, ...], stride: Tuple[int, ...], *_gradient_and_hooks: Any
            ) -> np.ndarray:
    """A tensor of those numbers; only of such as lie in them one after the other."""
    dense = tuple(math.prod(shape[axis + 1:]) for axis in range(len(shape)))
    last = offset + math.prod(shape)
    if not isinstance(flat, np.ndarray) or tuple(stride) != dense or not 0 <= offset <= last <= len(flat):
        raise pickle.UnpicklingError("it has a tensor whose numbers do not lie one after the other")
    return flat[offset:last].reshape(shape)


class _Small(pickle.Unpickler):
    """Of plain numbers and text, and of where a storage's bytes are."""

    def find_class(self, module: str, name: str) -> Any:
        if module == "torch" and name in DTYPES:
            return _Kind(DTYPES[name])
        raise pickle.UnpicklingError(f"it contains code ({module}.{name}); only plain data is loaded")

    def persistent_load(self, reference: Any) -> Tuple[_Kind, str, int]:
        kind, dtype, key, _place, count, _view = reference
        if kind != "storage" or not isinstance(dtype, _Kind):
            raise pickle.UnpicklingError(f"it refers to {kind!r} outside itself")
        return dtype, key, count
