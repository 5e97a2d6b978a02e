"""One gloss on its own, as a picture: a few frames across its steps for each layer, and its map over the clip below.

A layer that knows only when is a curve over the clip, with no frames above it.
"""
from typing import List, Mapping, Optional, Tuple

import numpy as np
from PIL import Image, ImageDraw

from drawing.curve import curve
from drawing.grounds import DARK, Ground
from drawing.joints import strip_of
from drawing.layer import LayerPictures
from drawing.overlay import enlarged, palette
from drawing.part_bars import bars_height, part_bars
from drawing.strips import STRIP
from drawing.text import SIGNS, bold, fitted, font, wrapped
from geometry.joints import JointMap
from records.explained import ExplainedGloss
from records.explanation import LayerMap
from records.parts import GlossParts
from records.style import Style
from results.flags import in_words

FRAMES = 5
MARGIN, GAP, LABEL, LINE = 14, 8, 20, 17
HEAD = 30               # the line with the gloss's name
CURVE = 72              # height of a layer without a place
RAMP = (120, 10)        # of the colour scale, in pixels
RIM = 3                 # around the peak frame, outside it


def gloss_strip(frames: np.ndarray, about: ExplainedGloss, title: str, layers: Mapping[str, LayerMap],
                style: Style, ground: Ground = DARK, parts: Optional[GlossParts] = None, asks: str = "") -> np.ndarray:
    """uint8 [h, w, 3]. parts: what the gloss was read from, where that is known; asks: the question that they ask."""
    height, width = (side * style.scale for side in frames.shape[1:3])
    full = 2 * MARGIN + FRAMES * width + (FRAMES - 1) * GAP
    inner = full - 2 * MARGIN
    head = _head(about, title, layers, inner)
    bars = bars_height(parts) + GAP if parts is not None and parts.parts else 0
    rows = [(2 * LABEL + height + GAP + STRIP * style.scale if layer.spatial else LABEL + CURVE * style.scale) + 2 * GAP
            for layer in layers.values()]
    top = MARGIN + HEAD + len(head) * LINE + LINE + GAP + bars
    image = Image.new("RGB", (full, top + sum(rows) + MARGIN), ground.paper)
    draw = ImageDraw.Draw(image)
    _write_head(image, draw, about, head, layers, style, ground)
    if parts is not None and bars:
        part_bars(draw, parts, asks, MARGIN, top - bars, inner, ground)
    for (name, layer), high in zip(layers.items(), rows):
        _label(draw, (MARGIN, top + LABEL // 2), name, layer, inner, ground)
        row = _pictures(draw, frames, about, layer, style, ground, top + LABEL) if layer.spatial else _course(
            about, layer, (CURVE * style.scale, inner), ground)
        image.paste(Image.fromarray(row), (MARGIN - RIM, top + 2 * LABEL - RIM) if layer.spatial
                    else (MARGIN, top + LABEL))
        top += high
    return np.asarray(image)


def _label(draw: ImageDraw.ImageDraw, at: Tuple[int, int], name: str, layer: LayerMap, width: int,
           ground: Ground) -> None:
    """Whether the map holds on this clip stands at the right, so that a long name never hides it."""
    said = f"{layer.check.verdict} on this clip" if layer.check else ""
    room = int(font(13).getlength(said)) + GAP if said else 0
    label = f"{name}: {layer.made}" if layer.made else name
    draw.text(at, fitted(label, font(13), width - room), font=font(13), fill=ground.ink, anchor="lm")
    draw.text((at[0] + width, at[1]), said, font=font(13), fill=ground.dim, anchor="rm")


def chosen_frames(start: int, stop: int, total: int, peak: Optional[int] = None) -> List[int]:
    """A few of the frames start..stop-1, evenly, the nearest to the peak being the peak itself; where they are too few,
    their neighbours too."""
    short = max(0, FRAMES - (stop - start))
    first = max(0, min(start - short // 2, total - FRAMES))
    last = min(total, max(stop, first + FRAMES)) - 1
    chosen = sorted({int(round(frame)) for frame in np.linspace(first, last, FRAMES)})
    if peak is not None and peak not in chosen:
        chosen[min(range(len(chosen)), key=lambda index: abs(chosen[index] - peak))] = peak
    return chosen


def _head(about: ExplainedGloss, title: str, layers: Mapping[str, LayerMap], width: int) -> List[str]:
    """What is said below the gloss's name, in lines as they fit."""
    facts = [title, f"frames {about.frames[0]} to {about.frames[1] - 1}", f"probability {about.score:.2f}"]
    if about.verdict:
        facts.insert(1, about.verdict if about.verdict != "substituted" else f"substituted, true is {about.true_gloss}")
    key = "curves: the map over the clip, the gloss's own frames shaded, a dot at their peak"
    if any(layer.spatial for layer in layers.values()):
        key = key.replace("the map", "the map's mean over each frame") + "; framed: the picture of that peak"
    return [line for words in (" \u00b7 ".join(facts), f"explains {about.words}", key)
            for line in wrapped(words, font(13), width)]


def _write_head(image: Image.Image, draw: ImageDraw.ImageDraw, about: ExplainedGloss, lines: List[str],
                layers: Mapping[str, LayerMap], style: Style, ground: Ground) -> None:
    name = f"{SIGNS.get(about.verdict or '', '')}{about.gloss}"
    draw.text((MARGIN, MARGIN + HEAD // 2 - 4), fitted(name, bold(18), image.width - 2 * MARGIN), font=bold(18),
              fill=ground.verdicts.get(about.verdict, ground.ink), anchor="lm")
    y = MARGIN + HEAD
    for line in lines:
        draw.text((MARGIN, y), line, font=font(13), fill=ground.dim, anchor="lm")
        y += LINE
    ramp = palette(style.colormap)[np.arange(RAMP[0]) * 256 // RAMP[0], 0]
    image.paste(Image.fromarray(np.ascontiguousarray(np.broadcast_to(ramp, (RAMP[1], *ramp.shape)))),
                (MARGIN + 14, y - RAMP[1] // 2))
    scope = "each frame" if any(layer.laid.per_frame for layer in layers.values()) else "the clip"
    small = font(12)
    draw.text((MARGIN, y), "0", font=small, fill=ground.dim, anchor="lm")
    draw.text((MARGIN + RAMP[0] + 22, y), f"1, the strongest place of this gloss's map in {scope}", font=small,
              fill=ground.dim, anchor="lm")


def _pictures(draw: ImageDraw.ImageDraw, frames: np.ndarray, about: ExplainedGloss, layer: LayerMap, style: Style,
              ground: Ground, top: int) -> np.ndarray:
    """The frames of a layer with a place, its course over the clip below; numbers are written above them."""
    height, width = (side * style.scale for side in frames.shape[1:3])
    peak = layer.laid.peak(*about.frames)
    chosen = chosen_frames(*about.frames, len(frames), peak)
    below, inner = STRIP * style.scale, FRAMES * width + (FRAMES - 1) * GAP
    board = np.full((height + GAP + below + 2 * RIM, inner + 2 * RIM, 3), ground.paper, np.uint8)
    pictures = LayerPictures(layer.laid, layer.flags, style)
    for column, frame in enumerate(chosen):
        left = RIM + column * (width + GAP)
        if frame == peak:
            board[:height + 2 * RIM, left - RIM:left + width + RIM] = ground.peak
        board[RIM:RIM + height, left:left + width] = pictures.draw(frame, enlarged(frames[frame], style.scale))
        words, colour = (f"frame {frame}, peak", ground.peak) if frame == peak else (f"frame {frame}", ground.dim)
        draw.text((MARGIN + left - RIM, top + LABEL // 2), words, font=font(12), fill=colour, anchor="lm")
    if isinstance(layer.laid, JointMap):
        course = strip_of(layer.laid, inner, below, style)
    else:
        course = curve(layer.laid.energy(), (below, inner), ground, about.frames, layer.laid.extent.seen, peak, chosen)
    board[RIM + height + GAP:RIM + height + GAP + below, RIM:RIM + inner] = course
    return board


def _course(about: ExplainedGloss, layer: LayerMap, size: Tuple[int, int], ground: Ground) -> np.ndarray:
    """The map of a layer that knows only when."""
    drawn = curve(layer.laid.whole(), size, ground, about.frames, layer.laid.extent.seen,
                  layer.laid.peak(*about.frames))
    said = in_words(layer.flags)
    if said is not None:
        image = Image.fromarray(drawn)
        ImageDraw.Draw(image).text((6, 10), fitted(said, font(12), size[1] - 12), font=font(12), fill=ground.ink,
                                   anchor="lm")
        drawn = np.asarray(image)
    return drawn
