"""A pose as two pictures: how near each place is to a point of the signer's left, and of the right."""
import hashlib
import io
import os
from pathlib import Path
from typing import Optional, Sequence, Union

import numpy as np
import torch
from torch import Tensor

from files.arrays import header
from files.atomic import atomic_file, sweep_parts
from files.reading import open_file
from poses.whole_body import FRAME_HEIGHT, FRAME_WIDTH, LEFT, MIDLINE, RIGHT
from terminal.errors import UserError

SIDE = 112
SIGMA = 4.0
TRAILER = b"pose heat maps 1"      # after the array, then a digest of what it was made of; np.load reads neither


def render(keypoints: Union[np.ndarray, Tensor], device: str = "cpu") -> Tensor:
    """[T, 133, 3] in pixels of the 210x260 frame -> float32 [T, 2, 112, 112], left and right, on the device.

    exp(-d^2 / (2 sigma^2)) of the distance d to the nearest point of the group, which is the group's maximum.
    Frame and map show the same picture, so pixel x of 210 has its middle at (x + 1/2) * 112 / 210 - 1/2.
    """
    points = torch.as_tensor(keypoints[..., :2], dtype=torch.float32, device=device)
    size = points.new_tensor([FRAME_WIDTH, FRAME_HEIGHT])
    centres = ((points + 0.5) * (SIDE / size) - 0.5).transpose(0, 1)             # [133, T, 2]
    pixels = torch.arange(SIDE, dtype=torch.float32, device=device)
    squares = (centres[..., None] - pixels) ** 2                                 # [133, T, 2, 112]
    maps = points.new_empty(len(keypoints), 2, SIDE, SIDE)
    # Two frames at a time stay in the processor's cache, and are too little to wait for other threads over.
    step = 2 if points.device.type == "cpu" else max(len(keypoints), 1)
    for start in range(0, len(keypoints), step):
        part = squares[:, start:start + step]
        middle = _nearest(part, MIDLINE)
        for channel, group in enumerate((LEFT, RIGHT)):
            torch.minimum(_nearest(part, group), middle, out=maps[start:start + step, channel])
    return maps.mul_(-1 / (2 * SIGMA ** 2)).exp_()


def _nearest(squares: Tensor, group: Sequence[int]) -> Tensor:
    """Squared distance of every place to the nearest of the points [T, 112, 112]."""
    x, y = squares[:, :, 0, None, :], squares[:, :, 1, :, None]
    nearest = x[group[0]] + y[group[0]]
    other = torch.empty_like(nearest)
    for point in group[1:]:
        torch.add(x[point], y[point], out=other)
        torch.minimum(nearest, other, out=nearest)
    return nearest


class HeatmapCache:
    """One .npy per sequence, float16 [T, 2, 112, 112], each signed with what it was made of."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, seq_id: str) -> Path:
        return self.folder / f"{seq_id}.npy"

    def has(self, seq_id: str, keypoints: np.ndarray) -> bool:
        """Whether there are maps, whole, ours and of these keypoints. Looks at the file's two ends alone."""
        trailer = _trailer(keypoints)
        try:
            with open_file(self.path(seq_id)) as file:
                found_header = header(file)
                values = 2 * SIDE * SIDE * len(keypoints)
                size = file.tell() + values * np.dtype(np.float16).itemsize + len(trailer)
                file.seek(-len(trailer), os.SEEK_END)
                end = file.read()
                held = file.tell()
        except OSError:                     # none there, or no regular file
            return False
        except ValueError:                  # damaged, or something else altogether
            return False
        expected = (len(keypoints), 2, SIDE, SIDE), False, np.dtype(np.float16)
        return found_header == expected and end == trailer and held == size

    def read(self, seq_id: str, keypoints: np.ndarray) -> Optional[np.ndarray]:
        if not self.has(seq_id, keypoints):
            return None
        with open_file(self.path(seq_id)) as file:
            return np.lib.format.read_array(file, allow_pickle=False)

    def write(self, seq_id: str, maps: np.ndarray, keypoints: np.ndarray) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        content = io.BytesIO()      # np.save has no word for a full disk; a plain write has
        np.save(content, maps)
        content.write(_trailer(keypoints))
        with atomic_file(self.path(seq_id)) as part:
            part.write_bytes(content.getbuffer())

    def prepare(self) -> None:
        """Makes the folder ready for many writes, and takes away what killed runs left half-written."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with atomic_file(self.folder / ".trial") as part:
                part.touch()
            (self.folder / ".trial").unlink()
        except OSError as error:
            raise UserError(f"{self.folder}: can't be written ({error.strerror}); expected a folder for heat maps; "
                            "make it writable or name another") from None
        sweep_parts(self.folder)


def _trailer(keypoints: np.ndarray) -> bytes:
    return TRAILER + hashlib.sha256(np.ascontiguousarray(keypoints, np.float32).tobytes()).digest()


def stored(maps: Tensor) -> np.ndarray:
    """As the cache keeps them: float16 on the CPU."""
    return maps.to(torch.float16).cpu().numpy()
