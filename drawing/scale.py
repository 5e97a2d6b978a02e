"""The scale of a run's pictures as a picture of its own: what the colours mean, and what has none."""
from typing import Any, Dict

import numpy as np
from PIL import Image, ImageDraw

from drawing.overlay import overlay, palette
from drawing.text import font
from drawing.view import EDGE
from records.style import Style

WIDTH, HEIGHT, PAD, BAR = 460, 118, 14, 22
HIGHEST = {"clip": "the clip's strongest value", "frame": "each frame's strongest value"}
GROUND = (255, 255, 255)
DARK, SOFT = (28, 30, 33), (93, 99, 107)
PAPER = (176, 178, 182)         # a frame that is nowhere special, to show what a map leaves of it


def scale_picture(style: Style, normalise: str) -> np.ndarray:
    """uint8 [HEIGHT, WIDTH, 3]"""
    image = Image.new("RGB", (WIDTH, HEIGHT), GROUND)
    draw = ImageDraw.Draw(image)
    inner = WIDTH - 2 * PAD
    ramp = (np.arange(inner) / (inner - 1)).astype(np.float16)
    image.paste(Image.fromarray(np.ascontiguousarray(np.broadcast_to(
        palette(style.colormap)[np.arange(inner) * 256 // inner, 0], (BAR, inner, 3)))), (PAD, PAD))
    laid = overlay(np.full((BAR // 2, inner, 3), PAPER, np.uint8), np.broadcast_to(ramp, (BAR // 2, inner)), style)
    image.paste(Image.fromarray(laid), (PAD, PAD + BAR))
    y = PAD + BAR + BAR // 2 + 10
    draw.text((PAD, y), "0", font=font(12), fill=DARK, anchor="lm")
    draw.text((WIDTH - PAD, y), f"1, {HIGHEST[normalise]}", font=font(12), fill=DARK, anchor="rm")
    small: Dict[str, Any] = {"font": font(11), "fill": SOFT, "anchor": "lm"}
    draw.text((PAD, y + 18), "above: the map's values; below: laid over a grey frame", **small)
    draw.rectangle((PAD, y + 31, PAD + 11, y + 42), fill=(150, 150, 150), outline=EDGE)
    draw.text((PAD + 20, y + 37), "in grey, beyond the edge: not seen by the model", **small)
    return np.asarray(image)
