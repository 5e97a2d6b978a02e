"""What an explanation is: maps of layers, for all that was asked and for each gloss on its own."""
import dataclasses
from dataclasses import dataclass
from typing import Dict, Optional, Tuple

import numpy as np

from geometry.laid import LaidMap
from records.explained import ExplainedGloss
from records.hiding import Hiding
from records.parts import ClipParts
from records.shift_check import ShiftCheck


@dataclass(frozen=True)
class LayerMap:
    laid: LaidMap                   # after ReLU; of a clip of one window, the network's padding still in it
    flags: Tuple[str, ...] = ()     # all-zero, constant, non-finite (the map is zero then); saturated
    field: Optional[float] = None   # the part of the view's height that reaches a cell, of a layer with space
    details: Dict[str, np.ndarray] = dataclasses.field(default_factory=dict)    # what it tells besides, [T', ...] each
    made: str = ""                  # of what, in words, where it is no layer's own map
    check: Optional[ShiftCheck] = None      # whether it holds on this clip, where that was asked
    method: str = ""                # which made it, where several did: it then stands before the layer's name

    @property
    def spatial(self) -> bool:
        return self.laid.spatial

    @property
    def raw(self) -> np.ndarray:
        """float32 [T', H', W'] or [T'], at the layer's own resolution."""
        return self.laid.raw

    @property
    def map(self) -> np.ndarray:
        """float16 [T, H, W] on the original frame, or [T], in 0..1; 0 where nothing was seen. Made when it is asked."""
        return self.laid.whole()


@dataclass(frozen=True)
class GlossMaps:
    """One gloss, explained on its own."""

    about: ExplainedGloss
    layers: Dict[str, LayerMap]


@dataclass(frozen=True)
class Explanation:
    model: str
    logits: np.ndarray              # float32 [steps, V]
    viewport: Tuple[float, ...]     # left, top, right, bottom of what the model sees, in parts of the frame
    target: str                     # in words
    method: str
    pool: str                       # clip or frame: what shares a channel's weight
    normalise: str                  # clip or frame: what shares a smallest and largest value
    precision: str
    notes: Tuple[str, ...]
    layers: Dict[str, LayerMap]
    glosses: Tuple[GlossMaps, ...] = ()     # what was explained on its own, in order
    hiding: Optional[Hiding] = None         # how the method hides, where it does
    parts: Optional[ClipParts] = None       # what each gloss was read from, where that was asked
