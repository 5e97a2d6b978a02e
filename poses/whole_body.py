"""The 133 points of COCO-WholeBody, and where those of a sequence come from."""
from pathlib import Path
from typing import Optional, Tuple

import numpy as np

from poses.keypoint_index import ask, count_sequences, index_of, read_sequence
from terminal.errors import UserError

FRAME_WIDTH, FRAME_HEIGHT = 210, 260     # the frames whose pixels keypoints are in


def _span(first: int, last: int) -> Tuple[int, ...]:
    return tuple(range(first, last + 1))


# Left and right are the signer's own, so left is on the picture's right.
BODY, FEET, FACE = _span(0, 16), _span(17, 22), _span(23, 90)
LEFT_HAND, RIGHT_HAND = _span(91, 111), _span(112, 132)
# Nose; chin; bridge of the nose; its tip; upper lip, lower lip, and the insides of both.
MIDLINE = (0, 31, *_span(50, 53), 56, 74, 80, 85, 89)
LEFT = (*_span(1, 15)[::2], *_span(17, 19),                     # eye, ear, shoulder to ankle; foot
        *_span(32, 39), *_span(45, 49), 57, 58,                 # jaw, brow, nostril
        *_span(65, 70), *_span(75, 79), *_span(86, 88),         # eye, lips outside, lips inside
        *LEFT_HAND)
RIGHT = (*_span(2, 16)[::2], *_span(20, 22),
         *_span(23, 30), *_span(40, 44), 54, 55,
         *_span(59, 64), *_span(71, 73), 81, 82, 83, 84, 90,
         *RIGHT_HAND)


def on_frames(keypoints: np.ndarray, height: int, width: int) -> np.ndarray:
    """[T, 133, 3] in pixels of the 210x260 frame -> float32 [T, 133, 2], x and y in those of frames of another size."""
    scale = np.array([width / FRAME_WIDTH, height / FRAME_HEIGHT])
    return ((keypoints[..., :2] + 0.5) * scale - 0.5).astype(np.float32)        # pixels are areas


class KeypointStore:
    """Keypoints of single sequences out of keypoints.pkl, through an index made on first use."""

    def __init__(self, pickle: Path) -> None:
        self.pickle = pickle

    def __bool__(self) -> bool:
        return self.pickle.exists()

    def prepare(self) -> None:
        """Makes the index now, where there is none."""
        index_of(self.pickle)

    def find(self, seq_id: str, frames: int) -> Optional[np.ndarray]:
        """float32 [frames, 133, 3] x, y, confidence; None where the file has nothing for this sequence."""
        keypoints = ask(self.pickle, lambda index: read_sequence(index, seq_id))
        if keypoints is None:
            return None
        if len(keypoints) != frames:
            raise UserError(f"{self.pickle}: {len(keypoints)} frames of keypoints for '{seq_id}', which has {frames} "
                            "frames; expected one for each; extract them again from the same frames")
        wrong = ~np.isfinite(keypoints).all(axis=(1, 2))
        if wrong.any():
            raise UserError(f"{self.pickle}: keypoints of '{seq_id}' are not finite in frame {int(wrong.argmax())}; "
                            "expected numbers; extract them again")
        return keypoints

    def read(self, seq_id: str, frames: int) -> np.ndarray:
        """As `find`, for who can't do without."""
        keypoints = self.find(seq_id, frames)
        if keypoints is None:
            raise UserError(f"{self.pickle}: no keypoints for '{seq_id}' among its "
                            f"{ask(self.pickle, count_sequences)} sequences; add them, or do without the pose")
        return keypoints
