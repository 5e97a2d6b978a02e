"""The augmentation of SlowFastSign's loader: its draws, from its generators, in its order."""
import math
import random
from dataclasses import dataclass
from typing import List, Tuple

import numpy as np
import torch

SHORTEST, LONGEST = 32, 230     # frames after the temporal rescale


@dataclass(frozen=True)
class View:
    """What one pass over a clip sees of it."""

    rows: Tuple[int, ...]       # frames, in order; some twice where the clip is slowed down
    top: int
    left: int
    flip: bool


def draw_interval(frames: int, interval: int) -> List[int]:
    """Every `interval`-th frame from a random first one; it draws from torch even when there is nothing to choose."""
    return list(range(frames))[int(torch.randint(0, interval, [1]))::interval]


def draw_train(frames: int, height: int, width: int, crop: int, interval: int = 1, flip: float = 0.5,
               rescale: float = 0.2) -> View:
    """A random crop, flip and speed for a clip of so many frames (after the interval).

    A frame smaller than the crop is padded to it, and costs no draw.
    """
    left, top, flipped = draw_place(height, width, crop, flip)
    return View(draw_speed(frames, interval, rescale), top, left, flipped)


def draw_place(height: int, width: int, crop: int, flip: float) -> Tuple[int, int, bool]:
    """(left, top, whether it is mirrored)"""
    left = random.randint(0, width - crop) if width >= crop else 0
    top = random.randint(0, height - crop) if height >= crop else 0
    return left, top, random.random() < flip


def draw_speed(frames: int, interval: int, rescale: float) -> Tuple[int, ...]:
    """Frames in order, some twice or left out. At rescale 0 the published draw is still made, the length still rounded.
    """
    length = int(frames * (1 - rescale + 2 * rescale * np.random.random()))
    length = min(max(length, SHORTEST), math.ceil(LONGEST / interval))
    length += -(length - 4) % 4
    everything = range(frames)
    rows = random.sample(everything, length) if length <= frames else random.choices(everything, k=length)
    return tuple(sorted(rows))


def centre(frames: int, height: int, width: int, crop: int) -> View:
    crop_height, crop_width = min(crop, height), min(crop, width)
    return View(tuple(range(frames)), round((height - crop_height) / 2), round((width - crop_width) / 2), False)


def apply(frames: np.ndarray, view: View, crop: int, image_scale: float = 1.0, pad: bool = False) -> np.ndarray:
    """The view's frames [T, H, W, 3] uint8, its rows already taken -> [T, 3, crop, crop] uint8"""
    seen = _padded(frames, crop) if pad else frames
    seen = seen[:, view.top:view.top + crop, view.left:view.left + crop]
    if view.flip:
        seen = seen[:, :, ::-1]
    if image_scale != 1:
        seen = _resize(seen, image_scale)
    return np.ascontiguousarray(seen.transpose(0, 3, 1, 2))


def _padded(frames: np.ndarray, crop: int) -> np.ndarray:
    """Black around frames smaller than the crop."""
    short = [max(crop - side, 0) for side in frames.shape[1:3]]
    around = [(0, 0), *((size // 2, size - size // 2) for size in short), (0, 0)]
    return np.pad(frames, around) if any(short) else frames


def _resize(frames: np.ndarray, image_scale: float) -> np.ndarray:
    """Up to 1 the scale is a ratio, above it a side in pixels. Bicubic by Pillow, as the authors' loader resizes."""
    from PIL import Image

    height, width = (int(side * image_scale) if image_scale < 1 else int(image_scale) for side in frames.shape[1:3])
    images = (Image.fromarray(frame).resize((width, height), Image.Resampling.BICUBIC) for frame in frames)
    return np.stack([np.asarray(image) for image in images])
