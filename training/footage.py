"""Frames from disk, or from memory after the first time."""
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence, Tuple

import cv2
import numpy as np

from training.clips import Entry

Size = Tuple[int, int]      # height, width


class Footage:
    """The frames of a split's clips, uint8 RGB, brought to `fit(height, width)` where that is given.

    whole: all that was filmed, where a corpus's frames are cut from it.
    """

    def __init__(self, entries: Sequence[Entry], fit: Optional[Callable[[int, int], Size]] = None, *,
                 interpolation: int = cv2.INTER_AREA, whole: bool = False) -> None:
        self.entries = entries
        self.fit = fit
        self.interpolation = interpolation
        self.whole = whole
        self._files: Dict[int, List[Path]] = {}
        self._kept: Dict[int, np.ndarray] = {}

    def keep(self, index: int) -> int:
        """Decode a clip and hold on to it, before workers are forked: they share it. Gives the bytes it takes."""
        self._kept[index] = self.frames(index, range(self.length(index)))
        return self._kept[index].nbytes

    def length(self, index: int) -> int:
        return len(self._kept[index]) if index in self._kept else len(self._paths(index))

    def size(self, index: int) -> Size:
        height, width = self.frames(index, [0]).shape[1:3]
        return height, width

    def frames(self, index: int, rows: Sequence[int]) -> np.ndarray:
        """[len(rows), H, W, 3]"""
        if index in self._kept:
            return self._kept[index][np.asarray(rows)]
        paths = self._paths(index)
        wanted, places = np.unique(rows, return_inverse=True)
        decoded = self.entries[index].corpus.decode([paths[row] for row in wanted], self.whole)
        if self.fit is not None:
            decoded = _resized(decoded, self.fit(*decoded.shape[1:3]), self.interpolation)
        return decoded[places]

    def _paths(self, index: int) -> List[Path]:
        if index not in self._files:
            self._files[index] = self.entries[index].files()
        return self._files[index]


def _resized(frames: np.ndarray, size: Size, interpolation: int) -> np.ndarray:
    if frames.shape[1:3] == size:
        return frames
    return np.stack([cv2.resize(frame, size[::-1], interpolation=interpolation) for frame in frames])
