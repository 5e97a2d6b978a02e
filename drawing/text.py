"""Text as bitmaps, so that umlauts and Chinese characters come out right."""
from functools import lru_cache
from typing import List, Optional, Sequence, Tuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from drawing.fonts import Lettering, dejavu

Colour = Tuple[int, int, int]

INK = (232, 235, 240)
DIM = (140, 147, 160)
WARNING = (240, 190, 90)
PANEL = (33, 36, 43)
# The page's colours on a dark ground; and each error has a sign of its own, so that neither is needed alone.
VERDICTS = {"right": (231, 232, 234), "substituted": (255, 171, 94), "inserted": (195, 162, 255),
            "deleted": (255, 143, 163), None: (231, 232, 234)}
SIGNS = {"substituted": "\u2260 ", "inserted": "+ ", "deleted": "\u2212 "}

CHIP_SIZE, CHIP_HEIGHT, CHIP_PAD, CHIP_GAP = 14, 24, 8, 6


@lru_cache(maxsize=None)
def font(size: int, name: str = "DejaVuSans") -> ImageFont.FreeTypeFont:
    return Lettering(str(dejavu(name)), size, layout_engine=ImageFont.Layout.BASIC)


def bold(size: int) -> ImageFont.FreeTypeFont:
    return font(size, "DejaVuSans-Bold")


def fitted(text: str, face: ImageFont.FreeTypeFont, width: int) -> str:
    """The text, its middle left out where it is too long."""
    if face.getlength(text) <= width:
        return text
    kept = len(text) - 1
    while kept > 1 and face.getlength(text[:(kept + 1) // 2] + "\u2026" + text[-(kept // 2):]) > width:
        kept -= 1
    return text[:(kept + 1) // 2] + "\u2026" + text[-(kept // 2):]


def wrapped(text: str, face: ImageFont.FreeTypeFont, width: int) -> List[str]:
    """The text in as many lines as it needs; a word longer than a line has its middle left out."""
    lines: List[str] = []
    for word in text.split():
        if lines and face.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(fitted(word, face, width))
    return lines


def chip_text(gloss: str, verdict: Optional[str]) -> str:
    return SIGNS.get(verdict or "", "") + gloss


def chip_boxes(texts: Sequence[str], width: int) -> Tuple[List[Tuple[int, int, int]], int]:
    """(x, y, width) of each chip, broken into lines, and the height of all."""
    boxes = []
    x = y = 0
    for text in texts:
        size = min(int(bold(CHIP_SIZE).getlength(text)) + 2 * CHIP_PAD, width)
        if x and x + size > width:
            x, y = 0, y + CHIP_HEIGHT + CHIP_GAP
        boxes.append((x, y, size))
        x += size + CHIP_GAP
    return boxes, y + CHIP_HEIGHT


def draw_chip(draw: ImageDraw.ImageDraw, at: Tuple[int, int, int], text: str, colour: Colour,
              active: bool = False, hollow: bool = False) -> None:
    """A gloss in a rounded box: filled while it is being signed, tinted afterwards, hollow where it was missed."""
    x, y, width = at
    box = (x, y, x + width - 1, y + CHIP_HEIGHT - 1)
    tint = tuple(int(0.2 * part + 0.8 * ground) for part, ground in zip(colour, PANEL))
    fill = colour if active else None if hollow else tint
    draw.rounded_rectangle(box, radius=6, fill=fill, outline=colour if active or hollow else None)
    text = fitted(text, bold(CHIP_SIZE), width - 2 * CHIP_PAD + 1)
    draw.text((x + CHIP_PAD, y + CHIP_HEIGHT // 2), text, font=bold(CHIP_SIZE), anchor="lm",
              fill=(16, 18, 22) if active else colour)


def plate(text: str, width: int, size: int = 11) -> np.ndarray:
    """A remark to lay over a picture of this width: uint8 [h, w, 3], in lines as they fit."""
    face, room = font(size), width - 4 * (size // 2)
    lines = wrapped(text, face, room)
    pitch, pad = size + 4, size // 2
    longest = max(int(face.getlength(line)) for line in lines)
    image = Image.new("RGB", (min(longest + 2 * pad, width), len(lines) * pitch + pad), (16, 18, 22))
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        draw.text((pad, pad // 2 + number * pitch + pitch // 2), line, font=face, fill=WARNING, anchor="lm")
    return np.asarray(image)
