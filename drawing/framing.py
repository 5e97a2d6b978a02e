"""framing.jpg: a frame of the video, what of it the recognisers were shown, and the keypoints that were found."""
from pathlib import Path
from typing import Optional, Sequence

import cv2
import numpy as np

from drawing.text import INK

EDGE = 3
GAP = 12
GROUND = 24
COLOURS = (((0, 17), (250, 200, 60)), ((23, 91), (120, 200, 250)), ((91, 112), (120, 240, 140)),
           ((112, 133), (240, 130, 160)))       # body, face, the signer's left and right hand
UNSEEN = (150, 150, 150)


def framing_picture(picture: np.ndarray, box: Sequence[float], points: Optional[np.ndarray],
                    taken: np.ndarray) -> np.ndarray:
    """picture uint8 [h, w, 3]; box left, top, width, height in it; points [133, 3] in it; taken [260, 210, 3] or such.

    Left the whole, dimmed where it is not taken; right what was taken, as high.
    """
    left, top, width, height = (int(round(value)) for value in box)
    beyond = (max(0, -top), max(0, top + height - len(picture)), max(0, -left),
              max(0, left + width - picture.shape[1]))
    canvas = cv2.copyMakeBorder(picture // 2, *beyond, cv2.BORDER_CONSTANT, value=(GROUND,) * 3)
    x, y = left + beyond[2], top + beyond[0]
    inside = cv2.copyMakeBorder(picture, *beyond, cv2.BORDER_CONSTANT, value=(GROUND,) * 3)
    canvas[y:y + height, x:x + width] = inside[y:y + height, x:x + width]
    if points is not None:
        _dots(canvas, points[:, :2] + (beyond[2], beyond[0]), points[:, 2])
    cv2.rectangle(canvas, (x, y), (x + width - 1, y + height - 1), INK, EDGE)
    high = len(canvas)
    shown = cv2.resize(taken, (round(high * 210 / 260), high), interpolation=cv2.INTER_CUBIC)
    between = np.full((high, GAP, 3), GROUND, np.uint8)
    return np.concatenate([canvas, between, shown], axis=1)


def _dots(canvas: np.ndarray, points: np.ndarray, sure: np.ndarray) -> None:
    radius = max(1, len(canvas) // 250)
    for (first, stop), colour in COLOURS:
        for index in range(first, stop):
            x, y = (int(round(float(value))) for value in np.clip(points[index], -1e4, 1e4))
            cv2.circle(canvas, (x, y), radius, colour if sure[index] >= 0.3 else UNSEEN, -1, cv2.LINE_AA)


def write_framing(path: Path, picture: np.ndarray, box: Sequence[float], points: Optional[np.ndarray],
                  taken: np.ndarray) -> None:
    drawn = framing_picture(picture, box, points, taken)
    whole, data = cv2.imencode(".jpg", drawn[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    if not whole:
        raise OSError(f"{path.name} could not be encoded")
    path.write_bytes(data.tobytes())
