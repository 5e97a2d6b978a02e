"""Opening pictures of the listed formats alone, and how large they may be, looked up in their headers: a few kilobytes
may hold gigabytes, and Pillow hands some formats on to other programs."""
import io
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, Union

from PIL import Image, UnidentifiedImageError

from terminal.errors import UserError

FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "TIFF", "PPM")
LARGEST = 200_000_000               # pixels; beyond that it is an accident or an attack
LARGEST_FRAME = 50_000_000
LARGEST_FILE = 1 << 30              # bytes
ODDEST = 16                         # times that a picture's longer side may be the shorter one
DAMAGED = (OSError, ValueError, SyntaxError, LookupError, TypeError, ArithmeticError, AttributeError, EOFError,
           RuntimeError, MemoryError, NotImplementedError, struct.error, zlib.error)
Image.MAX_IMAGE_PIXELS = None       # Pillow's own limit ends in an error that is not the user's


def open_picture(file: BinaryIO) -> Image.Image:
    """Its header is read, its pixels are not; UnidentifiedImageError where it is of no listed format."""
    picture = Image.open(file, formats=FORMATS)
    if picture.format not in (*FORMATS, "MPO"):         # a JPEG with further pictures behind it
        raise UnidentifiedImageError(str(picture.format))
    return picture


def check_size(path: Union[str, Path], width: int, height: int, largest: int = LARGEST) -> None:
    if width * height > largest:
        raise UserError(f"{path}: {width}x{height} pixels; expected at most {largest:,} pixels; make it smaller")
    if max(width, height) > ODDEST * min(width, height):
        raise UserError(f"{path}: {width}x{height} pixels; expected a longer side of at most {ODDEST} times the "
                        "shorter; pad it or cut it")


def known_header(path: Path, data: bytes, largest: int = LARGEST) -> bool:
    """Whether it is a picture of a listed format; UserError where it is one too large."""
    try:
        with open_picture(io.BytesIO(data)) as picture:
            width, height = picture.size
    except DAMAGED:
        return False
    check_size(path, width, height, largest)
    return True
