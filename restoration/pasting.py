"""Restored crops back in their frames, without a seam."""
from typing import Dict, List, Sequence, Tuple

import numpy as np
import torch

from models.restorer import from_pixels, to_pixels
from poses.crops import Place, cut
from records.damage import Damage
from restoration.data import Measured
from restoration.sampling import agreed

FEATHER = 8             # pixels over which a crop fades into its frame
CENTRED = 3             # power by which, where crops overlap, the one whose middle is nearer has more to say


def feather(place: Place, side: int, size: Tuple[int, int]) -> np.ndarray:
    """[side, side] from 0 to 1: 1 inside, and at an edge of the frame, where there is nothing to fade into."""
    def ramp(start: int, length: int) -> np.ndarray:
        steps = (np.arange(side) + 0.5) / FEATHER
        up = np.ones(side) if start == 0 else steps
        down = np.ones(side) if start + side >= length else steps[::-1]
        way = np.minimum(np.minimum(up, down), 1)
        return np.asarray(way ** 2 * (3 - 2 * way), np.float32)

    return np.outer(ramp(place.top, size[0]), ramp(place.left, size[1])).astype(np.float32)


def paste(frames: np.ndarray, crops: np.ndarray, places: Sequence[Place]) -> Tuple[np.ndarray, np.ndarray]:
    """[T, H, W, 3] and crops float32 [N, S, S, 3] -> float32 frames, and how much of each pixel is restored [T, H, W].
    """
    out, restored = frames.astype(np.float32), np.zeros(frames.shape[:3], np.float32)
    summed, weights = np.zeros_like(out), np.zeros_like(restored)
    side = crops.shape[1]
    for crop, place in zip(crops, places):
        window = (place.frame, slice(place.top, place.top + side), slice(place.left, place.left + side))
        own = feather(place, side, frames.shape[1:3])
        restored[window] = np.maximum(restored[window], own)
        summed[window] += own[..., None] ** CENTRED * crop
        weights[window] += own ** CENTRED
    there = restored[..., None]
    return out + there * (summed / np.maximum(weights, 1e-6)[..., None] - out), restored


def settle(frames: np.ndarray, data: np.ndarray, places: Sequence[Place], side: int, damage: Damage, noise: float,
           device: torch.device) -> np.ndarray:
    """The frames with crops that were mixed where they overlap brought to agree with the data again, crop by crop."""
    out, turns = frames.copy(), _turns(places)
    for turn in turns:
        measured = Measured(data, turn, side, damage, noise, device)
        found = to_pixels(agreed(from_pixels(cut(out, turn, side)).to(device), measured))
        for crop, place in zip(found, turn):
            own = feather(place, side, frames.shape[1:3])[..., None]
            part = out[place.frame, place.top:place.top + side, place.left:place.left + side]
            part += own * (crop - part)
    return out


def _turns(places: Sequence[Place]) -> List[List[Place]]:
    """No two of a turn in one frame."""
    turns: Dict[int, List[Place]] = {}
    seen: Dict[int, int] = {}
    for place in places:
        number = seen.get(place.frame, 0)
        seen[place.frame] = number + 1
        turns.setdefault(number, []).append(place)
    return list(turns.values())
