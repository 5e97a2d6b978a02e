"""A folder of pictures as a video of so many frames a second."""
import re
from pathlib import Path
from typing import Iterator, List, Optional, Sequence, Tuple

import cv2
import numpy as np

from datasets.picture_size import DAMAGED, LARGEST_FRAME, check_size, open_picture
from files.reading import open_file
from terminal.errors import UserError
from video.upright import on_wall

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".ppm")


class PictureFolder:
    """Pictures of one size in a folder, in the order of the numbers in their names, or these files of it.

    `size`, width and height, is what they are scaled to.
    """

    problem = ""

    def __init__(self, path: Path, rate: float, files: Optional[Sequence[Path]] = None,
                 size: Optional[Tuple[int, int]] = None) -> None:
        self.path = path
        self.size = size
        self.files = files or sorted(_pictures(path), key=_by_number)
        if not self.files:
            raise UserError(f"{path}: no pictures in this folder; expected {', '.join(PICTURES)}; give the folder that "
                            "holds them")
        self.times = np.arange(len(self.files)) / rate
        self.end = len(self.files) / rate

    def show(self, wanted: np.ndarray) -> Iterator[np.ndarray]:
        height = width = 0
        last, picture = -1, np.empty((0, 0, 3), np.uint8)
        for number in wanted:
            if number != last:
                last, picture = int(number), _picture(self.files[number])
            if height and picture.shape[:2] != (height, width):
                raise UserError(f"{self.files[number]}: {picture.shape[1]}x{picture.shape[0]} pixels, those before it "
                                f"{width}x{height}; expected pictures of one size; put others into another folder")
            height, width = picture.shape[:2]
            yield picture if self.size in (None, (width, height)) else cv2.resize(picture, self.size)


def _pictures(folder: Path) -> Sequence[Path]:
    return [file for file in folder.iterdir() if file.suffix.lower() in PICTURES]


def _by_number(file: Path) -> Tuple[Sequence[object], str]:
    """frame9.png before frame10.png."""
    parts: List[str] = re.split(r"(\d+)", file.name.lower())
    return [(1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts], file.name


def _picture(file: Path) -> np.ndarray:
    """uint8 [H, W, 3] RGB, turned as its camera says."""
    from PIL import ImageOps, UnidentifiedImageError

    try:
        with open_file(file) as data, open_picture(data) as opened:
            check_size(file, opened.width, opened.height, LARGEST_FRAME)
            image = ImageOps.exif_transpose(opened)
            clear = "A" in image.getbands() or "transparency" in image.info
            pixels = np.asarray(image.convert("RGBA" if clear else "RGB"))
    except UnidentifiedImageError:
        raise UserError(f"{file}: not a picture; take it out of the folder, or put a whole one in its place") from None
    except DAMAGED as error:
        raise UserError(f"{file}: broken picture ({error or type(error).__name__}); put a whole one in its place"
                        ) from None
    return on_wall(pixels) if clear else pixels
