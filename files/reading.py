"""Reading what others wrote: regular files alone, as whoever opens a pipe may wait for ever, and no more than fits."""
import errno
import json
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO, Union

LARGEST_TEXT = 1 << 28      # bytes of a table or record
DAMAGED_JSON = (OSError, ValueError, RecursionError)


def check_regular(path: Union[str, Path]) -> None:
    """OSError where this is no file, or a link to none."""
    _check(os.stat(path), path)


def open_file(path: Union[str, Path]) -> BinaryIO:
    """For reading; OSError where it is no regular file."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)      # a pipe would wait for its writer
    try:
        _check(os.fstat(descriptor), path)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_bytes(path: Union[str, Path], largest: int = LARGEST_TEXT) -> bytes:
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > largest:
            raise OSError(errno.EFBIG, f"{size:,} bytes, and at most {largest:,} are read", str(path))
        return file.read(size)      # room is made for as much as is asked for


def read_text(path: Union[str, Path], encoding: str = "utf-8", largest: int = LARGEST_TEXT) -> str:
    """With line ends as they are in Python."""
    return read_bytes(path, largest).decode(encoding).replace("\r\n", "\n").replace("\r", "\n")


def read_json(path: Union[str, Path], largest: int = LARGEST_TEXT) -> Any:
    """One of DAMAGED_JSON where there is none."""
    return json.loads(read_text(path, "utf-8-sig", largest))       # editors of Windows begin a file with a mark


def _check(status: os.stat_result, path: Union[str, Path]) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "a folder", str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "no regular file", str(path))
