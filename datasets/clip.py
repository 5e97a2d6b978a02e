from dataclasses import dataclass, field, replace
from typing import Mapping, Optional, Tuple

import numpy as np

from geometry.viewport import Viewport
from glosses.rules import Rule
from glosses.wer import Clean


@dataclass(frozen=True)
class Shown:
    """A frame of a video before it was cropped, to show the framing of a shot by."""

    frame: int                                # of the clip, in the middle of the shot
    picture: np.ndarray                       # uint8 [h, w, 3] RGB, perhaps smaller than it was
    box: Tuple[float, float, float, float]    # the crop in its pixels: left, top, width, height
    points: Optional[np.ndarray]              # [133, 3] the keypoints in its pixels


@dataclass(frozen=True)
class Origin:
    """Where a clip that no corpus holds was taken from, and how."""

    file: str
    start: float                              # seconds of its first frame in the file, and of its last
    stop: float
    crop: str                                 # x,y,width,height in pixels of the video, of each shot
    keypoints: str                            # how they were found
    notes: Tuple[str, ...]
    shots: Tuple[Shown, ...]                  # one of each shot
    hands: str = ""                           # how often each hand was found; empty without keypoints
    unseen: Mapping[str, Tuple[Tuple[int, int], ...]] = field(default_factory=dict)     # frames without it, by hand


@dataclass(frozen=True)
class Whole:
    """All that was filmed of a clip whose frames were cut from it."""

    frames: np.ndarray                        # uint8 [T, 256, 256, 3] RGB
    part: Viewport                            # of them, which the clip's frames show


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
    origin: Optional[Origin] = None           # of a video that no corpus holds
    rule: Optional[Rule] = None               # by which its corpus counts errors; a must where there are glosses
    whole: Optional[Whole] = None             # what `frames` were cut from

    def __post_init__(self) -> None:
        if self.glosses and self.rule is None:
            raise ValueError(f"clip {self.seq_id} has glosses, and no rule that says how they are compared")


    def __len__(self) -> int:
        return len(self.frames)

    @property
    def clean(self) -> Clean:
        """What is done to its glosses, and to those read in it, before they are compared one by one."""
        if self.rule is None:
            raise ValueError(f"clip {self.seq_id} has no rule that says how its glosses are compared")
        return self.rule.truth

    def window(self, start: int, stop: int) -> "Clip":
        """Frames start..stop-1 as a clip that shares their memory."""
        def part(array: Optional[np.ndarray]) -> Optional[np.ndarray]:
            return None if array is None else array[start:stop]

        return replace(self, frames=self.frames[start:stop], keypoints=part(self.keypoints),
                       tall_frames=part(self.tall_frames),
                       whole=self.whole and replace(self.whole, frames=self.whole.frames[start:stop]))
