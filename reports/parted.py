"""Where the parts of a clip lie, for the page: one small picture that holds the labels of every frame."""
import base64
from typing import Any, Dict, Optional

import cv2
import numpy as np

from poses.parts import part_labels
from poses.regions import SIDE
from records.sequence import Sequence

COLUMNS = 16            # frames side by side
SPREAD = 32             # between the greys of two labels


def parts_sheet(frames: np.ndarray, keypoints: Optional[np.ndarray], record: Sequence) -> Optional[Dict[str, Any]]:
    """None where nothing was shared out over parts. Pixel by pixel the place of its part among the names, times SPREAD.
    """
    names = next((model.parts.names for model in record.models.values() if model.parts and model.parts.glosses), None)
    if names is None or keypoints is None:
        return None
    labels, _ = part_labels(np.asarray(keypoints, np.float32), frames, len(names))
    rows = -(-len(labels) // COLUMNS)
    sheet = np.zeros((rows * COLUMNS, SIDE, SIDE), np.uint8)
    sheet[:len(labels)] = labels * SPREAD
    picture = sheet.reshape(rows, COLUMNS, SIDE, SIDE).transpose(0, 2, 1, 3).reshape(rows * SIDE, COLUMNS * SIDE)
    _, png = cv2.imencode(".png", picture)
    return {"names": names, "side": SIDE, "columns": COLUMNS, "spread": SPREAD,
            "picture": "data:image/png;base64," + base64.b64encode(png.tobytes()).decode()}
