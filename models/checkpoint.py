"""Reading what `torch.save` wrote without running any of it.

A checkpoint is a zip of one pickle and one raw file a storage. The pickle is read with an allow-list (anything else
it asks for is an error that names it), tensors stay descriptions until they are wanted, and of the file's bytes only
the wanted ones are ever read: optimizer states cost nothing. Older files (models/legacy_checkpoint.py) hold the same.
"""
import io
import math
import pickle
import struct
import zipfile
from collections import OrderedDict, deque
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Dict, List, Mapping, Optional, Tuple, Type, Union

import torch
from torch import Tensor

from files.bounds import Bounds, Sealed, empty, of_pairs
from files.plain_unpickler import PlainUnpickler
from files.reading import open_file
from files.safe_pickle import DAMAGED, check_shape, find_data_class, reason
from files.stored_zip import Compressed, StoredZip
from models.legacy_checkpoint import MAGIC, LegacyFile
from terminal.errors import UserError


class Arguments:
    """Stands for the command line that some files hold: looked at by nobody, so nothing of it is kept."""

    def __setstate__(self, state: Any) -> None:
        pass


# As SlowFastSign, TwoStream-SLR, Mamba-SLR say, and ArcFace where all states were saved.
WEIGHTS = ("model_state_dict", "model_state", "module", "model", "state_dict_backbone")
AVERAGED = "model_ema"                              # Mamba-SLR's name for the weights averaged over training
_STORAGES = {
    "FloatStorage": torch.float32, "HalfStorage": torch.float16, "BFloat16Storage": torch.bfloat16,
    "DoubleStorage": torch.float64, "LongStorage": torch.int64, "IntStorage": torch.int32,
    "ShortStorage": torch.int16, "CharStorage": torch.int8, "ByteStorage": torch.uint8, "BoolStorage": torch.bool,
}

# Immutable types only: a pickle may set attributes on what it was given.
_CONTAINERS: Dict[Tuple[str, str], Any] = {
    ("collections", "OrderedDict"): of_pairs(OrderedDict), ("collections", "defaultdict"): lambda *_maker: {},
    ("collections", "Counter"): of_pairs(dict), ("collections", "deque"): deque, ("torch", "Size"): torch.Size,
    ("torch", "device"): torch.device, ("builtins", "complex"): complex,
    **{("builtins", kind.__name__): empty(kind) for kind in (dict, list, tuple, int, float, bool, str)},
}
_DTYPES = {name: getattr(torch, name) for name in
           ("float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")}


@dataclass(frozen=True)
class StoredTensor:
    """Where a tensor lies in the file."""

    storage: str
    dtype: torch.dtype
    offset: int
    shape: Tuple[int, ...]
    stride: Tuple[int, ...]


class Checkpoint:
    """An open checkpoint file: `content` is what was saved, with a StoredTensor wherever there was a tensor."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._zip = _open(path)
        self._bounds = Bounds(self._zip.size)
        try:
            self.content = self._unpickle()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> "Checkpoint":
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self._zip.close()

    def weights(self, names: Tuple[str, ...] = WEIGHTS) -> Dict[str, StoredTensor]:
        """The network's, under the first of these names that there is.

        The `module` of data parallel training is taken out of the keys.
        """
        content = self.content
        state = next((content[name] for name in names if name in content), content) \
            if isinstance(content, dict) else None
        if not isinstance(state, dict) or not state or not all(
                isinstance(key, str) and isinstance(value, StoredTensor) for key, value in state.items()):
            held = ", ".join(map(str, list(content)[:6])) if isinstance(content, dict) else type(content).__name__
            raise UserError(f"{self.path}: holds no network: expected weights under {' or '.join(names)}, "
                            f"found {held or 'nothing'}; give a checkpoint of training")
        return {".".join(part for part in key.split(".") if part != "module"): value for key, value in state.items()}

    def read(self, stored: StoredTensor) -> Tensor:
        """Its values, from the file."""
        try:
            name, size = f"data/{stored.storage}", torch.empty(0, dtype=stored.dtype).element_size()
            reach = _reach(stored)
            # What it is made of, and what it makes: tensors may share a storage, and be larger than it by strides of 0.
            self._bounds.spend(max(reach, math.prod(stored.shape)) * size)
            data = self._zip.part(name, stored.offset * size, (stored.offset + reach) * size)
            flat = torch.frombuffer(data, dtype=stored.dtype) if data else torch.empty(0, dtype=stored.dtype)
            return flat.as_strided(stored.shape, stored.stride)
        except (KeyError, zipfile.BadZipFile, EOFError, OSError, OverflowError, RuntimeError, struct.error, TypeError,
                ValueError, pickle.UnpicklingError) as error:
            raise UserError(f"{self.path}: damaged: {reason(error)}; fetch the file again") from None

    def everything(self) -> Any:
        """`content` with every tensor read, optimizer and generator states included: what training resumes from."""
        return self._filled(self.content)

    def _filled(self, value: Any) -> Any:
        if isinstance(value, StoredTensor):
            return self.read(value).clone()
        if isinstance(value, dict):
            return {key: self._filled(item) for key, item in value.items()}
        if type(value) in (list, tuple):
            return type(value)(self._filled(item) for item in value)
        return value

    def _unpickle(self) -> Any:
        if "data.pkl" not in self._zip:
            raise UserError(f"{self.path}: a zip file, but not a PyTorch checkpoint; give a file that torch.save wrote")
        try:
            if "byteorder" in self._zip and self._zip.read("byteorder") != b"little":
                raise UserError(f"{self.path}: saved on a big-endian machine; save it again on a little-endian one")
            return _loaded(self._zip.read("data.pkl"))[0]
        except (*DAMAGED, zipfile.BadZipFile, OSError, RuntimeError) as error:
            raise UserError(f"{self.path}: not a checkpoint of weights and training state "
                            f"({reason(error)}); nothing in it was run") from None


def _reach(stored: StoredTensor) -> int:
    """How many values of its storage, from its offset on, a tensor lies in."""
    if not math.prod(stored.shape):
        return 0
    return 1 + sum((length - 1) * step for length, step in zip(stored.shape, stored.stride))


def _loaded(data: bytes) -> Tuple[Any, Dict[str, Tuple[int, int]]]:
    """What a pickle holds, and the storages it refers to: {name: (values, bytes of a value)}"""
    unpickler = _Unpickler(io.BytesIO(data), Bounds(len(data)))
    return unpickler.load(), unpickler.storages


class _Unpickler(PlainUnpickler):
    def __init__(self, file: Any, bounds: Bounds) -> None:
        super().__init__(file, bounds)
        self.storages: Dict[str, Tuple[int, int]] = {}      # those it refers to: values, bytes of a value

    def find_class(self, module: str, name: str) -> Any:
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        if (module, name) in (("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_parameter")):
            return Sealed(getattr(self, name), self.bounds)
        if (module, name) == ("torch._utils", "_rebuild_tensor"):       # before version 0.4: the same
            return Sealed(self._rebuild_tensor_v2, self.bounds)
        module = "builtins" if module == "__builtin__" else module
        if (module, name) == ("argparse", "Namespace"):
            return Arguments
        if (module, name) in _CONTAINERS:
            return Sealed(_CONTAINERS[module, name], self.bounds)
        return find_data_class(module, name, self.bounds)

    def persistent_load(self, description: Any) -> Tuple[str, torch.dtype]:
        kind, dtype, key, _location, count, *view = description         # older files tell of a view, of None mostly
        if kind != "storage" or not isinstance(dtype, torch.dtype) or not isinstance(key, str):
            raise pickle.UnpicklingError("it refers to something that is not the storage of a tensor")
        size = (count, torch.empty(0, dtype=dtype).element_size())
        if view not in ([], [None]) or not isinstance(count, int) or count < 0 \
                or self.storages.setdefault(key, size) != size:
            raise pickle.UnpicklingError("it has a storage that is a part of another, or that is described in two ways")
        return key, dtype

    def _rebuild_tensor_v2(self, storage: Tuple[str, torch.dtype], offset: int, shape: Tuple[int, ...],
                           stride: Tuple[int, ...], *_gradient_and_hooks: Any) -> StoredTensor:
        shape, stride = tuple(shape), tuple(stride)
        check_shape(shape)
        check_shape((*stride, offset))
        if len(shape) != len(stride) or not isinstance(storage, tuple) or len(storage) != 2 \
                or not isinstance(storage[1], torch.dtype):
            raise pickle.UnpicklingError("it has a tensor without a storage")
        return StoredTensor(storage[0], storage[1], offset, shape, stride)

    def _rebuild_parameter(self, stored: StoredTensor, *_gradient_and_hooks: Any) -> StoredTensor:
        return stored


def _open(path: Path) -> Union[StoredZip, LegacyFile]:
    if not path.exists():
        raise UserError(f"no checkpoint at {path}; docs/checkpoints.md says where to get it")
    if path.is_dir():
        raise UserError(f"{path}: a folder; give the checkpoint file in it")
    try:
        with open_file(path) as file:
            start = file.read(64)
        return StoredZip(path)
    except Compressed:
        raise UserError(f"{path}: compressed, which torch.save never does; unzip it and zip it with -0") from None
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error):
        pass
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror}); check the path") from None
    if path.suffix.lower() == ".onnx" or (start[:1] == b"\x08" and b"\x12" in start[2:4]):   # as ONNX files begin
        raise UserError(f"{path}: an ONNX file: there are no gradients in it; give the PyTorch weights")
    size = f"{path.stat().st_size:,} bytes"
    if not start:
        raise UserError(f"{path}: empty; fetch the checkpoint again")
    if start.startswith(b"PK"):
        raise UserError(f"{path}: truncated: the end of the checkpoint is missing after {size}; fetch it again")
    if MAGIC in start:
        return LegacyFile(path, _loaded)
    if start.lstrip()[:1] == b"<":
        raise UserError(f"{path}: a web page of {size}, not a checkpoint; fetch the file itself")
    raise UserError(f"{path}: not a PyTorch checkpoint ({size}); give a file that torch.save wrote")


def load_weights(network: torch.nn.Module, file: Checkpoint, stored: Mapping[str, StoredTensor], title: str,
                 looks_like: str = "", computed: Tuple[str, ...] = (), tied: Tuple[Tuple[str, str], ...] = ()) -> None:
    """Every key of the network from the file and no key left over, or an error that says which.

    Keys that end in one of `computed` hold what the network works out by itself: a file may lack them. `tied`
    (copy's prefix, original's prefix) are two names of one tensor: they must agree.
    """
    own = network.state_dict()
    missing = [key for key in own if key not in stored and not key.endswith(computed or ("\0",))]
    unexpected = [key for key in stored if key not in own]
    shapes = [f"{key} is {list(stored[key].shape)}, expected {list(own[key].shape)}" for key in own
              if key in stored and tuple(own[key].shape) != stored[key].shape]
    kinds = [f"{key} is {stored[key].dtype}" for key in own if key in stored
             and own[key].dtype.is_floating_point != stored[key].dtype.is_floating_point]
    faults = [f"{len(keys)} {what} ({', '.join(keys[:3])}{', ...' if len(keys) > 3 else ''})" for what, keys in
              (("missing", missing), ("unexpected", unexpected), ("of another shape", shapes),
               ("of another type", kinds)) if keys]
    if faults:
        hint = f"; it looks like a {looks_like} checkpoint" if looks_like and looks_like != title else ""
        raise UserError(f"{file.path}: not a {title} checkpoint of this architecture: keys {'; '.join(faults)}{hint}")
    for copy, original in tied:
        _agree(file, stored, copy, original)
    with torch.no_grad():
        for key, target in own.items():
            if key in stored:
                values = file.read(stored[key])
                if values.is_floating_point() and not bool(torch.isfinite(values).all()):
                    raise UserError(f"{file.path}: {key} holds values that are not finite: its training went wrong; "
                                    "give an earlier checkpoint")
                target.copy_(values)


def _agree(file: Checkpoint, stored: Mapping[str, StoredTensor], copy: str, original: str) -> None:
    differing: List[str] = []
    for key in stored:
        other = original + key[len(copy):]
        if key.startswith(copy) and stored[key] != stored[other] \
                and not torch.equal(file.read(stored[key]), file.read(stored[other])):
            differing.append(f"{key} and {other}")
    if differing:
        raise UserError(f"{file.path}: {differing[0]} differ, and the network has one tensor for both; "
                        "give a checkpoint trained with shared classifiers")
