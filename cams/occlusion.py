"""Occlusion (Zeiler and Fergus 2014) in space and time: what a target loses when a block of the clip is hidden."""
from dataclasses import dataclass
from functools import partial
from typing import Tuple

import numpy as np

from cams.multi_pass import ManyPasses, Maps, Window, on_input, steps_and_side
from datasets.clip import Clip
from datasets.hiding import hidden
from geometry.viewport import Viewport
from models.input_tap import INPUT
from models.recogniser import Recogniser

RATIO = 84.0        # frames: a block an eighth of the view wide lasts ten of them, about a short sign


@dataclass(frozen=True)
class Block:
    """Frames start..stop-1 of a part of the view."""

    start: int
    stop: int
    row: int
    column: int
    side: int           # parts along the view
    view: Viewport
    frames: int         # of the clip

    def cover(self, height: int, width: int) -> np.ndarray:
        """bool [T, height, width]"""
        v = self.view
        top, bottom = _edges(v.top, v.bottom, self.row, self.side, height)
        left, right = _edges(v.left, v.right, self.column, self.side, width)
        made = np.zeros((self.frames, height, width), bool)
        made[self.start:self.stop, top:bottom, left:right] = True
        return made


def _edges(start: float, stop: float, part: int, parts: int, pixels: int) -> Tuple[int, int]:
    first, last = ((start + (stop - start) * edge / parts) * pixels for edge in (part, part + 1))
    return max(0, round(first)), max(0, round(last))         # a view may reach beyond the frame


class Occlusion(ManyPasses):
    """The clip is cut into blocks that do not overlap, a forward for each; a block's value is what the score loses."""

    budget = 400
    on_clip = True

    def grid(self, recogniser: Recogniser, frames: int, budget: int) -> int:
        return steps_and_side(budget, frames, RATIO)[1]

    def maps(self, window: Window, budget: int) -> Maps:
        frames, side = len(window.clip), window.probes[INPUT].size
        steps = max(1, min(budget // side ** 2, frames))
        cuts = np.linspace(0, frames, steps + 1).round().astype(int)
        parts = list(np.ndindex(steps, side, side)) if window.touched else []
        blocks = [Block(cuts[step], cuts[step + 1], row, column, side, window.recogniser.viewport, frames)
                  for step, row, column in parts]
        lost = np.zeros((steps * side * side, len(window.picks)))
        lost[:len(blocks)] = -window.apart(window.read([partial(_without, window, block) for block in blocks]),
                                           window.scores)
        owner = np.repeat(np.arange(steps), np.diff(cuts))          # the step of each frame
        return [{INPUT: on_input(of_pick.reshape(steps, side, side)[owner], window)} for of_pick in lost.T]


def _without(window: Window, block: Block) -> Clip:
    return hidden(window.clip, block.cover, window.instead)
