"""The box of each shot of a video: what the recognisers are shown of its pictures."""
from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

import numpy as np

from terminal.errors import UserError
from video import framing
from video.framing import Crop
from video.shots import Show, shots


@dataclass(frozen=True)
class Piece:
    """Frames first..stop-1 of a clip, and their box."""

    first: int
    stop: int
    crop: Crop
    aside: float = 0.0              # of a signer who is turned aside: how wide the shoulders are seen; else 0
    borrowed: bool = False          # no shoulders are seen in it: framed as its neighbour

    @property
    def middle(self) -> int:
        return (self.first + self.stop) // 2


@dataclass(frozen=True)
class Boxes:
    """Of a whole video, one after the other."""

    pieces: Sequence[Piece]

    @property
    def borders(self) -> List[int]:
        """Where shots begin, but for the first."""
        return [piece.first for piece in self.pieces[1:]]

    def within(self, first: int, stop: int) -> List[Piece]:
        """Those of frames first..stop-1, counted from the first of these."""
        return [Piece(max(piece.first, first) - first, min(piece.stop, stop) - first, piece.crop, piece.aside,
                      piece.borrowed) for piece in self.pieces if piece.first < stop and piece.stop > first]


def one_box(crop: Crop, frames: int) -> Boxes:
    return Boxes([Piece(0, frames, crop)])


def boxes(keypoints: np.ndarray, size: Tuple[int, int], show: Show, name: str) -> Boxes:
    """keypoints: [T, 133, 3] in pixels of pictures of (height, width) `size`, which `show` shows."""
    borders = shots(keypoints, size, show)
    parts = list(zip(borders, borders[1:]))
    crops = [framing.around(keypoints[first:stop], size) for first, stop in parts]
    known = [index for index, crop in enumerate(crops) if crop is not None]
    if not known:
        raise UserError(f"{name}: no shoulders are seen in it, so no framing can be found; show the signer from the "
                        "waist up, or say where with --crop x,y,w,h")
    pieces: List[Piece] = []
    for index, (first, stop) in enumerate(parts):
        crop: Optional[Crop] = crops[min(known, key=lambda other: abs(other - index))]
        assert crop is not None
        pieces.append(Piece(first, stop, crop, framing.side_on(keypoints[first:stop]), crops[index] is None))
    return Boxes(pieces)
