"""Pictures that were compared, side by side: the originals, then every map on both, with what was found above."""
from dataclasses import dataclass
from typing import Optional, Sequence, Tuple

import cv2
import numpy as np
from PIL import Image, ImageDraw

from drawing.overlay import overlay, palette
from drawing.strips import BACKGROUND
from drawing.text import DIM, INK, WARNING, bold, fitted, font
from records.style import Style

HIGH = 240              # of a picture in the figure
MARGIN, GAP, LABEL, HEADER = 16, 6, 40, 64
WIDEST = 1320           # of the figure, but for two very wide pictures; a cell holds all pictures


@dataclass(frozen=True)
class Panel:
    """One map on each picture; None where that picture has none."""

    title: str
    words: str
    heats: Sequence[Optional[np.ndarray]]               # float16 [H, W] each
    flags: Sequence[Tuple[str, ...]]


def pair_figure(pictures: Sequence[np.ndarray], names: Sequence[str], panels: Sequence[Panel], title: str,
                facts: str, style: Style) -> np.ndarray:
    """uint8 [H, W, 3] RGB. pictures: the originals, uint8 [H, W, 3], one or two."""
    widths = [max(1, round(HIGH * picture.shape[1] / picture.shape[0])) for picture in pictures]
    shown = [_fitted(picture, width) for picture, width in zip(pictures, widths)]
    cell = sum(widths) + GAP * (len(widths) - 1)
    cells = [(" and ".join(names), "as given", list(shown)),
             *((panel.title, panel.words, [_panel(picture, heat, flags, style) for picture, heat, flags
                                           in zip(shown, panel.heats, panel.flags)]) for panel in panels)]
    columns = min(len(cells), max(1, (WIDEST - 2 * MARGIN) // (cell + 3 * GAP)))
    lines = -(-len(cells) // columns)
    wide = max(2 * MARGIN + columns * cell + (columns - 1) * 3 * GAP, 560)
    image = Image.new("RGB", (wide, HEADER + lines * (LABEL + HIGH + 3 * GAP) + MARGIN), BACKGROUND)
    draw = ImageDraw.Draw(image)
    draw.text((MARGIN, 22), fitted(title, bold(18), wide - 2 * MARGIN), font=bold(18), fill=INK, anchor="lm")
    draw.text((MARGIN, 46), fitted(facts, font(13), wide - 2 * MARGIN - 170), font=font(13), fill=DIM, anchor="lm")
    _scale(image, draw, wide - MARGIN - 120, 40, style)
    for number, (name, words, tiles) in enumerate(cells):
        x = MARGIN + number % columns * (cell + 3 * GAP)
        y = HEADER + number // columns * (LABEL + HIGH + 3 * GAP)
        draw.text((x, y + 10), fitted(name, bold(13), cell), font=bold(13), fill=INK, anchor="lm")
        draw.text((x, y + 28), fitted(words, font(12), cell), font=font(12), fill=DIM, anchor="lm")
        for tile, width in zip(tiles, widths):
            image.paste(Image.fromarray(tile), (x, y + LABEL))
            x += width + GAP
    return np.asarray(image)


def _fitted(picture: np.ndarray, width: int) -> np.ndarray:
    smaller = picture.shape[0] > HIGH
    return cv2.resize(np.ascontiguousarray(picture), (width, HIGH),
                      interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)


def _panel(picture: np.ndarray, heat: Optional[np.ndarray], flags: Sequence[str], style: Style) -> np.ndarray:
    """With what is wrong with the map, or the reason why there is none, on it."""
    larger = None if heat is None else cv2.resize(heat.astype(np.float32), picture.shape[1::-1],
                                                  interpolation=cv2.INTER_LINEAR).astype(np.float16)
    tile = laid_over(picture, larger, style)
    if not flags and heat is not None:
        return tile
    image = Image.fromarray(tile)
    draw = ImageDraw.Draw(image)
    text = fitted(", ".join(flags) or "no map", font(12), image.width - 8)
    draw.rectangle((0, image.height - 20, image.width, image.height), fill=BACKGROUND)
    draw.text((4, image.height - 10), text, font=font(12), fill=WARNING, anchor="lm")
    return np.asarray(image)


def laid_over(picture: np.ndarray, heat: Optional[np.ndarray], style: Style) -> np.ndarray:
    """A map on its picture; a map that says nothing is the picture in grey, darker."""
    if heat is None or not heat.any():
        grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY) // 2
        return np.repeat(grey[..., None], 3, axis=2)
    return overlay(np.ascontiguousarray(picture), heat, style)


def _scale(image: Image.Image, draw: ImageDraw.ImageDraw, x: int, y: int, style: Style) -> None:
    ramp: np.ndarray = np.broadcast_to(palette(style.colormap)[np.arange(96) * 256 // 96, 0], (12, 96, 3))
    image.paste(Image.fromarray(np.ascontiguousarray(ramp)), (x + 12, y))
    draw.text((x + 6, y + 6), "0", font=font(12), fill=DIM, anchor="rm")
    draw.text((x + 114, y + 6), "1", font=font(12), fill=DIM, anchor="lm")
