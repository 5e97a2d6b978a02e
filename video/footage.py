"""Moving pictures as they are filmed, shown one by one: however long they are, never more than a few are in memory."""
import os
from pathlib import Path
from typing import Iterator, Optional, Protocol, Sequence

import numpy as np

from files.restored_mark import INVENTED, is_restored
from poses.whole_body import FRAME_HEIGHT, FRAME_WIDTH
from terminal.errors import UserError
from video.picture_folder import PictureFolder
from video.video_file import VideoFile

SLOWEST = 10.0          # seconds that a video's frames may last on average
SLOW = 1.0              # and from which on it is said
RATE = 25.0             # PHOENIX-2014's frames a second, which every recogniser of it has learned


class Footage(Protocol):
    path: Path
    files: Sequence[Path]           # what it is read from
    times: np.ndarray               # float64 [N], seconds of each frame, ascending, the first at 0
    end: float                      # when the last frame goes
    problem: str                    # why there is no more of it, empty where all is well

    def show(self, wanted: np.ndarray) -> Iterator[np.ndarray]:
        """uint8 [H, W, 3] RGB, upright and of square pixels, of the frames `wanted`: ascending, perhaps repeated."""


def open_footage(path: Path, rate: Optional[float] = None, restored: bool = False) -> Footage:
    """A video file or a folder of pictures. `rate`: frames a second, where not by the file's own time stamps.

    restored: takes what restore.py left, too, which is refused else.
    """
    folder = os.path.isdir(path)
    # Its frames were made square of 210:260, as a corpus's are.
    size = (FRAME_WIDTH, FRAME_HEIGHT) if folder and is_restored(path) else None
    footage: Footage = PictureFolder(path, rate or RATE, size=size) if folder else VideoFile(path, rate)
    if not restored and told_restored(footage):
        raise UserError(f"{path}: restored by restore.py: {INVENTED}; main.py --restored reads it all the same")
    return footage


def told_restored(footage: Footage) -> bool:
    """Whether restore.py made it."""
    return footage.restored if isinstance(footage, VideoFile) else is_restored(footage.path)


def taken(footage: Footage, start: float, stop: Optional[float], rate: Optional[float] = RATE) -> np.ndarray:
    """Which frames stand for seconds start..stop at `rate` a second, the nearest in time; all of them for None."""
    if footage.problem and (stop is None or stop > footage.end):
        raise UserError(f"{footage.path}: {footage.problem}; --to {footage.end:.2f} takes what is there")
    if footage.end > SLOWEST * len(footage.times):
        raise UserError(f"{footage.path}: its time stamps have {len(footage.times)} frames last {footage.end:,.0f} s, "
                        f"but at most {SLOWEST:g} s each are accepted; --fps-in RATE ignores them")
    stop = footage.end if stop is None else min(stop, footage.end)
    if rate is None:
        numbers = np.flatnonzero((footage.times > start - 1e-6) & (footage.times < stop - 1e-6))
    else:
        moments = start + np.arange(max(0, int(np.ceil((stop - start) * rate - 1e-3)))) / rate
        numbers = nearest(footage.times, moments)
    if not len(numbers):
        raise UserError(f"{footage.path}: no frames between {start:g} and {stop:g} s: it lasts {footage.end:.2f} s; "
                        "give another --from and --to")
    return numbers


def nearest(times: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """int64: for each moment the frame whose time is nearest, the earlier of two as near."""
    after = np.searchsorted(times, moments).clip(1, max(1, len(times) - 1))
    before = after - 1
    if len(times) == 1:
        return np.zeros(len(moments), np.int64)
    return np.where(times[after] - moments < moments - times[before] - 1e-9, after, before)
