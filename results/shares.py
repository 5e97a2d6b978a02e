"""How much of a map lies on each region of the picture."""
from typing import List, Optional, Tuple

import cv2
import numpy as np

from datasets.regions import REGIONS, SIDE


def mass(small: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How much of the maps, uint16 [T, 64, 64], lies on each region: [T, 4]; sums, so that frames add up."""
    return np.stack([np.where(labels == region, small, 0).sum(axis=(1, 2), dtype=np.float64)
                     for region in range(len(REGIONS))], axis=1)


def shares(masses: np.ndarray, seen: np.ndarray) -> Tuple[Optional[List[float]], List[Optional[List[float]]]]:
    """Shares in all and frame by frame. None where nothing can be shared out: an empty map, or no signer in sight."""
    over_time = [_share(row) if known else None for row, known in zip(masses, seen)]
    return _share(masses[seen].sum(axis=0)), over_time


def _share(masses: np.ndarray) -> Optional[List[float]]:
    total = float(masses.sum())
    return [round(float(each) / total, 4) for each in masses] if total > 0 else None


def _level_table() -> np.ndarray:
    """What each of the 65536 float16 values is in 0..65535; numbers that are not finite have no place: 0."""
    values = np.arange(65536, dtype=np.uint16).view(np.float16).astype(np.float32)
    values = np.where(np.isfinite(values), values, 0)
    return (np.clip(values, 0, 1) * 65535 + 0.5).astype(np.uint16)


_LEVELS = _level_table()


def coarse(maps: np.ndarray) -> np.ndarray:
    """float16 [T, H, W] in 0..1 -> uint16 [T, 64, 64] in 0..65535, by area."""
    small = np.empty((len(maps), SIDE, SIDE), np.uint16)
    for index, each in enumerate(maps):
        full = _LEVELS[np.ascontiguousarray(each, np.float16).view(np.uint16)]
        small[index] = cv2.resize(full, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return small
