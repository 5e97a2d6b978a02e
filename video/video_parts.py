"""What is taken of videos, in how many parts, and what these are called."""
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Set, Tuple

from terminal.errors import UserError
from video.framing import Crop

LONGEST = 16.0          # seconds: 400 frames, more than the corpus's longest sentence and all that TwoStream-SLR sees
NAME = 120              # bytes of a file's name that an id keeps; file systems take 255 with what is put around it


@dataclass(frozen=True)
class Wanted:
    """What is to be taken of every video."""

    start: float = 0.0
    stop: Optional[float] = None
    keep: bool = False                  # every frame, instead of 25 a second
    rate: Optional[float] = None        # frames a second of the file, where its time stamps are not believed
    crop: Optional[Crop] = None         # None: around the signer, or the middle without keypoints
    keypoints: Optional[Path] = None    # a file
    truth: Tuple[str, ...] = ()
    longest: float = LONGEST            # seconds; a longer video is read in parts


def safe(path: Path) -> str:
    """An id that is a plain file name, also where the video's own is not."""
    name = path.name if os.path.isdir(path) else path.stem
    plain = re.sub(r"[^\w-]+", "_", name).strip("_-")
    return plain.encode()[:NAME].decode(errors="ignore") or "video"


def unique(name: str, used: Set[str]) -> str:
    """The name, or the first of name-2, name-3, ... that is free; it is used from then on."""
    number, found = 2, name
    while found.lower() in used:        # also where a file system does not tell A from a
        found, number = f"{name}-{number}", number + 1
    used.add(found.lower())
    return found


def borders(frames: int, longest: int) -> List[int]:
    """Borders of equal parts of at most so many frames."""
    count = max(1, -(-frames // longest))
    return [round(number * frames / count) for number in range(count + 1)]


def described(wanted: Wanted) -> Dict[str, object]:
    """What makes two runs on a video the same, as JSON has it."""
    return {"from": wanted.start, "to": wanted.stop, "fps_in": "keep" if wanted.keep else wanted.rate or "25 taken",
            "crop": "auto" if wanted.crop is None else str(wanted.crop), "longest": wanted.longest,
            "truth": " ".join(wanted.truth)}


def asked_rate(text: Optional[str]) -> Tuple[bool, Optional[float]]:
    """--fps-in: (whether every frame is kept, the file's own rate where its time stamps are not believed)."""
    if text is None or text == "keep":
        return text == "keep", None
    try:
        rate = float(text)
    except ValueError:
        rate = 0
    if not 1 <= rate <= 1000:
        raise UserError(f"--fps-in {text}: expected keep, or a rate from 1 to 1000")
    return False, rate
