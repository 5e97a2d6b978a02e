"""Do the maps fall on the evidence? Measures that compare maps with what the synthetic signer drew.

All arrays are of one clip on the original frame: maps float [T, H, W], masks bool [T, H, W] (the articulators that
make the gloss of that frame; empty between glosses), frames uint8 [T, H, W, 3]. Only frames with a mask count.
"""
from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

import numpy as np

SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4)     # of the pixels greyed out, for the deletion curves
TOLERANCE = 15                                      # pixels a pointed-at place may lie off, as in the paper


@dataclass
class Tally:
    """Sums over clips, so that long clips weigh as their frames do."""

    inside: float = 0.0         # map mass on the articulators
    mass: float = 0.0
    area: int = 0               # pixels of the articulators
    pixels: int = 0
    hits: int = 0
    frames: int = 0

    def add(self, maps: np.ndarray, masks: np.ndarray, box: Tuple[int, int, int, int]) -> None:
        """box: (top, bottom, left, right) of what the network saw, lest its crop alone counts as insight."""
        top, bottom, left, right = box
        active = masks.any(axis=(1, 2))
        maps = maps[active, top:bottom, left:right].astype(np.float32)
        masks = masks[active, top:bottom, left:right]
        self.inside += float(maps[masks].sum())
        self.mass += float(maps.sum())
        self.area += int(masks.sum())
        self.pixels += masks.size
        self.hits += pointing_hits(maps, masks)
        self.frames += len(maps)

    @property
    def mass_ratio(self) -> float:
        """Share of the mass on the articulators over the share of pixels they cover; 1 is chance."""
        if not self.mass or not self.area:
            return float("nan")
        return (self.inside / self.mass) / (self.area / self.pixels)

    @property
    def pointing(self) -> float:
        return self.hits / self.frames if self.frames else float("nan")


def pointing_hits(maps: np.ndarray, masks: np.ndarray, tolerance: int = TOLERANCE) -> int:
    """Frames whose highest point lies within `tolerance` pixels of the articulators. A flat frame points nowhere."""
    hits = 0
    for one, mask in zip(maps, masks):
        if one.max() <= one.min():
            continue
        row, column = np.unravel_index(int(one.argmax()), one.shape)
        rows, columns = np.nonzero(mask)
        hits += bool(len(rows)) and int(((rows - row) ** 2 + (columns - column) ** 2).min() <= tolerance ** 2)
    return hits


def motion(frames: np.ndarray) -> np.ndarray:
    """[T, H, W] grey difference to the frame before: what a map that followed motion alone would be."""
    grey = frames.astype(np.float32).mean(axis=3)
    return np.abs(np.diff(grey, axis=0, prepend=grey[:1]))


def chosen_pixels(maps: np.ndarray, share: float, most: bool, box: Tuple[int, int, int, int]) -> np.ndarray:
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


def grey_out(frames: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The chosen pixels take the clip's mean colour."""
    out = frames.copy()
    out[chosen] = frames.reshape(-1, 3).mean(axis=0).round().astype(np.uint8)
    return out


def hide_keypoints(keypoints: np.ndarray, chosen: np.ndarray, height: int = 260, width: int = 210) -> np.ndarray:
    """Points under chosen pixels leave the picture, or a pose stream would see through the grey."""
    out = keypoints.copy()
    rows = np.clip(keypoints[..., 1] * chosen.shape[1] / height, 0, chosen.shape[1] - 1).astype(int)
    columns = np.clip(keypoints[..., 0] * chosen.shape[2] / width, 0, chosen.shape[2] - 1).astype(int)
    hidden = chosen[np.arange(len(chosen))[:, None], rows, columns]
    out[hidden] = (-1000, -1000, 0)
    return out


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
    first, second = (_ranks(np.asarray(each, np.float32).ravel()) for each in (one, other))
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
