"""Frames of a clip, decoded in parallel."""
import glob
import os
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import List, Optional, Sequence

import numpy as np

from datasets.picture_size import LARGEST_FILE, LARGEST_FRAME, check_size, known_header
from files.reading import read_bytes
from terminal.errors import UserError

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def find_frames(folder: Path, pattern: str) -> List[Path]:
    """Files of a row's own pattern within a folder, in order; a pattern that is a folder means its PNGs."""
    if not glob.has_magic(pattern):
        pattern = f"{pattern.rstrip('/')}/*.png"
    return [Path(name) for name in sorted(glob.glob(os.path.join(glob.escape(str(folder)), pattern)))]


def decode_frames(paths: Sequence[Path]) -> np.ndarray:
    """uint8 [T, H, W, 3] RGB. The first frame sets the size; all are decoded straight into their place."""
    first = _decode(paths[0])
    frames = np.empty((len(paths), *first.shape), np.uint8)

    def store(index: int) -> None:
        _decode_into(paths[index], frames[index], paths[0])

    # OpenCV lets go of the interpreter while it decodes.
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for _ in pool.map(store, range(len(paths))):
            pass
    return frames


def _decode_into(path: Path, frame: np.ndarray, first: Path) -> None:
    import cv2

    image = _decode(path)
    if image.shape != frame.shape:
        raise UserError(f"{path}: {_size(image)}, but {first.name} is {_size(frame)}; expected frames of one size "
                        "in a sequence; put the right file in its place")
    cv2.cvtColor(image, cv2.COLOR_BGR2RGB, dst=frame)


def _decode(path: Path) -> np.ndarray:
    """uint8 [H, W, 3] BGR."""
    try:
        data = read_bytes(path, LARGEST_FILE)
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror}); check the file") from None
    # OpenCV shows what a truncated PNG still has as if it were whole.
    image = _pixels(data) if _has_size(path, data) and _is_whole(data) else None
    if image is None:
        raise UserError(f"{path}: broken or truncated image ({len(data)} bytes); expected a whole PNG; "
                        "copy it again from the dataset")
    return image


def _pixels(data: bytes) -> Optional[np.ndarray]:
    import cv2

    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None


def _has_size(path: Path, data: bytes) -> bool:
    """Whether it says how large it is; UserError where that is too large."""
    if not data.startswith(PNG_SIGNATURE):
        return known_header(path, data, LARGEST_FRAME)
    if len(data) >= 24:             # read here, as it is the format of most corpora
        width, height = struct.unpack_from(">II", data, 16)
        check_size(path, width, height, LARGEST_FRAME)
    return True


def _is_whole(data: bytes) -> bool:
    """Whether every chunk of a PNG is there and fits its checksum; other formats are left to the decoder."""
    if not data.startswith(PNG_SIGNATURE):
        return bool(data) and not PNG_SIGNATURE.startswith(data[:8])
    view, offset = memoryview(data), len(PNG_SIGNATURE)
    while offset + 12 <= len(view):
        length, = struct.unpack_from(">I", view, offset)
        end = offset + 8 + length
        if end + 4 > len(view) or struct.unpack_from(">I", view, end)[0] != zlib.crc32(view[offset + 4:end]):
            return False
        if view[offset + 4:offset + 8] == b"IEND":
            return True
        offset = end + 4
    return False


def _size(image: np.ndarray) -> str:
    return f"{image.shape[1]}x{image.shape[0]} pixels"
