"""framing.jpg: a frame of the video, what of it the recognisers were shown, and the keypoints that were found."""
from pathlib import Path
from typing import Optional, Sequence, Tuple

import cv2
import numpy as np
from PIL import Image, ImageDraw

from drawing.text import DIM, INK, font, wrapped

EDGE = 3
GAP = 12
GROUND = 24
SURE = 0.3
KINDS = (("body", (0, 17), (250, 200, 60)), ("face", (23, 91), (120, 200, 250)),
         ("the signer's left hand", (91, 112), (120, 240, 140)),
         ("the signer's right hand", (112, 133), (240, 130, 160)))
UNSURE = (150, 150, 150)
CAPTION = ("Left: the middle frame of the shot; what is in the white box was taken, what is dark was left out. "
           "Right: what was taken, as the networks' inputs are cut from it.")
NONE = "No keypoints were found or given."


def framing_picture(picture: np.ndarray, box: Sequence[float], points: Optional[np.ndarray],
                    taken: np.ndarray) -> np.ndarray:
    """picture uint8 [h, w, 3]; box left, top, width, height in it; points [133, 3] in it; taken [260, 210, 3] or such.

    Left the whole, dimmed where it is not taken; right what was taken, as high; below what all that is.
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
    both = np.concatenate([canvas, between, shown], axis=1)
    return np.concatenate([both, _caption(both.shape[1], max(12, high // 40), points is not None)])


def _caption(width: int, size: int, keypoints: bool) -> np.ndarray:
    """What the two pictures are, and which keypoint has which colour: uint8 [h, width, 3], in lines as they fit."""
    face, pad, pitch = font(size), size // 2, size + size // 2
    lines = wrapped(CAPTION if keypoints else f"{CAPTION} {NONE}", face, width - 2 * pad)
    board = Image.new("RGB", (width, pitch * (len(lines) + 2 * len(KINDS)) + pad), (GROUND,) * 3)
    pen, y = ImageDraw.Draw(board), pad + pitch // 2
    for line in lines:
        pen.text((pad, y), line, INK, face, anchor="lm")
        y += pitch
    if keypoints:
        x = pad
        for name, colour in (*((name, colour) for name, _, colour in KINDS), (f"below {SURE}, not used", UNSURE)):
            long = int(face.getlength(name)) + 2 * size
            if x > pad and x + long > width - pad:
                x, y = pad, y + pitch
            pen.ellipse((x, y - size // 3, x + 2 * (size // 3), y + size // 3), fill=colour)
            pen.text((x + size, y), name, DIM, face, anchor="lm")
            x += long
        y += pitch
    return np.asarray(board)[:y - pitch // 2 + pad]


def _dots(canvas: np.ndarray, points: np.ndarray, sure: np.ndarray) -> None:
    radius = max(1, len(canvas) // 250)
    for _, (first, stop), colour in KINDS:
        for index in range(first, stop):
            x, y = (int(round(float(value))) for value in np.clip(points[index], -1e4, 1e4))
            cv2.circle(canvas, (x, y), radius, colour if sure[index] >= SURE else UNSURE, -1, cv2.LINE_AA)


Shot = Tuple[np.ndarray, Sequence[float], Optional[np.ndarray], np.ndarray]    # as framing_picture takes them


def write_framing(path: Path, shots: Sequence[Shot]) -> None:
    """One below the other."""
    drawn = [framing_picture(*shot) for shot in shots]
    width = max(picture.shape[1] for picture in drawn)
    board = np.concatenate([cv2.copyMakeBorder(picture, 0, GAP, 0, width - picture.shape[1], cv2.BORDER_CONSTANT,
                                               value=(GROUND,) * 3) for picture in drawn])
    whole, data = cv2.imencode(".jpg", board[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    if not whole:
        raise OSError(f"{path.name} could not be encoded")
    path.write_bytes(data.tobytes())
