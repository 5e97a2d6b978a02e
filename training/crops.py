"""A corpus's own sharp hands and faces, in memory."""
import math
from dataclasses import dataclass
from typing import List, Optional, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset
from tqdm import tqdm

from datasets.layout import Corpus
from models.restorer import from_pixels
from poses.crops import CROPPED, Place, crop_places, cut
from poses.whole_body import KeypointStore
from terminal.errors import UserError
from training.clips import list_clips
from training.footage import Footage
from training.within import within


@dataclass(frozen=True)
class CropAugment:
    """Which crops there are, and how they are varied."""

    every: int = within(4, 1, 1000)         # each so manieth frame of a clip
    sharpest: float = within(0.5, 0.01, 1)  # of a clip's crops of each part, the share that is kept
    most: int = within(40_000, 1, 10_000_000)   # crops of a split, an equal share from each clip
    shift: int = within(4, 0, 64)           # pixels a crop may be moved by
    flip: float = within(0.5, 0, 1)         # probability of a mirror image


@dataclass(frozen=True)
class NoiseLevels:
    """Of the noise that is trained on, its standard deviation's logarithm; pixels are from -1 to 1."""

    middle: float = within(-1.5, -10, 10)
    spread: float = within(1.0, 0, 10)


class CropProtocol:
    """What a recipe of a restorer can say beyond the common parts."""

    Augment = CropAugment
    Loss = NoiseLevels
    states = ("model_state_dict", "optimizer_state_dict", "scheduler_state_dict")


class Crops(Dataset):
    """crops: uint8 [N, S + 2 shift, S + 2 shift, 3]"""

    def __init__(self, crops: np.ndarray, shift: int, flip: float) -> None:
        self.crops, self.shift, self.flip = crops, shift, flip

    def __len__(self) -> int:
        return len(self.crops)

    def __getitem__(self, index: int) -> Tensor:
        """float32 [3, S, S], drawn anew each time"""
        crop, side = self.crops[index], self.crops.shape[1] - 2 * self.shift
        top, left = torch.randint(2 * self.shift + 1, (2,)).tolist()
        taken = from_pixels(crop[None, top:top + side, left:left + side])[0]
        return taken.flip(2) if float(torch.rand(())) < self.flip else taken


def gather(corpus: Corpus, split: str, size: str, side: int, augment: CropAugment, seed: int,
           bars: Optional[bool] = None) -> np.ndarray:
    """The sharpest crops of a split, uint8 [N, side, side, 3]. bars: tqdm's disable."""
    entries = list_clips(corpus, split, size)
    footage, store = Footage(entries), KeypointStore(corpus.keypoints)
    share = math.ceil(augment.most / len(entries))
    kept: List[np.ndarray] = []
    for index, entry in enumerate(tqdm(entries, f"crops of {split}", disable=bars, leave=False)):
        crops = _of_clip(footage, index, store.read(entry.seq_id, footage.length(index)), side, augment)
        few = np.random.default_rng([seed, index]).permutation(len(crops))[:share]
        kept.append(crops[np.sort(few)])
    crops = np.concatenate(kept)[:augment.most]
    if not len(crops):
        raise UserError(f"split {split} of {corpus.root}: its keypoints find no hand and no face in {len(entries)} "
                        "clips; give keypoints that do")
    return crops


def _of_clip(footage: Footage, index: int, keypoints: np.ndarray, side: int, augment: CropAugment) -> np.ndarray:
    rows = np.arange(0, len(keypoints), augment.every)
    frames = footage.frames(index, rows.tolist())
    if min(frames.shape[1:3]) < side:
        raise UserError(f"{footage.entries[index].seq_id}: frames of {frames.shape[2]}x{frames.shape[1]}, smaller than "
                        f"crops of {side}; lower augment.shift, or give larger frames as data.frame_subdir")
    places = crop_places(keypoints[rows], frames.shape[1:3], side)
    crops = cut(frames, places, side)
    return crops[_sharpest(crops, places, augment.sharpest)]


def _sharpest(crops: np.ndarray, places: Sequence[Place], share: float) -> np.ndarray:
    """Rows of the sharpest of each part, in order."""
    values, rows = sharpness(crops), []
    for part in CROPPED:
        own = np.array([row for row, place in enumerate(places) if place.part == part], int)
        rows.append(own[np.argsort(-values[own], kind="stable")[:math.ceil(share * len(own))]])
    return np.sort(np.concatenate(rows))


def sharpness(crops: np.ndarray) -> np.ndarray:
    """[N, S, S, 3] -> how much neighbouring pixels differ, on average, [N]"""
    values = np.asarray(crops, np.float32)
    steps: Tuple[np.ndarray, ...] = (np.diff(values, axis=1), np.diff(values, axis=2))
    return np.asarray(sum(np.abs(step).mean(axis=(1, 2, 3)) for step in steps))


