"""Measures of maps by the names they were published under, each of plain arrays."""
from typing import Sequence

import cv2
import numpy as np


def mass_accuracy(maps: np.ndarray, mask: np.ndarray) -> float:
    """Relevance mass accuracy (Arras et al. 2022): share of the map's mass in the mask."""
    total = float(maps.sum(dtype=np.float64))
    return float(maps[mask].sum(dtype=np.float64)) / total if total else float("nan")


def rank_hits(maps: np.ndarray, mask: np.ndarray) -> int:
    """Of as many highest places as the mask has, how many lie in it."""
    count = int(mask.sum())
    return int(mask.ravel()[np.argpartition(maps.ravel(), -count)[-count:]].sum()) if count else 0


def rank_accuracy(maps: np.ndarray, mask: np.ndarray) -> float:
    """Relevance rank accuracy (Arras et al. 2022)."""
    return rank_hits(maps, mask) / mask.sum() if mask.any() else float("nan")


def sparseness(maps: np.ndarray) -> float:
    """Gini's index (Chalasani et al. 2020): 0 where all is even, towards 1 where one place has all."""
    values = np.sort(np.abs(maps), axis=None).astype(np.float64)
    count, total = len(values), float(values.sum())
    weights = 2 * np.arange(1, count + 1) - count - 1
    return float((weights * values).sum() / (count * total)) if total else float("nan")


def max_sensitivity(maps: np.ndarray, others: Sequence[np.ndarray]) -> float:
    """Yeh et al. 2019: how far the map of a clip that noise was added to may lie from the clip's own, over its norm."""
    norm = float(np.linalg.norm(maps.astype(np.float64)))
    far = max(float(np.linalg.norm(other.astype(np.float64) - maps)) for other in others)
    return far / norm if norm else float("nan")


def drop(before: float, after: float) -> float:
    """Chattopadhay et al. 2018: part of its confidence that a network loses where it sees what the map shows alone.

    The mean over clips is the average drop."""
    return max(0.0, before - after) / before if before else float("nan")


def increase(before: float, after: float) -> float:
    """Of the same paper: 1 where it grows. The mean over clips is the average increase."""
    return float(after > before)


def area_under(shares: Sequence[float], values: Sequence[float]) -> float:
    """Mean height of a curve, straight between its points: of deletion and insertion (Petsiuk et al. 2018)."""
    steps = np.diff(shares)
    heights = np.asarray(values, np.float64)
    return float((steps * (heights[1:] + heights[:-1]) / 2).sum() / steps.sum())



def smoothed(maps: np.ndarray, spread: float) -> np.ndarray:
    """Each frame of maps [T, H, W] by a Gaussian of that many pixels."""
    if not spread:
        return maps
    return np.array([cv2.GaussianBlur(frame.astype(np.float32), (0, 0), spread) for frame in maps]).reshape(maps.shape)


def pointing_hits(maps: np.ndarray, masks: np.ndarray, tolerance: int) -> int:
    """The pointing game (Zhang et al. 2018), frame by frame: how many have their highest point within `tolerance`
    pixels of the mask. [T, H, W]; a flat frame points nowhere."""
    hits = 0
    for one, mask in zip(maps, masks):
        if one.max() <= one.min():
            continue
        row, column = np.unravel_index(int(one.argmax()), one.shape)
        rows, columns = np.nonzero(mask)
        hits += bool(len(rows)) and int(((rows - row) ** 2 + (columns - column) ** 2).min() <= tolerance ** 2)
    return hits
