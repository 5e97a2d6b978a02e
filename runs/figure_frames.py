"""Which frame of a clip a figure shows: where maps are strongest, or a middle one."""
from typing import Sequence, Tuple

import numpy as np

from geometry.laid import LaidMap
from records.figure_request import MIDDLE, PEAK
from records.transcript import Range

Shown = Tuple[LaidMap, Range]       # a map, and when its gloss is signed


def of_gloss(at: str, laid: LaidMap, span: Range) -> int:
    peak = laid.peak(*span) if at == PEAK else None
    return middle(*span) if peak is None else peak


def common(at: str, shown: Sequence[Shown]) -> int:
    """One frame for several maps of a gloss, which each model may have read at other frames."""
    start, stop = min(span[0] for _, span in shown), max(span[1] for _, span in shown)
    return strongest(at, [laid for laid, _ in shown], start, stop)


def strongest(at: str, maps: Sequence[LaidMap], start: int, stop: int) -> int:
    """Where the maps' means over a frame, each as a part of the largest of its clip, have the largest sum."""
    if at == MIDDLE:
        return middle(start, stop)
    energies = [np.nan_to_num(laid.energy().astype(np.float64)) for laid in maps]
    within = np.sum([energy / (energy.max() or 1.0) for energy in energies], axis=0)[start:stop]
    return start + int(within.argmax()) if within.any() else middle(start, stop)


def middle(start: int, stop: int) -> int:
    return (start + stop - 1) // 2
