"""A layer's maps as the page has them: its own steps and positions in 8 bits, and how they lie on the frames."""
from dataclasses import dataclass, replace
from typing import Any, Dict

import cv2
import numpy as np

from geometry.joints import JointMap
from geometry.laid import Cells, LaidMap, nearest_cells


@dataclass(frozen=True)
class Knots:
    """Values lie linearly between cells, from low (0) to high (255), both in parts of the clip's scale."""

    values: np.ndarray              # uint8 [n, h, w]
    low: float
    high: float
    laid: LaidMap

    def layout(self) -> Dict[str, Any]:
        """first, weight: the step before each frame (-1: not seen), and how far it is on the way to the next."""
        cells, extent = self.laid.cells, self.laid.extent
        assert cells.rows is not None and cells.columns is not None
        cell, part = nearest_cells(cells.frames, np.arange(len(self.laid)))
        return {"count": len(self.values), "low": self.low, "high": self.high, "box": extent.box,
                "down": _line(cells.rows), "across": _line(cells.columns),
                "first": [int(step) if self.laid.sees(frame) else -1 for frame, step in enumerate(cell)],
                "weight": [round(float(weight), 4) for weight in part],
                "scales": self._scales()}

    def _scales(self) -> Any:
        """Of each frame the lowest and highest in parts of the clip's scale; None where there is no difference."""
        low, spread = _clip_scale(self.laid)
        first, stop = self.laid.extent.seen
        per_frame = replace(self.laid, per_frame=True)
        own = [per_frame.scale(frame) for frame in range(first, stop)]
        ends = [[round((end - low) / spread, 6) for end in (least, least + over)] if np.isfinite(over) else None
                for least, over in own]
        return [None] * first + ends + [None] * (len(self.laid) - stop)


def knots(laid: LaidMap) -> Knots:
    if isinstance(laid, JointMap):
        return _drawn(laid)
    low, spread = _clip_scale(laid)
    values = (laid.raw - low) / spread
    least, most = float(values.min()), float(values.max())
    levels = (values - least) * (255 / max(most - least, 1e-9)) + 0.5
    return Knots(levels.astype(np.uint8), round(least, 6), round(most, 6), laid)


def _drawn(laid: JointMap) -> Knots:
    """A map of joints is drawn here, frame by frame, at half the size of the frames."""
    of_the_clip = replace(laid, per_frame=False)
    values = np.stack([cv2.resize(of_the_clip.at(frame).astype(np.float32), None, fx=0.5, fy=0.5,
                                  interpolation=cv2.INTER_AREA) for frame in range(len(laid))])
    rows, columns = (2.0 * np.arange(count) + 0.5 for count in values.shape[1:])
    cells = Cells(np.arange(len(laid), dtype=float), rows, columns)
    return Knots(np.rint(values * 255).astype(np.uint8), 0.0, 1.0, replace(laid, cells=cells))


def _clip_scale(laid: LaidMap) -> Any:
    low, high = float(laid.lows.min()), float(laid.highs.max())
    return low, max(high - low, 1e-30)


def _line(centres: np.ndarray) -> Any:
    """[first, stride]"""
    return [round(float(centres[0]), 4), round(float(centres[1] - centres[0]), 4) if len(centres) > 1 else 1.0]
