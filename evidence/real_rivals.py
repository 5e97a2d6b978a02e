"""What maps of film must beat: rivals that know nothing of what was learnt, on both hands by keypoints."""
from dataclasses import dataclass, field
from typing import Dict, List, Tuple

import numpy as np

from evidence.places import MEAN, RANDOM, Key
from evidence.rivals import other_phases, others_mean, still
from results.interval import Interval, of_mean

MOTION, CENTRE = ("-", "motion alone", "-"), ("-", "picture's centre", "-")
RIVALS = ("motion", "centre", RANDOM, MEAN, "gradient")


def share_over_area(values: np.ndarray, box: np.ndarray, mask: np.ndarray, frames: np.ndarray) -> float:
    """values and mask [T, N, N], box [N, N], each in 0..1, frames bool [T] that count: 1 is chance, NaN no map."""
    mass = values[frames].sum()
    area = float((mask[frames] * box).sum() / max(box.sum() * frames.sum(), 1e-9))
    on = float((values * mask)[frames].sum() / mass) if mass > 0 else float("nan")
    return on / area if area > 0 else float("nan")


@dataclass
class Rivals:
    """Of each map its own rivals, a value a clip: random ones, and the mean of its maps of all other clips."""

    of: Dict[Key, Dict[str, List[float]]] = field(default_factory=dict)
    _stills: Dict[Key, List[np.ndarray]] = field(default_factory=dict)
    _known: Dict[Key, List[Tuple[np.ndarray, np.ndarray, np.ndarray]]] = field(default_factory=dict)

    def add(self, key: Key, values: np.ndarray, box: np.ndarray, hands: np.ndarray, frames: np.ndarray) -> None:
        """values [T, N, N]; box [N, N] as it was seen; hands [T, N, N], frames [T] bool."""
        shares = self.of.setdefault(key, {RANDOM: [], MEAN: []})
        shares[RANDOM].append(share_over_area(_random(values, box, len(shares[RANDOM])), box, hands, frames))
        self._stills.setdefault(key, []).append(still(values))
        self._known.setdefault(key, []).append((box, hands, frames))

    def close(self) -> None:
        """When all clips were added."""
        for key, stills in self._stills.items():
            for number, (box, hands, frames) in enumerate(self._known[key]):
                mean = others_mean(stills, number, len(hands)) if len(stills) > 1 else np.zeros(hands.shape)
                self.of[key][MEAN].append(share_over_area(mean, box, hands, frames))
        self._stills.clear()
        self._known.clear()


def _random(values: np.ndarray, box: np.ndarray, seed: int) -> np.ndarray:
    """As smooth as the map, where it was seen."""
    down, across = np.flatnonzero(box.any(1)), np.flatnonzero(box.any(0))
    inside = slice(down[0], down[-1] + 1), slice(across[0], across[-1] + 1)
    out = np.zeros(values.shape)
    out[(slice(None), *inside)] = other_phases(values[(slice(None), *inside)], seed)
    return out


def ahead(own: List[float], rival: List[float]) -> Interval:
    """By how much a map is above a rival, clips in pairs."""
    return of_mean([one - other for one, other in zip(own, rival)])
