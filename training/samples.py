"""Both splits of a training on their way from disk into batches."""
import logging
import math
from typing import Optional

import torch
from torch.utils.data import DataLoader, Dataset, Sampler
from tqdm import tqdm

from models.recogniser import Recogniser
from terminal.errors import UserError
from training.clips import list_clips
from training.curriculum import Curriculum
from training.distributed import Process
from training.protocols import Protocol
from training.recipe import Config
from training.seeding import EpochOrder, seed_worker
from training.staged import StagedDataset, StagedOrder, check_reach

log = logging.getLogger("training")


class Samples:
    def __init__(self, config: Config, protocol: Protocol, recogniser: Recogniser, process: Process) -> None:
        self.config, self.process = config, process
        data, vocabulary = config.data, recogniser.vocabulary
        self.train = protocol.footage(list_clips(protocol.corpus, data.train, data.frame_subdir))
        self.dev = protocol.footage(list_clips(protocol.corpus, data.dev, data.frame_subdir))
        self.batches = len(self.train.entries) // process.world // data.batch_size      # of an epoch, in each process
        if not self.batches:
            raise UserError(f"split {data.train} has {len(self.train.entries)} clips, less than one batch of "
                            f"{data.batch_size} for each of {process.world} processes; lower data.batch_size")
        self.steps = math.ceil(self.batches / config.trainer.accumulate)
        self.curriculum: Optional[Curriculum] = None
        if config.curriculum is not None:
            protocol.check_curriculum(config.curriculum)
            self.curriculum = Curriculum(config.curriculum, data.frame_interval, config.trainer.epochs, self.steps)
            self.lengths = [self.train.length(index) for index in range(len(self.train.entries))]
            check_reach(self.curriculum, self.lengths, data.train)
        self.train_set: Dataset = (protocol.dataset(self.train, vocabulary, train=True) if self.curriculum is None
                                   else StagedDataset(protocol, self.train, vocabulary))
        self.dev_set = protocol.dataset(self.dev, vocabulary, train=False)
        self.collate = protocol.collate(recogniser.network)

    def keep(self, bars: Optional[bool]) -> None:
        """Frames into memory. bars: tqdm's disable."""
        kept = 0
        for footage in (self.train, self.dev):
            for index in tqdm(range(len(footage.entries)), "keep frames", disable=bars, leave=False):
                kept += footage.keep(index)
        log.info("%.2f GB of frames in memory", kept / 1e9)

    def loader(self, train: bool, epoch: int) -> DataLoader:
        data = self.config.data
        process = self.process
        order = self._order(epoch) if train else list(range(len(self.dev.entries)))[process.rank::process.world]
        # Without a generator of its own the loader would draw from the model's.
        generator = torch.Generator().manual_seed(torch.initial_seed())
        return DataLoader(self.train_set if train else self.dev_set, data.batch_size if train else data.eval_batch_size,
                          sampler=order, num_workers=data.workers, collate_fn=self.collate, drop_last=train,
                          worker_init_fn=seed_worker, generator=generator, pin_memory=process.device.type == "cuda")

    def _order(self, epoch: int) -> Sampler:
        trainer, process, clips = self.config.trainer, self.process, len(self.train.entries)
        if self.curriculum is None:
            return EpochOrder(clips, trainer.seed, epoch, process.rank, process.world)
        return StagedOrder(self.curriculum, self.lengths, trainer.seed, epoch, process.rank, process.world,
                           self.config.data.batch_size, trainer.accumulate)
