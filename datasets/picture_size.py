"""How large a picture may be, looked up in its header: a few kilobytes may hold gigabytes."""
import io
from pathlib import Path

from PIL import Image

from terminal.errors import UserError

LARGEST = 200_000_000               # pixels; beyond that it is an accident or an attack
LARGEST_FRAME = 50_000_000
Image.MAX_IMAGE_PIXELS = None       # Pillow's own limit ends in an error that is not the user's


def check_size(path: Path, width: int, height: int, largest: int = LARGEST) -> None:
    if width * height > largest:
        raise UserError(f"{path}: {width}x{height} pixels; expected at most {largest:,} pixels; make it smaller")


def check_header(path: Path, data: bytes, largest: int = LARGEST) -> None:
    """Of any format that Pillow knows; what it does not is left to the decoder."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            width, height = picture.size
    except (OSError, ValueError, SyntaxError):
        return
    check_size(path, width, height, largest)
