"""TwoStream-SLR's data loading: frames and keypoints under one random crop, at a random speed."""
from dataclasses import dataclass
from pathlib import Path
from typing import List, Sequence, Tuple

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset
from torchvision import transforms

from glosses.vocabulary import GlossVocabulary
from poses.whole_body import KeypointStore
from terminal.errors import UserError
from training.batches import PosedBatch, PosedSample
from training.collate import concatenate, pad_edges
from training.footage import Footage
from training.within import within


@dataclass(frozen=True)
class TwoStreamAugment:
    area: float = within(0.7, 0.01, 1, rest=1)      # least share of the frame that is kept
    # aspect: of the kept part, width over height; speed: the new length as a share of the old
    aspect: Tuple[float, ...] = within((0.75, 1.3), 0.05, 20, 2, True, rest=(1.0, 1.0))
    speed: Tuple[float, ...] = within((0.5, 1.5), 0.05, 20, 2, True, rest=(1.0, 1.0))
    jitter: float = within(0.3, 0, 1, rest=0)       # probability that colours change


class PosedFeeder(Dataset):
    def __init__(self, footage: Footage, keypoints: Path, vocabulary: GlossVocabulary, augment: TwoStreamAugment,
                 architecture: dict, train: bool) -> None:
        self.footage = footage
        self.store = KeypointStore(keypoints)
        self.augment = augment
        self.size: int = architecture["size"]
        self.longest: int = architecture["longest"]
        self.frame: Tuple[int, int] = tuple(architecture["pose_frame"])
        self.train = train
        self.labels = [vocabulary.encode(word for word in entry.glosses if word in vocabulary)
                       for entry in footage.entries]

    def __len__(self) -> int:
        return len(self.footage.entries)

    def __getitem__(self, index: int) -> PosedSample:
        name, total = self.footage.entries[index].seq_id, self.footage.length(index)
        rows = draw_rows(total, self.longest, self.augment.speed) if self.train else middle_rows(total, self.longest)
        if len(rows) < 4:
            raise UserError(f"clip {name} has {total} frames; TwoStream-SLR needs at least 4; drop the clip")
        top, left, height, width = self._crop()
        keypoints = self.store.read(name, total)[rows] - np.array([left, top, 0], np.float32)
        frames = self._cut(self.footage.frames(index, rows), top, left, height, width)
        pixels = torch.from_numpy(frames).permute(0, 3, 1, 2)
        if self.train and torch.rand(1).item() < self.augment.jitter:
            pixels = transforms.ColorJitter(0.4, 0.4, 0.4, 0.1)(pixels)
        return PosedSample(pixels, torch.from_numpy(keypoints), (height, width), self.labels[index], name)

    def _crop(self) -> Tuple[int, int, int, int]:
        """(top, left, height, width) in pixels of the keypoints' frame"""
        if not self.train:
            return (0, 0, *self.frame)
        top, left, height, width = transforms.RandomResizedCrop.get_params(
            torch.empty(1, *self.frame), [self.augment.area, 1.0], list(self.augment.aspect))
        return top, left, height, width

    def _cut(self, frames: np.ndarray, top: int, left: int, height: int, width: int) -> np.ndarray:
        """The same part of frames of any size, [T, size, size, 3]"""
        down, across = frames.shape[1] / self.frame[0], frames.shape[2] / self.frame[1]
        rows = slice(round(top * down), round((top + height) * down))
        columns = slice(round(left * across), round((left + width) * across))
        # Bilinear without antialiasing, as the network is fed in evaluation.
        return np.stack([cv2.resize(frame[rows, columns], (self.size, self.size)) for frame in frames])


def draw_rows(total: int, longest: int, speed: Sequence[float]) -> List[int]:
    """As many frames as a random speed leaves, dropped or doubled at random places; a multiple of 4."""
    fewest, most = min(int(speed[0] * total), longest), min(int(speed[1] * total), longest)
    count = int(np.random.randint(fewest, most + 1))
    count += -count % 4
    if count <= total:
        return sorted(np.random.permutation(total)[:count].tolist())
    return sorted([*range(total), *np.random.randint(0, total, count - total).tolist()])


def middle_rows(total: int, longest: int) -> List[int]:
    first = max(0, (total - longest) // 2)
    return list(range(first, first + min(total, longest) // 4 * 4))


def collate_posed(samples: Sequence[PosedSample]) -> PosedBatch:
    """tensors: uint8 [B, T, 3, size, size] and keypoints [B, T, 133, 3], shorter clips held at their last frame."""
    longest = max(len(sample.frames) for sample in samples)
    frames = torch.stack([pad_edges(sample.frames, 0, longest) for sample in samples])
    keypoints = torch.stack([pad_edges(sample.keypoints, 0, longest) for sample in samples])
    lengths = torch.tensor([len(sample.frames) for sample in samples])
    labels, label_lengths = concatenate([sample.labels for sample in samples])
    return PosedBatch((frames, keypoints), lengths, labels, label_lengths, tuple(sample.name for sample in samples),
                      tuple(sample.crop for sample in samples))
