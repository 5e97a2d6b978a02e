"""Maps that know nothing of any network: what a map must beat before it tells something of one.

All are float [T, H, W] on the clip's own frames; box is (top, bottom, left, right) of what the network saw.
"""
from typing import Sequence

import cv2
import numpy as np

from geometry.laid import Box

CENTRE = 0.2            # spread of the picture's centre, in parts of its height and width
SIDE = 64               # a side of the grid that noise is drawn on


def motion(frames: np.ndarray) -> np.ndarray:
    """How much each pixel changes from the frame before: uint8 [T, H, W, 3]; of the first frame nothing is known."""
    grey = frames.astype(np.float32).mean(axis=3)
    return np.concatenate([np.zeros_like(grey[:1]), np.abs(np.diff(grey, axis=0))])


def centre(frames: int, height: int, width: int) -> np.ndarray:
    """A round spot in the middle of the picture, whatever is in it."""
    down, across = (np.exp(-((np.arange(size) + 0.5) / size - 0.5) ** 2 / (2 * CENTRE ** 2)).astype(np.float32)
                    for size in (height, width))
    return np.broadcast_to(np.outer(down, across), (frames, height, width))


def same_spectrum(maps: np.ndarray, box: Box, seed: int) -> np.ndarray:
    """Random, as smooth in space and time as the map is: its spectrum with other phases, and then its own values."""
    top, bottom, left, right = box
    inside = maps[:, top:bottom, left:right].astype(np.float32)
    height, width = inside.shape[1:]
    small = np.stack([cv2.resize(frame, (min(SIDE, width), min(SIDE, height)), interpolation=cv2.INTER_AREA)
                      for frame in inside])
    out = np.zeros(maps.shape, np.float32)
    out[:, top:bottom, left:right] = [cv2.resize(frame, (width, height), interpolation=cv2.INTER_LINEAR)
                                      for frame in other_phases(small, seed)]
    return out


def other_phases(values: np.ndarray, seed: int) -> np.ndarray:
    """The same values [T, H, W] elsewhere, so that the spectrum stays about as it is."""
    noise = np.random.default_rng(seed).standard_normal(values.shape)
    phases = np.exp(1j * np.angle(np.fft.rfftn(noise)))
    field = np.fft.irfftn(np.abs(np.fft.rfftn(values)) * phases, s=values.shape, axes=(0, 1, 2))
    out = np.empty(values.size, values.dtype)
    out[np.argsort(field, axis=None)] = np.sort(values, axis=None)
    return out.reshape(values.shape)


def still(maps: np.ndarray) -> np.ndarray:
    """[T, H, W] -> [H, W], adding up to 1: where the map lies, whenever; zero where it is zero."""
    mean = maps.mean(axis=0, dtype=np.float32)
    total = float(mean.sum())
    return mean / total if total else mean


def others_mean(stills: Sequence[np.ndarray], number: int, frames: int) -> np.ndarray:
    """What the clips but this one have in common, in every frame: a map that has never seen the clip."""
    others = [values for index, values in enumerate(stills) if index != number]
    return np.broadcast_to(np.mean(others, axis=0), (frames, *stills[number].shape))
