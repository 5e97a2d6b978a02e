"""A decoded frame as a player shows it."""
import struct
from typing import Any, Tuple

import cv2
import numpy as np

HD = 720        # lines from which on colours are BT.709's where the file does not say
WALL = 192      # the grey behind what is see-through: PHOENIX's studio


Matrix = Tuple[int, ...]        # a file's display matrix: a, b, u, c, d, ...
UPRIGHT: Matrix = (1, 0, 0, 0, 1)


def display_matrix(frame: Any) -> Matrix:
    """How a file wants its frames turned. To ask makes a circle of references: one frame of a file is enough."""
    for data in frame.side_data:
        if "DISPLAYMATRIX" in str(data.type):
            return struct.unpack("<9i", bytes(data)[:36])
    return UPRIGHT


def upright(frame: Any, aspect: float = 1, matrix: Matrix = UPRIGHT) -> np.ndarray:
    """A decoded frame as a player shows it: uint8 [H, W, 3] RGB, square pixels, turned.

    `aspect` is how wide a pixel is over its height. Of an interlaced frame one of its two moments is shown.
    """
    if any(component.is_alpha for component in frame.format.components):
        picture = on_wall(_rgb(frame, "rgba"))
    else:
        picture = _rgb(frame, "rgb24")
    if frame.interlaced_frame:
        picture = one_field(picture)
    if aspect != 1:
        picture = cv2.resize(picture, (max(1, round(picture.shape[1] * aspect)), picture.shape[0]))
    return np.ascontiguousarray(turned(picture, matrix))


def _rgb(frame: Any, form: str) -> np.ndarray:
    """By the matrix that the file names, else by the one that players take for its size."""
    matrices = {1: "ITU709", 5: "ITU601", 6: "ITU601", 9: "ITU709", 10: "ITU709"}     # H.273's numbers; 2 is unknown
    matrix = matrices.get(int(frame.colorspace), "ITU709" if frame.height >= HD else "ITU601")
    # PyAV sets a matrix only where source and target differ; RGB has none, so the target's is free.
    return frame.to_ndarray(format=form, src_colorspace=matrix, dst_colorspace="ITU601")


def on_wall(picture: np.ndarray) -> np.ndarray:
    """uint8 [H, W, 4] with alpha -> [H, W, 3], what is see-through before a grey wall."""
    alpha = picture[..., 3:].astype(np.float32) / 255
    return np.round(picture[..., :3] * alpha + WALL * (1 - alpha)).astype(np.uint8)


def one_field(picture: np.ndarray) -> np.ndarray:
    """Two moments are woven into an interlaced frame: the first's lines, and what lies between them."""
    height, width = picture.shape[:2]
    lines = np.ascontiguousarray(picture[::2])
    # Line i of the field is line 2 i of the frame.
    places = np.repeat((np.arange(height, dtype=np.float32) / 2)[:, None], width, axis=1)
    columns = np.repeat(np.arange(width, dtype=np.float32)[None], height, axis=0)
    return cv2.remap(lines, columns, places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def turned(picture: np.ndarray, matrix: Matrix) -> np.ndarray:
    """Quarter turns and mirrors."""
    a, b, _, c, d = matrix[:5]
    if abs(b) > abs(a):
        picture, a, d = picture.transpose(1, 0, 2), c, b
    if a < 0:
        picture = picture[:, ::-1]
    return picture[::-1] if d < 0 else picture
