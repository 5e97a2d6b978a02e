"""A clip with the hands and the face of its signer restored."""
from dataclasses import dataclass
from typing import Callable, List, Optional

import numpy as np
import torch

from datasets.clip import Clip
from models.restorer import Restorer, to_pixels
from poses.crops import Place, crop_places
from records.damage import Damage
from restoration.damage import damaged
from restoration.data import Measured
from restoration.pasting import paste, settle
from restoration.sampling import Draw, draw
from restoration.scores import disagreement
from terminal.errors import UserError


@dataclass(frozen=True)
class Restored:
    data: np.ndarray            # uint8 [T, H, W, 3] what was measured
    frames: np.ndarray          # uint8 [T, H, W, 3]
    share: np.ndarray           # float32 [T, H, W] how much of each pixel is restored
    places: List[Place]
    side: int                   # of the squares at these places
    disagreement: float         # of the frames, damaged again, with the data; of 255


def damaged_frames(frames: np.ndarray, damage: Damage) -> np.ndarray:
    """uint8 [T, H, W, 3] as a camera with this damage would have given them."""
    return np.rint(damaged(frames, damage)).clip(0, 255).astype(np.uint8)


def restored(restorer: Restorer, clip: Clip, data: np.ndarray, damage: Damage, noise: float, how: Draw,
             tick: Optional[Callable[[int], object]] = None) -> Restored:
    """clip: whose keypoints say where hands and face are; data: its frames with the damage."""
    places = find_places(clip, restorer.side)
    device = next(restorer.parameters()).device
    measured = Measured(data, places, restorer.side, damage, noise, device)
    crops = to_pixels(draw(restorer, measured, how, tick))
    mixed, share = paste(data, crops, places)
    frames = settle(mixed, data, places, restorer.side, damage, noise, device)
    whole = np.rint(frames).clip(0, 255).astype(np.uint8)
    return Restored(data, whole, share, places, restorer.side, disagreement(whole, data, share, damage))


def find_places(clip: Clip, side: int) -> List[Place]:
    """UserError where there is nothing to restore."""
    height, width = clip.frames.shape[1:3]
    if clip.keypoints is None:
        raise UserError(f"{clip.seq_id}: no keypoints, and hands and faces are found by them; give some")
    if min(height, width) < side:
        raise UserError(f"{clip.seq_id}: frames of {width}x{height}, smaller than the prior's crops of {side}x{side}; "
                        "give larger ones")
    places = crop_places(clip.keypoints, (height, width), side)
    if not places:
        raise UserError(f"{clip.seq_id}: its keypoints find no hand and no face in {len(clip)} frames; give keypoints "
                        "that do")
    return places


def without_prior(clip: Clip, data: np.ndarray, damage: Damage, noise: float, side: int) -> np.ndarray:
    """uint8 frames whose crops agree with the data and are otherwise as the data: what a prior has to beat."""
    from restoration.sampling import agreed

    places = find_places(clip, side)
    measured = Measured(data, places, side, damage, noise, torch.device("cpu"))
    frames, _ = paste(data, to_pixels(agreed(measured.crops, measured)), places)
    return np.rint(settle(frames, data, places, side, damage, noise, torch.device("cpu"))).clip(0, 255).astype(np.uint8)
