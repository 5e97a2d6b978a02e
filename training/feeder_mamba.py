"""Mamba-SLR's data loading: what the published loader gives for the same seeds, one draw for all frames of a clip."""
import math
import random
from dataclasses import dataclass
from typing import List, Sequence, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Dataset

from glosses.vocabulary import GlossVocabulary
from terminal.errors import UserError
from training import rand_augment
from training.augment import draw_interval
from training.batches import Batch, FloatSample
from training.collate import concatenate, pad_edges
from training.footage import Footage
from training.within import resting

Box = Tuple[int, int, int, int]         # top, left, height, width


@dataclass(frozen=True)
class MambaAugment:
    operations: int = resting(2, 0)                 # of RandAugment; 0: none
    level: float = resting(5.0, 0)                  # of 10
    spread: float = 0.25                            # of the level, from one operation to the next
    area: Tuple[float, ...] = resting((0.8, 1.0), (1.0, 1.0))       # share of the frame that is kept
    aspect: Tuple[float, ...] = resting((0.75, 1.3333), (1.0, 1.0))     # of the kept part, width over height
    flip: float = resting(0.5, 0)                   # probability of a mirror image
    erase: float = resting(0.25, 0)                 # probability that a box is filled with noise, each time
    erasings: int = 2                               # times; the published loader erases twice


class MambaFeeder(Dataset):
    def __init__(self, footage: Footage, vocabulary: GlossVocabulary, augment: MambaAugment, architecture: dict,
                 train: bool, interval: int = 1) -> None:
        self.footage, self.augment, self.train, self.interval = footage, augment, train, interval
        self.size: int = architecture["size"]
        self.mean: float = architecture["mean"]
        self.std: float = architecture["std"]
        self.labels = [vocabulary.encode(word for word in entry.glosses if word in vocabulary)
                       for entry in footage.entries]

    def __len__(self) -> int:
        return len(self.footage.entries)

    def __getitem__(self, index: int) -> FloatSample:
        name, total = self.footage.entries[index].seq_id, self.footage.length(index)
        rows = draw_interval(total, self.interval) if self.train else list(range(0, total, self.interval))
        if not rows:
            raise UserError(f"clip {name} has fewer frames than data.frame_interval {self.interval}; lower it")
        frames = self.footage.frames(index, rows)
        return FloatSample(self._augmented(frames) if self.train else self._middle(frames), self.labels[index], name)

    def _normalised(self, frames: np.ndarray) -> Tensor:
        """[T, H, W, 3] uint8 -> float32 [T, 3, H, W]"""
        pixels = torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2).float()
        return pixels.div_(255).sub_(self.mean).div_(self.std)

    def _augmented(self, frames: np.ndarray) -> Tensor:
        augment = self.augment
        if augment.operations:
            operations = rand_augment.draw(augment.operations, augment.level, augment.spread)
            frames = rand_augment.apply(frames, operations)
        top, left, height, width = draw_crop(frames.shape[1], frames.shape[2], augment.area, augment.aspect)
        pixels = self._normalised(frames[:, top:top + height, left:left + width])
        pixels = F.interpolate(pixels, (self.size, self.size), mode="bilinear", align_corners=False)
        if np.random.uniform() < augment.flip:
            pixels = pixels.flip(3)
        for _ in range(augment.erasings):
            for box in draw_boxes(self.size, augment.erase):
                fill_with_noise(pixels, box)
        return pixels

    def _middle(self, frames: np.ndarray) -> Tensor:
        top, left = (round((side - self.size) / 2) for side in frames.shape[1:3])
        return self._normalised(frames[:, top:top + self.size, left:left + self.size])


def draw_crop(height: int, width: int, area: Sequence[float], aspect: Sequence[float]) -> Box:
    """A part of the frame that the network then sees whole; the frame itself where ten draws do not fit into it."""
    for _ in range(10):
        wanted = random.uniform(area[0], area[1]) * height * width
        ratio = math.exp(random.uniform(math.log(aspect[0]), math.log(aspect[1])))
        across, down = round(math.sqrt(wanted * ratio)), round(math.sqrt(wanted / ratio))
        np.random.uniform()         # the published loader draws it and does not use it
        if across <= width and down <= height:
            return random.randint(0, height - down), random.randint(0, width - across), down, across
    return 0, 0, height, width


def draw_boxes(size: int, probability: float) -> List[Box]:
    """The box to erase, if any, of a square picture."""
    if random.random() > probability:
        return []
    random.randint(1, 1)            # how many: the published loader draws it
    for _ in range(100):
        area = random.uniform(0.02, 0.1) * size * size
        ratio = math.exp(random.uniform(math.log(0.3), math.log(1 / 0.3)))
        height, width = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if height < size and width < size:
            return [(random.randint(0, size - height), random.randint(0, size - width), height, width)]
    return []


def fill_with_noise(pixels: Tensor, box: Box) -> None:
    """The same noise in all frames [T, 3, H, W], in place."""
    top, left, height, width = box
    pixels[:, :, top:top + height, left:left + width] = torch.empty(3, height, width).normal_()


def collate_frames(samples: Sequence[FloatSample]) -> Batch:
    """tensors: one, float32 [B, T, 3, H, W]; the network leaves out what lies beyond a clip's end."""
    lengths = [len(sample.frames) for sample in samples]
    frames = torch.stack([pad_edges(sample.frames, 0, max(lengths)) for sample in samples])
    return Batch((frames,), torch.tensor(lengths), *concatenate([sample.labels for sample in samples]),
                 tuple(sample.name for sample in samples))
