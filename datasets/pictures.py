"""Pictures as people have them: JPEG, PNG and the like, of any size, turned by EXIF, grey or transparent."""
from pathlib import Path
from typing import List

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from datasets.clip import Clip
from datasets.picture_size import DAMAGED, FORMATS, check_size, open_picture
from files.reading import open_file
from terminal.errors import UserError

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
WHITE = (255, 255, 255, 255)


def read_picture(path: Path) -> np.ndarray:
    """uint8 [H, W, 3] RGB, upright; what is transparent is white."""
    try:
        with open_file(path) as data, open_picture(data) as file:
            check_size(path, file.width, file.height)
            upright = ImageOps.exif_transpose(file)
            assert upright is not None
            if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
                clear = upright.convert("RGBA")
                upright = Image.alpha_composite(Image.new("RGBA", clear.size, WHITE), clear)
            return np.array(upright.convert("RGB"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such picture; check the path") from None
    except IsADirectoryError:
        raise UserError(f"{path}: a folder; give one picture") from None
    except UnidentifiedImageError:
        raise UserError(f"{path}: not a picture that can be read; give one of {', '.join(FORMATS)}") from None
    except DAMAGED as error:
        raise UserError(f"{path}: a damaged picture ({error or type(error).__name__}); save it again") from None


def picture_clip(path: Path, name: str = "") -> Clip:
    """A picture is a clip of one frame."""
    return Clip(name or path.stem, "", read_picture(path)[None])


def folder_pictures(folder: Path) -> List[Path]:
    """Every picture in a folder and below, by name."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not paths:
        raise UserError(f"{folder}: no pictures in it; expected {', '.join(SUFFIXES)}")
    return paths
