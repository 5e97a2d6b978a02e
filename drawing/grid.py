"""The comparison picture: a header, and for each model what it reads, frame by frame, above a row of its layers.

All lettering is drawn once, when the grid is made; a frame of the video only copies bitmaps.
"""
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np
from PIL import Image, ImageDraw

from drawing.overlay import palette
from drawing.strips import BACKGROUND, STRIP, strip, with_cursor
from drawing.text import (
    CHIP_HEIGHT,
    DIM,
    INK,
    PANEL,
    SIGNS,
    VERDICTS,
    WARNING,
    bold,
    chip_boxes,
    chip_text,
    draw_chip,
    fitted,
    font,
    wrapped,
)
from geometry.joints import JointMap
from geometry.laid import LaidMap
from records.reading_timeline import timeline
from records.sequence import ModelRecord
from records.sequence import Sequence as Record
from records.style import Style

COLUMNS = 5
BELOW_EACH_OTHER = 3        # models; more stand in two bands side by side, lest a video be higher than a screen
BETWEEN = 28                # pixels from one band to the other
MARGIN, GAP, LABEL, CAPTION, PAD = 14, 8, 26, 16, 10
TARGET, TARGET_LINE = 4, 16         # the lines of a reading that say what its maps explain
OUTSIDE = "own video, outside the training data: the recognisers can be sure and wrong"
WARNED = 20         # the line with that
BELOW = {False: "the map itself: when, not where", True: "mean of the map"}     # by whether it has a place
BELOW_JOINTS = "joints by time"
SIDE = 260          # the left part of a reading: model, WER and the gloss of the moment
TITLE = 40          # the header's first line
LEAST_WIDTH = 830   # a single layer still gets a readable header
COUNTER = 210
WIDE_HEADER = 1200  # room for the signs of errors too


class Grid:
    def __init__(self, shape: Tuple[int, int], record: Record, maps: Mapping[str, Mapping[str, LaidMap]],
                 style: Style) -> None:
        """shape: (H, W) of a frame. maps: model -> layer -> its map as it lies on the clip."""
        self.frames = record.frames
        self.cell_height, self.cell_width = shape
        self.style = style
        columns = min(COLUMNS, max(len(layers) for layers in maps.values()))
        self.band = max(columns * self.cell_width + (columns - 1) * GAP, LEAST_WIDTH - 2 * MARGIN)
        self.bands = 1 if len(maps) <= BELOW_EACH_OTHER else 2
        self.inner = self.bands * self.band + (self.bands - 1) * BETWEEN
        self.width = self.inner + 2 * MARGIN
        self.width += self.width % 2
        self.cells: Dict[Tuple[str, str], Tuple[int, int]] = {}         # top left corner of each picture
        self.strips = {(model, name): strip(laid, self.cell_width, Style(colormap=style.colormap))
                       for model, layers in maps.items() for name, laid in layers.items()}
        self.readings: List[Tuple[int, int, Reading]] = []              # (x, y, what is read)
        self._lay_out(record, maps)
        self.counters = [self._counter(frame, record.fps) for frame in range(self.frames)]

    def draw(self, frame: int, pictures: Mapping[Tuple[str, str], np.ndarray]) -> np.ndarray:
        """pictures: (model, layer) -> its overlay at this frame, uint8 [H, W, 3] -> uint8 [height, width, 3]"""
        canvas = self.ground.copy()
        for key, (x, y) in self.cells.items():
            canvas[y:y + self.cell_height, x:x + self.cell_width] = pictures[key]
            below = y + self.cell_height
            canvas[below:below + STRIP, x:x + self.cell_width] = with_cursor(self.strips[key], frame, self.frames)
        for x, y, read in self.readings:
            _paste(canvas, read.at(frame), x, y)
        _paste(canvas, self.counters[frame], self.width - MARGIN - COUNTER, MARGIN)
        return canvas

    def _lay_out(self, record: Record, maps: Mapping[str, Mapping[str, LaidMap]]) -> None:
        truth_boxes, truth_height = chip_boxes(record.truth or (), self.inner - SIDE)
        self.truth_top = MARGIN + TITLE + (WARNED if record.video else 0)
        y = self.truth_top + truth_height + PAD
        start, lowest, in_a_band = y, y, -(-len(maps) // self.bands)
        labels: List[Tuple[int, int, str, Sequence[str], str]] = []
        for number, (model, layers) in enumerate(maps.items()):
            left = MARGIN + number // in_a_band * (self.band + BETWEEN)
            y = start if number % in_a_band == 0 else y
            read = Reading(record.models[model], self.frames, self.band)
            self.readings.append((left, y, read))
            y += read.height + GAP
            names = list(layers)
            for first in range(0, len(names), COLUMNS):
                for column, name in enumerate(names[first:first + COLUMNS]):
                    x = left + column * (self.cell_width + GAP)
                    kind = BELOW_JOINTS if isinstance(layers[name], JointMap) else BELOW[layers[name].spatial]
                    labels.append((x, y, name, record.models[model].layers[name].flags, kind))
                    self.cells[model, name] = (x, y + LABEL)
                y += LABEL + self.cell_height + STRIP + CAPTION + GAP
            y += PAD
            lowest = max(lowest, y)
        self.height = lowest + lowest % 2
        image = Image.new("RGB", (self.width, self.height), BACKGROUND)
        draw = ImageDraw.Draw(image)
        self._header(draw, record, truth_boxes)
        self._legend(image, draw)
        for x, top, name, flags, line in labels:
            _label(draw, x, top, self.cell_width, name, flags)
            below = top + LABEL + self.cell_height + STRIP + CAPTION // 2
            draw.text((x + 1, below), line, font=font(11), fill=DIM, anchor="lm")
        self.ground = np.asarray(image)

    def _header(self, draw: ImageDraw.ImageDraw, record: Record,
                boxes: Sequence[Tuple[int, int, int]]) -> None:
        middle = MARGIN + 13
        room = self.inner - COUNTER - (460 if self.width > WIDE_HEADER else 190)
        name = fitted(record.sequence, bold(18), room)
        draw.text((MARGIN, middle), name, font=bold(18), fill=INK, anchor="lm")
        if record.video:
            draw.text((MARGIN, MARGIN + TITLE), OUTSIDE, font=font(14), fill=WARNING, anchor="lm")
        top = self.truth_top
        draw.text((MARGIN, top + CHIP_HEIGHT // 2), "True glosses", font=bold(14), fill=DIM, anchor="lm")
        for gloss, (x, y, width) in zip(record.truth or (), boxes):
            draw_chip(draw, (MARGIN + SIDE + x, top + y, width), gloss, INK)
        if not record.truth:
            draw.text((MARGIN + SIDE, top + CHIP_HEIGHT // 2), "not annotated", font=font(14), fill=DIM, anchor="lm")

    def _legend(self, image: Image.Image, draw: ImageDraw.ImageDraw) -> None:
        """The colours from 0 to 1 and the signs of errors, left of the frame counter."""
        right, middle = self.width - MARGIN - COUNTER - 34, MARGIN + 13
        draw.text((right + 8, middle), "1", font=font(12), fill=DIM, anchor="lm")
        draw.text((right - 128, middle), "0", font=font(12), fill=DIM, anchor="rm")
        ramp = np.broadcast_to(palette(self.style.colormap)[np.arange(120) * 256 // 120, 0], (12, 120, 3))
        image.paste(Image.fromarray(np.ascontiguousarray(ramp)), (right - 120, middle - 6))
        x = right - 160
        if self.width > WIDE_HEADER:
            for verdict, sign in reversed(list(SIGNS.items())):
                draw.text((x, middle), sign + verdict, font=font(12), fill=VERDICTS[verdict], anchor="rm")
                x -= int(font(12).getlength(sign + verdict)) + 14

    def _counter(self, frame: int, fps: float) -> np.ndarray:
        image = Image.new("RGB", (COUNTER, 26), BACKGROUND)
        draw = ImageDraw.Draw(image)
        text = f"{frame:3d} / {self.frames - 1}  {frame / fps:5.2f} s"
        draw.text((COUNTER - 1, 13), text, font=font(14, "DejaVuSansMono"), fill=INK, anchor="rm")
        return np.asarray(image)


class Reading:
    """What a model reads, as chips at fixed places that appear when their time has come."""

    def __init__(self, record: ModelRecord, frames: int, width: int) -> None:
        self.record = record
        self.width = width
        self.items = timeline(record)
        self.texts = [chip_text(item.gloss, item.verdict) for item in self.items]
        self.boxes, chips = chip_boxes(self.texts, width - SIDE - 2 * PAD)
        self.colours = dict.fromkeys(VERDICTS, DIM) if record.guess else VERDICTS
        drawn = "  \u00b7  trained on drawings" if record.checkpoint.drawn else ""
        self.explained = wrapped(f"its maps explain {record.target}{drawn}", font(12), width - 2 * PAD)
        self.height = max(chips, 2 * CHIP_HEIGHT) + 2 * PAD + TARGET + TARGET_LINE * len(self.explained)
        states = [self._state(frame) for frame in range(frames)]
        self._drawn = {state: self._draw(*state) for state in sorted(set(states), key=str)}
        self._states = states

    def at(self, frame: int) -> np.ndarray:
        return self._drawn[self._states[frame]]

    def _state(self, frame: int) -> Tuple[Tuple[int, ...], Optional[int]]:
        """Which chips have appeared, and the one being read."""
        shown = tuple(index for index, item in enumerate(self.items) if item.frames[0] <= frame)
        active = [index for index in shown if frame < self.items[index].frames[1]
                  and self.items[index].verdict != "deleted"]
        return shown, active[-1] if active else None

    def _draw(self, shown: Sequence[int], active: Optional[int]) -> np.ndarray:
        image = Image.new("RGB", (self.width, self.height), BACKGROUND)
        draw = ImageDraw.Draw(image)
        draw.rounded_rectangle((0, 0, self.width - 1, self.height - 1), radius=8, fill=PANEL)
        draw.text((PAD, PAD + CHIP_HEIGHT // 2), self.record.title, font=bold(14), fill=DIM, anchor="lm")
        if self.record.wer:
            score = f"WER {self.record.wer.wer:.1f} %"
            draw.text((SIDE - PAD, PAD + CHIP_HEIGHT // 2), score, font=font(12), fill=DIM, anchor="rm")
        now = "\u2013" if active is None else self.items[active].gloss
        now = f"guess: {now}" if self.record.guess else now
        colour = DIM if active is None else self.colours[self.items[active].verdict]
        draw.text((PAD, PAD + CHIP_HEIGHT * 3 // 2), fitted(now, bold(17), SIDE - 2 * PAD), font=bold(17), fill=colour,
                  anchor="lm")
        for line, words in enumerate(self.explained, start=-len(self.explained)):
            y = self.height - PAD + TARGET + TARGET_LINE * line + TARGET_LINE // 2
            draw.text((PAD, y), words, font=font(12), fill=DIM, anchor="lm")
        for index in shown:
            x, y, width = self.boxes[index]
            verdict = self.items[index].verdict
            draw_chip(draw, (SIDE + PAD + x, PAD + y, width), self.texts[index], self.colours[verdict], index == active,
                      verdict == "deleted")
        return np.asarray(image)


def _label(draw: ImageDraw.ImageDraw, x: int, y: int, width: int, name: str, flags: Sequence[str]) -> None:
    mark = f"  {', '.join(flags)}" if flags else ""
    room = width - int(font(12).getlength(mark))
    shown = fitted(name, font(14), room)
    draw.text((x + 1, y + LABEL // 2), shown, font=font(14), fill=INK, anchor="lm")
    draw.text((x + 1 + int(font(14).getlength(shown)), y + LABEL // 2), mark, font=font(12), fill=WARNING, anchor="lm")


def _paste(canvas: np.ndarray, bitmap: np.ndarray, x: int, y: int) -> None:
    canvas[y:y + bitmap.shape[0], x:x + bitmap.shape[1]] = bitmap
