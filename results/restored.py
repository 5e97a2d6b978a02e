"""What restoring leaves of a clip: its frames with their mark, and its keypoints."""
import json
from pathlib import Path
from typing import Optional

import cv2
import numpy as np

from files.arrays import npz_bytes
from files.restored_mark import MARK
from records.codec import to_json
from records.restoring import RestoredRecord

FRAMES, POINTS = "frames", "keypoints.npz"
RECORD = f"{FRAMES}/{MARK}"


def write_restored(folder: Path, frames: np.ndarray, keypoints: Optional[np.ndarray], record: RestoredRecord) -> None:
    """frames: uint8 [T, H, W, 3]. keypoints: [T, 133, 3], with which main.py can read them."""
    (folder / FRAMES).mkdir()
    for number, frame in enumerate(frames):
        _, png = cv2.imencode(".png", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
        (folder / FRAMES / f"{number:05d}.png").write_bytes(png.tobytes())
    (folder / RECORD).write_text(json.dumps(to_json(record), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if keypoints is not None:
        (folder / POINTS).write_bytes(npz_bytes({FRAMES: keypoints}))
