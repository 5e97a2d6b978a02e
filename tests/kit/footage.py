"""Videos written on the spot. Every frame shows its number: a strip of white squares that reads as bits."""
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any, Dict, Optional, Sequence, Tuple

import av
import numpy as np

BITS, SQUARE = 8, 16
MILLISECOND = Fraction(1, 1000)


def numbered(number: int, size: Tuple[int, int] = (160, 96), lines: int = SQUARE) -> np.ndarray:
    """uint8 [H, W, 3]: the number along the top, a red corner at the bottom left, grey else. size: width, height."""
    width, height = size
    picture = np.full((height, width, 3), 90, np.uint8)
    for bit in range(BITS):
        picture[:lines, bit * SQUARE:(bit + 1) * SQUARE] = 255 if number >> bit & 1 else 0
    picture[-SQUARE:, :SQUARE] = (230, 20, 20)
    return picture


def number_of(picture: np.ndarray, size: Tuple[int, int] = (160, 96)) -> int:
    """What `numbered` wrote, from the middles of the squares; the picture may have been scaled from `size`."""
    y = picture.shape[0] * SQUARE // (2 * size[1])
    middles = [(2 * bit + 1) * SQUARE * picture.shape[1] // (2 * size[0]) for bit in range(BITS)]
    return sum(int(picture[y, x].mean() > 128) << bit for bit, x in enumerate(middles))


def write_video(path: Path, frames: int, codec: str = "libx264", rate: int = 25, pixels: str = "yuv420p",
                size: Tuple[int, int] = (160, 96), times: Optional[Sequence[float]] = None,
                options: Optional[Dict[str, str]] = None, pictures: Optional[Any] = None,
                container: Optional[Dict[str, str]] = None) -> Path:
    """`times`: seconds of each frame, for a variable rate. `pictures`: others than numbered ones."""
    with av.open(str(path), "w", options=container or {}) as file:
        stream: Any = file.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        if times is not None:
            stream.time_base = stream.codec_context.time_base = MILLISECOND
        for number in range(frames):
            picture = numbered(number, size) if pictures is None else pictures(number)
            frame = av.VideoFrame.from_ndarray(picture, format="rgba" if picture.shape[2] == 4 else "rgb24")
            if times is not None:
                frame.pts, frame.time_base = round(times[number] * 1000), MILLISECOND
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def write_planes(path: Path, planes: np.ndarray, size: Tuple[int, int], options: Dict[str, str]) -> Path:
    """Two frames of one colour, given as luma and both chromas."""
    width, height = size
    picture = np.full((height * 3 // 2, width), planes[0], np.uint8)
    picture[height:height * 5 // 4] = planes[1]
    picture[height * 5 // 4:] = planes[2]
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for _ in range(2):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="yuv420p")))
        container.mux(stream.encode(None))
    return path


def write_sound(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("aac", rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def turn(path: Path, matrix: Tuple[int, int, int, int]) -> Path:
    """Sets an mp4's display matrix (a, b, c, d), as a phone that was held upright does."""
    data = bytearray(path.read_bytes())
    offset = data.index(b"tkhd") + 44
    a, b, c, d = (value << 16 for value in matrix)
    data[offset:offset + 20] = struct.pack(">5i", a, b, 0, c, d)
    path.write_bytes(bytes(data))
    return path
