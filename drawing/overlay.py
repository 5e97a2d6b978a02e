"""A map laid over a frame, by lookup tables on uint8: no float image is ever made."""
from functools import lru_cache

import cv2
import numpy as np

from records.style import Style


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


def levels(values: np.ndarray) -> np.ndarray:
    """A map in 0..1, float16 of any shape -> uint8 palette entries."""
    halves = np.ascontiguousarray(values, np.float16)
    return _levels_of_halves()[halves.view(np.uint16)]


@lru_cache(maxsize=None)
def _by_value(colormap: str, weight: float) -> tuple:
    """What each level adds, and what it leaves of the frame: two palettes."""
    opacity = np.arange(256).reshape(256, 1, 1) * weight / 255
    adds = np.rint(palette(colormap) * opacity).astype(np.uint8)
    leaves = np.rint(255 * (1 - opacity)).astype(np.uint8)
    return adds, np.ascontiguousarray(np.broadcast_to(leaves, (256, 1, 3)))


def overlay(frame: np.ndarray, heat: np.ndarray, style: Style) -> np.ndarray:
    """frame uint8 [H, W, 3] RGB, heat float16 [H, W] in 0..1 -> uint8 [H, W, 3] RGB."""
    entries = levels(heat)
    if style.blend == "even":
        return _even(frame, entries, style)
    adds, leaves = _by_value(style.colormap, style.weight)
    return cv2.add(cv2.multiply(frame, cv2.applyColorMap(entries, leaves), scale=1 / 255),
                   cv2.applyColorMap(entries, adds))


def _even(frame: np.ndarray, entries: np.ndarray, style: Style) -> np.ndarray:
    """The same picture as grad-cam's `show_cam_on_image`: the blend, divided by its largest value."""
    colours = cv2.applyColorMap(entries, palette(style.colormap))
    blend = cv2.addWeighted(colours, 256 * style.weight, frame, 256 * (1 - style.weight), 0, dtype=cv2.CV_16U)
    # Just under half a level down turns rounding into the cut of the original, and leaves whole values alone.
    return cv2.convertScaleAbs(blend, alpha=255.0 / max(int(blend.max()), 1), beta=-0.499)


def enlarged(frame: np.ndarray, scale: int) -> np.ndarray:
    """uint8 [H, W, 3] -> uint8 [scale * H, scale * W, 3]"""
    if scale == 1:
        return frame
    return cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)


def png(picture: np.ndarray) -> bytes:
    """uint8 [H, W, 3] RGB -> the bytes of a PNG file"""
    done, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    if not done:
        raise RuntimeError("OpenCV could not encode a PNG")
    return bytes(data)
