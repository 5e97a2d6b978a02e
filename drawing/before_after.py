"""A film of a clip before and after it was restored, side by side, which says what is invented."""
from pathlib import Path
from typing import Iterator

import cv2
import numpy as np

from drawing.text import plate
from drawing.video import to_yuv, write_mp4

WIDTH, HEIGHT = 420, 520    # of a picture, in the shape that corpora film in
BANNER = 44                 # lines above them
INK = (16, 18, 22)
AFTER = "restored: hands and face are invented, even if they look real"


def write_before_after(path: Path, before: np.ndarray, after: np.ndarray, said: str, rate: float, comment: str) -> None:
    """before, after: uint8 [T, H, W, 3]. said: what the one before is. comment: kept in the file."""
    write_mp4(path, _pictures(before, after, said), 2 * WIDTH, HEIGHT + BANNER, rate, comment)


def _pictures(before: np.ndarray, after: np.ndarray, said: str) -> Iterator[np.ndarray]:
    canvas = np.full((HEIGHT + BANNER, 2 * WIDTH, 3), INK, np.uint8)
    for column, words in enumerate((said, AFTER)):
        remark = plate(words, WIDTH - 16, 13)[:BANNER]
        canvas[:len(remark), column * WIDTH + 8:column * WIDTH + 8 + remark.shape[1]] = remark
    for pair in zip(before, after):
        for column, frame in enumerate(pair):
            canvas[BANNER:, column * WIDTH:(column + 1) * WIDTH] = cv2.resize(frame, (WIDTH, HEIGHT),
                                                                              interpolation=cv2.INTER_CUBIC)
        yield to_yuv(canvas)
