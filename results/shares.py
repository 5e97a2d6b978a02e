"""How much of a map lies on each region of the picture."""
from typing import List, Optional, Tuple

import numpy as np

from poses.regions import REGIONS


def mass(small: np.ndarray, labels: np.ndarray, count: int = len(REGIONS)) -> np.ndarray:
    """How much of the maps, float32 [T, 64, 64], lies on each region: [T, count]; sums, so that frames add up."""
    return np.stack([np.where(labels == region, small, 0).sum(axis=(1, 2), dtype=np.float64)
                     for region in range(count)], axis=1)


def shares(masses: np.ndarray, seen: np.ndarray) -> Tuple[Optional[List[float]], List[Optional[List[float]]]]:
    """Shares in all and frame by frame. None where nothing can be shared out: an empty map, or no signer in sight."""
    over_time = [_share(row) if known else None for row, known in zip(masses, seen)]
    return _share(masses[seen].sum(axis=0)), over_time


def _share(masses: np.ndarray) -> Optional[List[float]]:
    total = float(masses.sum())
    return [round(float(one) / total, 4) for one in masses] if total > 0 else None
