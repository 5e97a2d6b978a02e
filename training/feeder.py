"""SlowFastSign's data loading: what the published loader gives for the same seeds."""
from dataclasses import dataclass

import torch
from torch.utils.data import Dataset

from glosses.vocabulary import GlossVocabulary
from terminal.errors import UserError
from training.augment import View, apply, centre, draw_interval, draw_place, draw_train
from training.batches import Sample
from training.footage import Footage
from training.within import within


@dataclass(frozen=True)
class SlowFastAugment:
    flip: float = within(0.5, 0, 1, rest=0)     # probability of a mirror image; 0 where glosses differ by the hand
    rescale: float = within(0.2, 0, 0.9, rest=0)    # the new length differs by up to this share


@dataclass(frozen=True)
class Views:
    """How clips are cropped, flipped and sped up."""

    crop: int
    train: bool
    interval: int = 1
    image_scale: float = 1.0
    flip: float = 0.5
    rescale: float = 0.2
    timed: bool = True          # whether a speed is drawn for training


class Feeder(Dataset):
    """One draw from a split's clip, at random for training, the middle of it otherwise."""

    def __init__(self, footage: Footage, vocabulary: GlossVocabulary, views: Views) -> None:
        self.footage = footage
        self.views = views
        # Glosses the vocabulary lacks are skipped, not trained as unknown.
        self.labels = [vocabulary.encode(word for word in entry.glosses if word in vocabulary)
                       for entry in footage.entries]

    def __len__(self) -> int:
        return len(self.footage.entries)

    def __getitem__(self, index: int) -> Sample:
        v = self.views
        name = self.footage.entries[index].seq_id
        rows = draw_interval(self.footage.length(index), v.interval)
        if not rows:
            raise UserError(f"clip {name} has fewer frames than data.frame_interval {v.interval}; lower it")
        height, width = self.footage.size(index)
        view = self._view(len(rows), height, width)
        frames = self.footage.frames(index, [rows[row] for row in view.rows])
        pixels = apply(frames, view, v.crop, v.image_scale, pad=v.train)
        return Sample(torch.from_numpy(pixels), self.labels[index], name)

    def _view(self, frames: int, height: int, width: int) -> View:
        v = self.views
        if not v.train:
            return centre(frames, height, width, v.crop)
        if v.timed:
            return draw_train(frames, height, width, v.crop, v.interval, v.flip, v.rescale)
        left, top, flip = draw_place(height, width, v.crop, v.flip)
        return View(tuple(range(frames)), top, left, flip)
