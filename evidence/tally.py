"""Do the maps fall on the evidence? Measures that compare maps with what the synthetic signer drew.

All arrays are of one clip on the original frame: maps float [T, H, W], masks bool [T, H, W] (the articulators that
make the gloss of that frame; empty between glosses), frames uint8 [T, H, W, 3]. Only frames with a mask count.
"""
from dataclasses import astuple, dataclass
from typing import Callable, List, Optional, Sequence

import numpy as np

from evidence.metrics import pointing_hits, rank_hits
from geometry.laid import Box

TOLERANCE = 15          # pixels a pointed-at place may lie off, as in the paper


@dataclass
class Tally:
    """Sums over frames, so that long clips weigh as their frames do."""

    inside: float = 0.0         # map mass on the articulators
    mass: float = 0.0
    area: int = 0               # pixels of the articulators
    pixels: int = 0
    top: int = 0                # of as many highest places as the articulators have, those on them
    hits: int = 0               # frames that point at them
    frames: int = 0

    def add(self, maps: np.ndarray, masks: np.ndarray, box: Box) -> None:
        """box: (top, bottom, left, right) of what the network saw, lest its crop alone counts as insight."""
        top, bottom, left, right = box
        active = masks.any(axis=(1, 2))
        maps = maps[active, top:bottom, left:right].astype(np.float32)
        masks = masks[active, top:bottom, left:right]
        self.inside += float(maps[masks].sum())
        self.mass += float(maps.sum())
        self.area += int(masks.sum())
        self.pixels += masks.size
        self.top += rank_hits(maps, masks)
        self.hits += pointing_hits(maps, masks, TOLERANCE)
        self.frames += len(maps)

    @property
    def mass_ratio(self) -> float:
        return self.figure(mass_ratio)

    @property
    def pointing(self) -> float:
        return self.figure(pointing)

    @property
    def sums(self) -> np.ndarray:
        """float64 [7]"""
        return np.array(astuple(self), np.float64)

    def figure(self, of: Callable[[np.ndarray], np.ndarray]) -> float:
        return float(of(self.sums))


def mass_ratio(sums: np.ndarray) -> np.ndarray:
    """Share of the mass on the articulators over the share of pixels they cover; 1 is chance. Of sums [..., 7]."""
    inside, mass, area, pixels = np.moveaxis(sums, -1, 0)[:4]
    with np.errstate(divide="ignore", invalid="ignore"):
        return (inside / mass) / (area / pixels)


def rank_accuracy(sums: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return sums[..., 4] / sums[..., 2]


def pointing(sums: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return sums[..., 5] / sums[..., 6]


def chosen_pixels(maps: np.ndarray, share: float, most: bool, box: Box) -> np.ndarray:
    """bool [T, H, W]: the `share` most (least) salient pixels of what the network saw, over the whole clip.

    Pixels of equal salience are chosen at random, evenly, or a map full of zeros would grey out the top left corner.
    """
    top, bottom, left, right = box
    seen: np.ndarray = maps[:, top:bottom, left:right].astype(np.float32)
    order = seen + np.random.RandomState(0).uniform(0, 1e-6, seen.shape).astype(np.float32)
    count = int(round(share * order.size))
    chosen = np.zeros(maps.shape, bool)
    if count:
        ranks = np.argpartition(order.ravel(), -count if most else count - 1)
        flat = np.zeros(order.size, bool)
        flat[ranks[-count:] if most else ranks[:count]] = True
        chosen[:, top:bottom, left:right] = flat.reshape(seen.shape)
    return chosen


def kept(before: Sequence[str], after: Sequence[str]) -> float:
    """Share of the glosses read before that are still read, in order (longest common subsequence)."""
    if not before:
        return float("nan")
    row = [0] * (len(after) + 1)
    for word in before:
        diagonal = 0
        for j, other in enumerate(after, start=1):
            diagonal, row[j] = row[j], diagonal + 1 if word == other else max(row[j], row[j - 1])
    return row[-1] / len(before)


def rank_correlation(one: np.ndarray, other: np.ndarray) -> Optional[float]:
    """Spearman's, with mean ranks for ties; None where one of them is flat."""
    first, second = (_ranks(np.asarray(values, np.float32).ravel()) for values in (one, other))
    if first.std() == 0 or second.std() == 0:
        return None
    return float(np.corrcoef(first, second)[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[group]


def mean(values: Sequence[Optional[float]]) -> float:
    """Mean of what is known."""
    known: List[float] = [value for value in values if value is not None and not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
