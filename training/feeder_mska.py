"""MSKA-SLR's data loading: keypoints alone, at a random speed, a batch turned by one angle."""
import math
from dataclasses import dataclass
from typing import Any, Mapping, Sequence, Tuple

import torch
from torch import Tensor
from torch.utils.data import Dataset

from datasets.layout import Corpus
from glosses.vocabulary import GlossVocabulary
from models.mska import normalised
from poses.whole_body import KeypointStore
from terminal.errors import UserError
from training.batches import Batch, PointSample
from training.collate import concatenate, pad_edges
from training.feeder_twostream import draw_rows, middle_rows
from training.footage import Footage
from training.within import within


@dataclass(frozen=True)
class MSKAAugment:
    # speed: the new length as a share of the old
    speed: Tuple[float, ...] = within((0.5, 1.5), 0.05, 20, 2, True, rest=(1.0, 1.0))
    turned: float = within(0.5, 0, 1, rest=0)           # probability that a batch is turned
    angle: float = within(15.0, 0, 180, rest=0)         # the most it is turned by, either way, in degrees


class PointFeeder(Dataset):
    def __init__(self, footage: Footage, corpus: Corpus, vocabulary: GlossVocabulary, augment: MSKAAugment,
                 architecture: Mapping[str, Any], train: bool) -> None:
        self.footage = footage
        self.store = KeypointStore(corpus.keypoints)
        self.augment = augment
        self.architecture = architecture
        self.train = train
        self.labels = [vocabulary.encode(entry.glosses) for entry in footage.entries]

    def __len__(self) -> int:
        return len(self.footage.entries)

    def __getitem__(self, index: int) -> PointSample:
        name, total = self.footage.entries[index].seq_id, self.footage.length(index)
        longest: int = self.architecture["longest"]
        rows = draw_rows(total, longest, self.augment.speed) if self.train else middle_rows(total, longest)
        if len(rows) < 4:
            raise UserError(f"clip {name} has {total} frames; MSKA-SLR needs at least 4; drop the clip")
        points = torch.from_numpy(self.store.read(name, total)[rows]).float()
        return PointSample(normalised(points, self.architecture).transpose(0, 1), self.augment if self.train else None,
                           self.labels[index], name)


def collate_points(samples: Sequence[PointSample]) -> Batch:
    """tensors: one, float32 [B, 3, T, 133], shorter clips held at their last frame."""
    longest = max(len(sample.points) for sample in samples)
    points = torch.stack([pad_edges(sample.points, 0, longest) for sample in samples]).transpose(1, 2)
    augment = samples[0].augment
    if augment is not None and torch.rand(1).item() < augment.turned:
        points = turned(points, math.radians(augment.angle) * (2 * torch.rand(1).item() - 1))
    lengths = torch.tensor([len(sample.points) for sample in samples])
    labels, label_lengths = concatenate([sample.labels for sample in samples])
    return Batch((points,), lengths, labels, label_lengths, tuple(sample.name for sample in samples))


def turned(points: Tensor, angle: float) -> Tensor:
    """[B, 3, T, J] turned about the middle of the frame, where x and y are 0; confidence stays."""
    x, y, confidence = points.unbind(1)
    cosine, sine = math.cos(angle), math.sin(angle)
    return torch.stack((cosine * x - sine * y, sine * x + cosine * y, confidence), 1)
