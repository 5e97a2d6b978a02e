from dataclasses import dataclass, replace
from typing import Optional, Tuple

import numpy as np


@dataclass(frozen=True)
class Clip:
    """One sentence as it lies on disk. Glosses stay words: each model has ids of its own."""

    seq_id: str
    split: str
    frames: np.ndarray                        # uint8 [T, H, W, 3] RGB, the 256x256 frames: what overlays are drawn on
    glosses: Tuple[str, ...] = ()             # raw annotation, not cleaned; empty where there is none
    keypoints: Optional[np.ndarray] = None    # float32 [T, 133, 3] x, y, confidence, in pixels of the 210x260 frame
    tall_frames: Optional[np.ndarray] = None  # uint8 [T, 260, 210, 3] RGB, the same pictures as 210x260 frames
    signer: str = ""

    def __len__(self) -> int:
        return len(self.frames)

    def window(self, start: int, stop: int) -> "Clip":
        """Frames start..stop-1 as a clip that shares their memory."""
        def part(array: Optional[np.ndarray]) -> Optional[np.ndarray]:
            return None if array is None else array[start:stop]

        return replace(self, frames=self.frames[start:stop], keypoints=part(self.keypoints),
                       tall_frames=part(self.tall_frames))
