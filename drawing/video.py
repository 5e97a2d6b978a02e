"""H.264 in MP4 that plays in a browser, the same bytes every time."""
from fractions import Fraction
from pathlib import Path
from typing import Iterable

import cv2
import numpy as np

from files.libav import av
from terminal.errors import UserError

LONGEST_SIDE = 16384        # pixels; of what H.264 may be
# A fixed number of threads: the encoder's choices depend on it. The colours are said to be what OpenCV makes of them.
# subme=1 saves a third of the time for a tenth more bytes. mbtree=0, as that reads memory which nobody has written:
# one file in five or six was another.
ENCODER = {"preset": "veryfast", "crf": "22", "threads": "2",
           "x264-params": "colorprim=bt709:transfer=bt709:colormatrix=smpte170m:range=tv:subme=1:mbtree=0"}


def to_yuv(picture: np.ndarray) -> np.ndarray:
    """uint8 [H, W, 3] RGB, even sizes -> uint8 [H * 3 / 2, W], planes of 4:2:0"""
    return cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420)


def write_mp4(path: Path, pictures: Iterable[np.ndarray], width: int, height: int, fps: float,
              comment: str = "") -> None:
    """pictures as `to_yuv` gives them. comment: kept in the file."""
    if max(width, height) > LONGEST_SIDE:
        raise UserError(f"the video would have {width}x{height} pixels, but H.264 allows at most {LONGEST_SIDE} a "
                        "side; ask for fewer layers, or leave it out with --write frames report")
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        if comment:
            container.metadata["comment"] = comment
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001), options=dict(ENCODER))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="yuv420p")))
        container.mux(stream.encode(None))
