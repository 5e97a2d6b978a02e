"""Is what a map shows what the network reads by? The clip is read again with places taken out by the map's order."""
from dataclasses import dataclass, field, replace
from typing import Callable, Dict, List, Tuple

import numpy as np

from cams.targets import predicted
from datasets.clip import Clip
from datasets.hiding import hide_keypoints, mean_colour, mixed
from evidence.metrics import area_under, drop, increase
from evidence.road import impute
from evidence.tally import chosen_pixels, kept
from models.reading import read
from models.recogniser import Recogniser
from results.interval import Interval, of_mean

SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)     # of the pixels taken out
ROAD_SHARES = (0.0, 0.05, 0.2)                      # filling in takes longer than reading
CURVES = ("deletion", "insertion", "deletion, ROAD", "insertion, ROAD")
Key = Tuple[str, str]                               # model and layer, or rival
Hide = Callable[[np.ndarray, np.ndarray], np.ndarray]       # frames, chosen pixels -> frames


@dataclass
class Faith:
    """Of one map, an entry for each clip; curves by name, a value for each share."""

    curves: Dict[str, List[List[float]]] = field(default_factory=dict)
    drops: List[float] = field(default_factory=list)
    increases: List[float] = field(default_factory=list)

    def mean(self, curve: str) -> List[float]:
        return [float(np.nanmean(values)) for values in zip(*self.curves[curve])]

    def areas(self, curve: str) -> List[float]:
        return [area_under(shares_of(curve), values) for values in self.curves.get(curve, ())]

    def area(self, curve: str) -> Interval:
        return of_mean(self.areas(curve))


def shares_of(curve: str) -> Tuple[float, ...]:
    return ROAD_SHARES if curve.endswith("ROAD") else SHARES


def add(into: Faith, recogniser: Recogniser, clip: Clip, maps: np.ndarray, road: bool) -> None:
    logits = read(recogniser, clip)
    before = recogniser.decode(logits)
    ways: Dict[str, Hide] = {"": _grey, **({", ROAD": impute} if road else {})}
    for way, hide in ways.items():
        for name, most in (("deletion", True), ("insertion", False)):
            curve = name + way
            into.curves.setdefault(curve, []).append(
                [_still_read(recogniser, clip, before, maps, share, most, hide) for share in shares_of(curve)])
    picks = predicted(recogniser, logits)
    sure, less = (float(reading.log_softmax(1).exp()[list(picks.steps), list(picks.classes)].mean())
                  for reading in (logits, read(recogniser, _shown_alone(clip, maps))))
    into.drops.append(drop(sure, less))
    into.increases.append(increase(sure, less))


def _grey(frames: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    return mixed(frames, chosen, mean_colour(frames))


def _still_read(recogniser: Recogniser, clip: Clip, before: Tuple[str, ...], maps: np.ndarray, share: float,
                most: bool, hide: Hide) -> float:
    """Share of the glosses read that are still read with the most (least) salient pixels gone."""
    if not share:
        return kept(before, before)
    chosen = chosen_pixels(maps, share, most, recogniser.viewport.box(*clip.frames.shape[1:3]))
    gone = replace(clip, frames=hide(clip.frames, chosen), tall_frames=None, whole=None,
                   keypoints=None if clip.keypoints is None else hide_keypoints(clip.keypoints, chosen))
    return kept(before, recogniser.decode(read(recogniser, gone)))


def _shown_alone(clip: Clip, maps: np.ndarray) -> Clip:
    """The clip times its map, as the paper has it: black where that is 0; keypoints go where it is under a half."""
    values = maps.astype(np.float32) / max(float(maps.max()), 1e-9)
    return replace(clip, frames=np.rint(clip.frames * values[..., None]).astype(np.uint8), tall_frames=None, whole=None,
                   keypoints=None if clip.keypoints is None else hide_keypoints(clip.keypoints, values < 0.5))
