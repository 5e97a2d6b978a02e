"""Clips as a curriculum has them: which come when, and how each is drawn."""
import copy
from dataclasses import replace
from itertools import count
from typing import Any, Dict, Iterator, List, NamedTuple, Sequence

import numpy as np
import torch
from torch.utils.data import Dataset, Sampler

from glosses.vocabulary import GlossVocabulary
from terminal.errors import UserError
from training.curriculum import Curriculum, Stage, at_strength, lengths_reached
from training.footage import Footage
from training.protocols import Protocol

KEPT = 4        # stages whose feeders are kept: batches of neighbouring ones are made at the same time


class Draw(NamedTuple):
    clip: int           # its number in the split
    interval: int
    strength: float


class StagedDataset(Dataset):
    """Asked for a draw it gives the clip as its stage has it: a worker needs not know how far the training is."""

    def __init__(self, protocol: Protocol, footage: Footage, vocabulary: GlossVocabulary) -> None:
        self.protocol, self.footage, self.vocabulary = protocol, footage, vocabulary
        self.feeders: Dict[Any, Dataset] = {}

    def __len__(self) -> int:
        return len(self.footage.entries)

    def __getitem__(self, draw: Draw) -> Any:
        stage = draw.interval, draw.strength
        if stage not in self.feeders:
            while len(self.feeders) >= KEPT:
                del self.feeders[next(iter(self.feeders))]
            self.feeders[stage] = at_stage(self.protocol, *stage).dataset(self.footage, self.vocabulary, train=True)
        return self.feeders[stage][draw.clip]


def at_stage(protocol: Protocol, interval: int, strength: float) -> Protocol:
    config, staged = protocol.config, copy.copy(protocol)
    staged.config = replace(config, data=replace(config.data, frame_interval=interval),
                            augment=at_strength(config.augment, strength))
    return staged


class StagedOrder(Sampler):
    """This process's draws of an epoch. It has as many clips as without a curriculum, so that the learning rate falls
    as it would: where some are left out, the others come round again."""

    def __init__(self, curriculum: Curriculum, lengths: Sequence[int], seed: int, epoch: int, rank: int, world: int,
                 batch: int, accumulate: int) -> None:
        self.draws: List[Draw] = []
        stream = _shuffled(len(lengths), seed, epoch)
        stages = [_stage(curriculum, epoch, draw // world // batch // accumulate)
                  for draw in range(len(lengths) - len(lengths) % world)]
        chosen = [_next(stream, lengths, stage) for stage in stages]
        if curriculum.short_first(epoch):       # what stages take grows, so none gets a clip that is too long for it
            chosen.sort(key=lambda index: lengths[index])
        for index, stage in list(zip(chosen, stages))[rank::world]:
            self.draws.append(Draw(index, stage.interval, stage.strength))

    def __iter__(self) -> Iterator[Draw]:
        return iter(self.draws)

    def __len__(self) -> int:
        return len(self.draws)


def _stage(curriculum: Curriculum, epoch: int, step: int) -> Stage:
    """Batches that fill no step are not trained on."""
    return curriculum.at(epoch * curriculum.steps_per_epoch + min(step, curriculum.steps_per_epoch - 1))


def _shuffled(clips: int, seed: int, epoch: int) -> Iterator[int]:
    """All clips in the epoch's order, again and again; the first time in that of an epoch without a curriculum."""
    for turn in count():
        parts = [seed, epoch, turn] if turn else [seed, epoch]
        generator = torch.Generator().manual_seed(int(np.random.SeedSequence(parts).generate_state(1)[0]))
        yield from torch.randperm(clips, generator=generator).tolist()


def _next(stream: Iterator[int], lengths: Sequence[int], stage: Stage) -> int:
    return next(index for index in stream if not stage.longest or lengths[index] <= stage.longest)


def check_reach(curriculum: Curriculum, lengths: Sequence[int], split: str) -> None:
    """UserError where a curriculum begins with no clip at all."""
    for start, longest in curriculum.config.longest[:1]:
        if not lengths_reached(lengths, Stage(1, int(longest), 1)):
            raise UserError(f"curriculum.longest: {longest:g} frames from {start:g} on leave no clip of {split}, whose "
                            f"shortest has {min(lengths)}; raise it")
