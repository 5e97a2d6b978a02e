"""How restored frames are known again, wherever they lie: what was restored in them is invented."""
import os
from pathlib import Path

MARK = "restored.json"          # in the folder of the frames; written by restore.py
INVENTED = "pixels of hands and faces in it are invented, even if they look real"
COMMENT = "restored by restore.py: pixels of hands and faces in it are invented"       # in a film's metadata


def is_restored(folder: Path) -> bool:
    return os.path.lexists(folder / MARK)
