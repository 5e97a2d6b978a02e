"""Arrays out of .npy and .npz files, without a look at what these ask for before it is known that they hold it."""
import io
import math
import os
import struct
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO, Collection, Dict, Mapping, Optional, Tuple

import numpy as np

from files.reading import open_file
from terminal.errors import UserError

KINDS = "biufcSU"
DIMENSIONS = 32
LONGEST_HEADER = 10_000     # bytes, as NumPy has it too
ENTRIES = 100_000
# Bytes that an .npz may unpack to for each of its own, and what any may: maps of zeros are a thousand times smaller.
FACTOR, FLOOR = 64, 1 << 30
DAMAGED = (OSError, ValueError, TypeError, LookupError, ArithmeticError, EOFError, NotImplementedError, RecursionError,
           MemoryError, SyntaxError, AttributeError, RuntimeError, zipfile.BadZipFile, zlib.error, tokenize.TokenError)
Header = Tuple[Tuple[int, ...], bool, np.dtype]


def load_npy(path: Path) -> np.ndarray:
    """An array of numbers or text; UserError for anything else."""
    with _open(path) as file:
        array = read_array(file, path)
    if array is None:
        raise UserError(f"{path}: holds objects; expected an array of numbers")
    return array


def read_array(file: BinaryIO, path: Path) -> Optional[np.ndarray]:
    """The array of an open .npy file; None, with the file behind its header, where it is one of objects."""
    try:
        shape, fortran, dtype = header(file)
        if dtype.hasobject:
            return None
        held, expected = os.fstat(file.fileno()).st_size - file.tell(), _bytes(shape, dtype)
        if held == expected:
            return _array(file.read(expected), shape, fortran, dtype)
    except DAMAGED as error:
        raise UserError(f"{path}: not a .npy file ({_reason(error)}); give one that np.save wrote") from None
    raise UserError(f"{path}: damaged: holds {held} bytes of the {expected} that its header announces; fetch it again")


def load_npz(path: Path, names: Optional[Collection[str]] = None) -> Dict[str, np.ndarray]:
    """The arrays of an .npz file, or those of them that are named and there. OSError where there is no file; UserError
    where it can't be read."""
    with open_file(path) as file:
        try:
            with zipfile.ZipFile(file) as packed:
                there = _entries(packed, os.fstat(file.fileno()).st_size)
                return {name: _entry(packed, info) for name, info in there.items() if names is None or name in names}
        except DAMAGED as error:
            raise UserError(f"{path}: not an .npz of arrays ({_reason(error)}); expected one that np.savez wrote"
                            ) from None


def _entries(packed: zipfile.ZipFile, size: int) -> Dict[str, zipfile.ZipInfo]:
    infos = packed.infolist()
    if len(infos) > ENTRIES:
        raise ValueError(f"{len(infos)} entries")
    if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in infos):
        raise ValueError("compressed in a way that NumPy never does")
    whole = sum(info.file_size for info in infos)
    if whole > FLOOR + FACTOR * size:
        raise ValueError(f"{size:,} bytes that would unpack to {whole:,}")
    return {info.filename[:-4] if info.filename.endswith(".npy") else info.filename: info for info in infos}


def _entry(packed: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    with packed.open(info) as file:
        shape, fortran, dtype = header(file)        # type: ignore[arg-type]
        expected, head = _bytes(shape, dtype), file.tell()
        if dtype.hasobject or head + expected != info.file_size:
            raise ValueError(f"{info.filename} claims {expected:,} bytes of {info.file_size - head:,}")
        data = file.read(expected)
        file.read(1)        # only who reads on to the end is told of a wrong checksum
    if len(data) != expected:
        raise ValueError(f"{info.filename} has {len(data):,} bytes of {expected:,}")
    return _array(data, shape, fortran, dtype)


def header(file: BinaryIO) -> Header:
    """(shape, whether it is by columns, dtype), with the file behind it; ValueError where there is none."""
    magic = file.read(8)
    form = {b"\1\0": "<H", b"\2\0": "<I", b"\3\0": "<I"}.get(magic[6:])
    if magic[:6] != b"\x93NUMPY" or form is None:
        raise ValueError("it does not begin as one")
    start = file.read(struct.calcsize(form))
    length = struct.unpack(form, start)[0] if len(start) == struct.calcsize(form) else LONGEST_HEADER + 1
    if length > LONGEST_HEADER:
        raise ValueError("its header is too long")
    whole = io.BytesIO(start + file.read(length))
    try:
        return (np.lib.format.read_array_header_1_0 if form == "<H" else np.lib.format.read_array_header_2_0)(whole)
    except DAMAGED as error:
        raise ValueError(f"its header can't be read: {_reason(error)}") from None


def _bytes(shape: Tuple[int, ...], dtype: np.dtype) -> int:
    count = math.prod(int(side) for side in shape)
    if not dtype.hasobject and (dtype.kind not in KINDS or not dtype.itemsize) and count:
        raise ValueError(f"of dtype {dtype}")
    if len(shape) > DIMENSIONS or not all(0 <= side < 1 << 62 for side in shape):
        raise ValueError("of an impossible shape")
    return count * dtype.itemsize


def _array(data: bytes, shape: Tuple[int, ...], fortran: bool, dtype: np.dtype) -> np.ndarray:
    if not data:
        return np.empty(shape, dtype)
    return np.frombuffer(bytearray(data), dtype).reshape(shape, order="F" if fortran else "C")


def _open(path: Path) -> BinaryIO:
    try:
        return open_file(path)
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror}); check the path") from None


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def npz_bytes(arrays: Mapping[str, np.ndarray], compressed: bool = False) -> bytes:
    """As np.savez writes them; in memory, as it has no word for a full disk."""
    content = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(content, **arrays)   # type: ignore[arg-type]
    return content.getvalue()
