"""One gloss on its own, as a picture: a few frames across its steps for each layer, and its map over the clip below."""
from typing import List, Mapping

import cv2
import numpy as np
from PIL import Image, ImageDraw

from drawing.layer import LayerPictures
from drawing.overlay import enlarged
from drawing.strips import BACKGROUND, STRIP
from drawing.text import DIM, INK, SIGNS, VERDICTS, bold, fitted, font
from records.explained import ExplainedGloss
from records.explanation import LayerMap
from records.style import Style

FRAMES = 5
MARGIN, GAP, TITLE, LABEL = 14, 8, 58, 22


def gloss_strip(frames: np.ndarray, about: ExplainedGloss, title: str, layers: Mapping[str, LayerMap],
                style: Style) -> np.ndarray:
    """uint8 [h, w, 3]"""
    height, width = (side * style.scale for side in frames.shape[1:3])
    chosen = chosen_frames(*about.frames, len(frames))
    full = 2 * MARGIN + FRAMES * width + (FRAMES - 1) * GAP
    row = LABEL + height + STRIP * style.scale + 2 * GAP
    image = Image.new("RGB", (full, TITLE + LABEL + len(layers) * row + MARGIN), BACKGROUND)
    draw = ImageDraw.Draw(image)
    _title(draw, about, title, full - 2 * MARGIN)
    for column, frame in enumerate(chosen):
        draw.text((MARGIN + column * (width + GAP), TITLE + LABEL // 2), f"frame {frame}", font=font(12), fill=DIM,
                  anchor="lm")
    for number, (name, layer) in enumerate(layers.items()):
        top = TITLE + LABEL + number * row
        label = f"{name}: {layer.made}" if layer.made else name
        draw.text((MARGIN, top + LABEL // 2), fitted(label, font(13), full - 2 * MARGIN), font=font(13), fill=INK,
                  anchor="lm")
        pictures = LayerPictures(layer.laid, layer.flags, style)
        for column, frame in enumerate(chosen):
            drawn = pictures.draw(frame, enlarged(frames[frame], style.scale))
            image.paste(Image.fromarray(np.ascontiguousarray(drawn)), (MARGIN + column * (width + GAP), top + LABEL))
        below = _over_clip(pictures.strip, full - 2 * MARGIN, about, len(frames), chosen)
        image.paste(Image.fromarray(below), (MARGIN, top + LABEL + height + GAP // 2))
    return np.asarray(image)


def chosen_frames(start: int, stop: int, total: int) -> List[int]:
    """A few of the frames start..stop-1, evenly; where they are too few, their neighbours too."""
    short = max(0, FRAMES - (stop - start))
    first = max(0, min(start - short // 2, total - FRAMES))
    last = min(total, max(stop, first + FRAMES)) - 1
    return sorted({int(round(each)) for each in np.linspace(first, last, FRAMES)})


def _title(draw: ImageDraw.ImageDraw, about: ExplainedGloss, title: str, width: int) -> None:
    verdict = about.verdict
    colour = VERDICTS.get(verdict, INK)
    head = f"{SIGNS.get(verdict or '', '')}{about.gloss}"
    draw.text((MARGIN, MARGIN + 8), fitted(head, bold(18), width // 2), font=bold(18), fill=colour, anchor="lm")
    words = [title, f"frames {about.frames[0]} to {about.frames[1] - 1}", f"probability {about.score:.2f}"]
    if verdict:
        words.insert(1, verdict if verdict != "substituted" else f"substituted, true is {about.true_gloss}")
    draw.text((MARGIN + width, MARGIN + 8), fitted("   ".join(words), font(13), width // 2 - GAP), font=font(13),
              fill=DIM, anchor="rm")
    draw.text((MARGIN, MARGIN + 32), fitted(about.words, font(13), width), font=font(13), fill=INK, anchor="lm")


def _over_clip(strip: np.ndarray, width: int, about: ExplainedGloss, frames: int, chosen: List[int]) -> np.ndarray:
    """The map over the whole clip, the gloss's own frames between two lines, those shown as ticks."""
    bars = cv2.resize(strip, (width, strip.shape[0]), interpolation=cv2.INTER_NEAREST)
    for edge in about.frames:
        at = min(max(round(edge / frames * width), 1), width - 2)
        bars[:, at - 1:at + 1] = INK
    for frame in chosen:
        at = min(int((frame + 0.5) / frames * width), width - 1)
        bars[-4:, max(at - 1, 0):at + 2] = INK
    return bars
