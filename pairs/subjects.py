"""The pictures that compare.py is given: upright, aligned where there are points, and whose they are if it is known."""
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Mapping, Optional

import numpy as np
import torch
from torch import Tensor

from datasets.clip import Clip
from datasets.market import BACKGROUND, NAME
from datasets.pictures import picture_clip
from files.arrays import load_npy
from pairs.face_alignment import align, laid_back, parse_points, read_points
from terminal.errors import UserError


@dataclass(frozen=True)
class Subject:
    """A picture, and what the network is shown of it."""

    name: str
    clip: Clip                                      # the aligned crop where there are points
    original: np.ndarray                            # uint8 [H, W, 3]
    matrix: Optional[np.ndarray] = None             # from the original to the crop

    @property
    def ground(self) -> np.ndarray:
        """What maps are drawn on: the original, grey where the aligned crop did not reach."""
        if self.matrix is None:
            return self.original
        seen = laid_back(np.ones(self.clip.frames.shape[1:3], np.float16), self.matrix, *self.original.shape[:2])
        grey = np.repeat(self.original.mean(2, keepdims=True), 3, axis=2).astype(np.uint8)
        return np.where(seen[..., None] > 0.5, self.original, grey)

    def drawn(self, heat: np.ndarray) -> np.ndarray:
        """A map of the clip on the original picture."""
        return heat if self.matrix is None else laid_back(heat, self.matrix, *self.original.shape[:2])


def subject_of(path: Path, points: Mapping[str, np.ndarray]) -> Subject:
    """points: by file name; under no name those for every picture."""
    clip = picture_clip(path, path.name)
    own = points.get(path.name, points.get(""))
    if own is None:
        if points:
            raise UserError(f"--points: no row for {path.name}; add one, or leave --points out for aligned crops")
        return Subject(path.name, clip, clip.frames[0])
    crop, matrix = align(clip, own)
    return Subject(path.name, crop, clip.frames[0], matrix)


def identity_of(path: Path, root: Optional[Path]) -> str:
    """Who is on a picture: by Market-1501's names, else by the folder it lies in, below the one that was given."""
    name = NAME.fullmatch(path.name)
    if name:
        return "" if int(name[1]) == BACKGROUND else str(int(name[1]))
    return path.parent.name if root is None or path.parent.resolve() != root.resolve() else ""


def points_of(given: Optional[str]) -> Dict[str, np.ndarray]:
    """By file name; under no name, those for every picture."""
    if given is None:
        return {}
    path = Path(given).expanduser()
    return read_points(path) if path.is_file() else {"": parse_points(given, "--points")}


def embedding_of(path: Path) -> Tensor:
    values = load_npy(path)
    if values.dtype.kind != "f" or values.ndim != 1 or not np.isfinite(values).all():
        raise UserError(f"{path}: {values.dtype} {list(values.shape)}; expected one row of finite numbers")
    return torch.from_numpy(values.astype(np.float32))
