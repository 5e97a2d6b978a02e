"""RISE (Petsiuk, Das and Saenko 2018) in space and time: which random smooth masks let the clip be read."""
from dataclasses import dataclass
from functools import partial

import numpy as np

from cams.multi_pass import ManyPasses, Maps, Window, on_input, steps_and_side
from datasets.clip import Clip
from datasets.hiding import hidden
from geometry.laid import line_weights
from geometry.viewport import Viewport
from models.input_tap import INPUT
from models.recogniser import Recogniser

RATIO = 84.0        # frames: as of occlusion's blocks
PASSES_PER_CELL = 4     # fewer cells of a mask than masks, or their sum says little
SHOWN = 0.5         # how often a cell is shown
SIDE = 28           # cells of the map along the view: masks are smooth, and shifted by less than one of theirs
SEED = 0


@dataclass(frozen=True)
class Mask:
    """Random cells, linear between, shifted by a part of one: over all masks no place is nearer to a cell's middle."""

    cells: np.ndarray           # float32 [steps + 1, side + 1, side + 1]: 1 shown, 0 hidden
    shift: np.ndarray           # [3] in cells, 0..1
    view: Viewport
    frames: int

    def shown(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """float32 [T, rows, columns], of places in fractions of the view."""
        places = (np.arange(self.frames) + 0.5) / self.frames, rows, columns
        weights = (line_weights(np.arange(count), centre * (count - 1) - 0.5 + shift)
                   for count, centre, shift in zip(self.cells.shape, places, self.shift))
        return np.einsum("tk,kij,hi,wj->thw", next(weights), self.cells, next(weights), next(weights), optimize=True)

    def cover(self, height: int, width: int) -> np.ndarray:
        """float32 [T, height, width]: how far hidden. Outside the view nobody looks."""
        v = self.view
        rows = ((np.arange(height) + 0.5) / height - v.top) / (v.bottom - v.top)
        columns = ((np.arange(width) + 0.5) / width - v.left) / (v.right - v.left)
        return 1 - self.shown(rows, columns)


class Rise(ManyPasses):
    """A place's value is what the score gains where masks show it: the mean of score times mask, as in the paper, the
    scores less their mean, which has no place and would be noise."""

    budget = 800
    on_clip = True

    def __init__(self, seed: int = SEED, shown: float = SHOWN) -> None:
        self.seed, self.chance = seed, shown

    def grid(self, recogniser: Recogniser, frames: int, budget: int) -> int:
        return SIDE

    def maps(self, window: Window, budget: int) -> Maps:
        frames, middles = len(window.clip), (np.arange(SIDE) + 0.5) / SIDE
        random = np.random.default_rng([self.seed, window.first])
        masks = [self._mask(random, window, budget) for _ in range(budget if window.touched else 0)]
        scores = window.read([partial(_through, window, mask) for mask in masks])       # [masks, picks]
        apart = window.apart(scores, scores.mean(0)) if masks else scores
        added = np.zeros((len(window.picks), frames, SIDE, SIDE))
        for mask, score in zip(masks, apart):
            added += score[:, None, None, None] * mask.shown(middles, middles)
        return [{INPUT: on_input(of_pick / max(len(masks), 1), window)} for of_pick in added]

    def _mask(self, random: np.random.Generator, window: Window, budget: int) -> Mask:
        steps, side = steps_and_side(max(1, budget // PASSES_PER_CELL), len(window.clip), RATIO)
        cells = (random.random((steps + 1, side + 1, side + 1)) < self.chance).astype(np.float32)
        return Mask(cells, random.random(3), window.recogniser.viewport, len(window.clip))


def _through(window: Window, mask: Mask) -> Clip:
    return hidden(window.clip, mask.cover, window.instead)
