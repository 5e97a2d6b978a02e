"""What is taken of videos, in how many parts, and what these are called."""
import os
import re
from pathlib import Path
from typing import List, Optional, Set, Tuple

from terminal.errors import UserError

NAME = 120              # bytes of a file's name that an id keeps; file systems take 255 with what is put around it


def safe(path: Path) -> str:
    """An id that is a plain file name, also where the video's own is not."""
    name = path.name if os.path.isdir(path) else path.stem
    plain = re.sub(r"[^\w-]+", "_", name).strip("_-")
    return plain.encode()[:NAME].decode(errors="ignore") or "video"


def unique(name: str, used: Set[str]) -> str:
    """The name, or the first of name-2, name-3, ... that is free; it is used from then on."""
    number, free = 2, name
    while free.lower() in used:        # also where a file system does not tell A from a
        free, number = f"{name}-{number}", number + 1
    used.add(free.lower())
    return free


def borders(frames: int, longest: int) -> List[int]:
    """Borders of equal parts of at most so many frames."""
    count = max(1, -(-frames // longest))
    return [round(number * frames / count) for number in range(count + 1)]


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
