"""A map laid over a frame, by lookup tables on uint8: no float image is ever made."""
from dataclasses import dataclass
from functools import lru_cache
from typing import Union

import cv2
import numpy as np

STRIP = 32          # height of a time strip, in pixels
BACKGROUND = (22, 24, 29)
CURSOR = (255, 255, 255)
ENERGY = (66, 73, 88)


@dataclass(frozen=True)
class Style:
    """How overlays look. `alpha` is the weight of the heat map, the frame has the rest."""

    alpha: float = 0.5
    colormap: str = "jet"
    fps: float = 25.0


@lru_cache(maxsize=None)
def palette(colormap: str) -> np.ndarray:
    """uint8 [256, 1, 3] RGB"""
    ramp = np.arange(256, dtype=np.uint8).reshape(256, 1)
    colours = cv2.applyColorMap(ramp, getattr(cv2, f"COLORMAP_{colormap.upper()}"))
    return np.ascontiguousarray(colours[..., ::-1])


@lru_cache(maxsize=1)
def _levels_of_halves() -> np.ndarray:
    """The palette entry of every float16 there is, by its bits; what is not finite counts as 0."""
    values = np.arange(65536, dtype=np.uint16).view(np.float16).astype(np.float32)
    return (255 * np.clip(np.where(np.isfinite(values), values, 0), 0, 1)).astype(np.uint8)


def levels(values: Union[np.ndarray, np.float16]) -> np.ndarray:
    """A map in 0..1, float16 of any shape -> uint8 palette entries."""
    halves = np.ascontiguousarray(values, np.float16)
    return _levels_of_halves()[halves.view(np.uint16)]


def overlay(frame: np.ndarray, heat: Union[np.ndarray, np.float16], style: Style) -> np.ndarray:
    """frame uint8 [H, W, 3] RGB, heat float16 [H, W] or one value for an even tint -> uint8 [H, W, 3] RGB.

    The same picture as grad-cam's `show_cam_on_image`: the blend, divided by its largest value.
    """
    entries = np.broadcast_to(levels(heat), frame.shape[:2])
    colours = cv2.applyColorMap(np.ascontiguousarray(entries), palette(style.colormap))
    blend = cv2.addWeighted(colours, 256 * style.alpha, frame, 256 * (1 - style.alpha), 0, dtype=cv2.CV_16U)
    # Just under half a level down turns rounding into the cut of the original, and leaves whole values alone.
    return cv2.convertScaleAbs(blend, alpha=255.0 / max(int(blend.max()), 1), beta=-0.499)


def strip(values: np.ndarray, width: int, style: Style) -> np.ndarray:
    """A time-only map [T] -> uint8 [STRIP, width, 3]: the higher and hotter, the more the step counts."""
    column = levels(values)[np.arange(width) * len(values) // width]
    return _bars(column, palette(style.colormap)[column, 0])


def energy_strip(values: np.ndarray, width: int) -> np.ndarray:
    """The mean of a map over each frame [T] -> uint8 [STRIP, width, 3], in grey: it is no map."""
    peak = float(values.max()) or 1.0
    column = levels(values / peak)[np.arange(width) * len(values) // width]
    return _bars(column, np.full((width, 3), ENERGY, np.uint8))


def _bars(column: np.ndarray, colours: np.ndarray) -> np.ndarray:
    heights = np.rint(column / 255.0 * (STRIP - 4)).astype(int)
    filled = np.arange(STRIP)[:, None] >= STRIP - 1 - heights
    return np.where(filled[..., None], colours, np.array(BACKGROUND, np.uint8))


def with_cursor(bars: np.ndarray, frame: int, frames: int) -> np.ndarray:
    """The strip with a line at the middle of the frame's own time."""
    marked = bars.copy()
    width = bars.shape[1]
    place = min(int((frame + 0.5) / frames * width), width - 2)
    marked[:, max(place - 1, 0):place + 3] = 0
    marked[:, place:place + 2] = CURSOR
    return marked


def png(picture: np.ndarray) -> bytes:
    """uint8 [H, W, 3] RGB -> the bytes of a PNG file"""
    done, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    if not done:
        raise RuntimeError("OpenCV could not encode a PNG")
    return bytes(data)
