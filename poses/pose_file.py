"""`.pose` files of pose-format, versions 0.1 and 0.2: https://github.com/sign-language-processing/pose, docs/specs.

A header names components and their points, a body has x, y (z, ...) and confidence of each for every person of every
frame. All numbers are little-endian. A file is read whole and never believed: sizes are held against its bytes first.
"""
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import List, Sequence, Tuple

import numpy as np

from files.reading import read_bytes
from terminal.errors import UserError

LARGEST = 1 << 31           # bytes
VERSIONS = (0.1, 0.2)
COMPONENTS = 100
Parts = Tuple[Tuple[str, Tuple[str, ...]], ...]     # components in order: name, and the names of their points


@dataclass(frozen=True)
class PoseFile:
    version: float
    size: Tuple[int, int]   # width, height of the pictures
    rate: float             # frames a second; 0.1 has whole numbers alone
    parts: Parts
    places: np.ndarray      # float32 [frames, people, points, 2 or more]
    confidence: np.ndarray  # float32 [frames, people, points]


def read_pose(path: Path) -> PoseFile:
    """OSError where there is no file; UserError where it is damaged or of another kind."""
    reader = _Reader(read_bytes(path, LARGEST))
    try:
        return _read(reader)
    except (struct.error, ValueError, UnicodeDecodeError) as error:
        reason = str(error) if isinstance(error, _Wrong) else "damaged or cut short"
        raise UserError(f"{path}: not a .pose file of version 0.1 or 0.2 ({reason})") from None


class _Wrong(ValueError):
    """What is wrong, in words."""


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def numbers(self, form: str) -> Tuple[float, ...]:
        made = struct.unpack_from(f"<{form}", self.data, self.at)
        self.at += struct.calcsize(f"<{form}")
        return made

    def count(self) -> int:
        return int(self.numbers("H")[0])

    def text(self) -> str:
        size = self.count()
        if self.at + size > len(self.data):
            raise _Wrong("cut short")
        self.at += size
        return self.data[self.at - size:self.at].decode("utf-8")

    def skip(self, size: int) -> None:
        self.at += size

    def floats(self, count: int) -> np.ndarray:
        made = np.frombuffer(self.data, "<f4", count, self.at)
        self.at += 4 * count
        return made

    @property
    def left(self) -> int:
        return len(self.data) - self.at


def _read(reader: _Reader) -> PoseFile:
    version = round(reader.numbers("f")[0], 3)
    if version not in VERSIONS:
        raise _Wrong(f"it says version {version:g}")
    width, height, _, components = map(int, reader.numbers("4H"))
    if components > COMPONENTS:
        raise _Wrong(f"{components} components")
    headers = [_component(reader) for _ in range(components)]
    parts = tuple((name, points) for name, points, _ in headers)
    points, dimensions = sum(len(names) for _, names in parts), max((len(form) for *_, form in headers), default=0) - 1
    if not points or dimensions < 2 or any(not form.startswith("XY") or form[-1] != "C" for *_, form in headers):
        raise _Wrong(f"points of the form {', '.join(sorted({form for *_, form in headers})) or 'none'}, expected XYC "
                     "or XYZC")
    if version == 0.1:
        rate, _, people = reader.numbers("3H")
        # Its number of frames is too short for long videos, so as in the library what is there counts.
        count: float = reader.left // max(1, int(people) * points * (dimensions + 1) * 4)
    else:
        rate, count, people = reader.numbers("fIH")
    frames, people = int(count), int(people)
    expected = frames * people * points * (dimensions + 1) * 4
    if not frames or not people or expected != reader.left:
        raise _Wrong(f"it announces {frames} frames of {people} people, {expected} bytes, and has {reader.left}")
    if not 0 < rate < 10_000:
        raise _Wrong(f"{rate:g} frames a second")
    places = reader.floats(frames * people * points * dimensions).reshape(frames, people, points, dimensions)
    return PoseFile(version, (width, height), rate, parts, places,
                    reader.floats(frames * people * points).reshape(frames, people, points))


def _component(reader: _Reader) -> Tuple[str, Tuple[str, ...], str]:
    name, form = reader.text(), reader.text()
    points, limbs, colours = map(int, reader.numbers("3H"))
    names = tuple(reader.text() for _ in range(points))
    reader.skip(4 * limbs + 6 * colours)
    return name, names, form


@dataclass(frozen=True)
class Component:
    name: str
    points: Sequence[str]
    limbs: Sequence[Tuple[int, int]]
    colour: Tuple[int, int, int]


def pose_bytes(keypoints: np.ndarray, components: Sequence[Component], size: Tuple[int, int], rate: float) -> bytes:
    """Version 0.2 of one person: float [frames, points, 3] x, y, confidence."""
    def text(word: str) -> bytes:
        data = word.encode("utf-8")
        return struct.pack("<H", len(data)) + data

    made: List[bytes] = [struct.pack("<f4H", 0.2, *size, 0, len(components))]
    for part in components:
        made += [text(part.name), text("XYC"), struct.pack("<3H", len(part.points), len(part.limbs), 1)]
        made += [text(point) for point in part.points]
        made += [struct.pack("<2H", *limb) for limb in part.limbs]
        made.append(struct.pack("<3H", *part.colour))
    made.append(struct.pack("<fIH", rate, len(keypoints), 1))
    return b"".join([*made, keypoints[..., :2].astype("<f4").tobytes(), keypoints[..., 2].astype("<f4").tobytes()])
