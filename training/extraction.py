"""A network's backbone run once over both splits of a recipe: its features into a store."""
import logging
from pathlib import Path
from typing import Any, List, Tuple

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from models.recogniser import Recogniser
from training.backbones import find_backbone
from training.clips import list_clips
from training.distributed import Process
from training.feature_store import CLIPS, StoreWriter, shards
from training.from_features import DEV, TRAIN, facts_of
from training.protocols import Protocol
from training.seeding import seed_everything

log = logging.getLogger("training")


class StoredViews(Dataset):
    """The views of some clips, one after the other, each drawn from a seed of its own: the same whoever makes it."""

    def __init__(self, feeder: Any, clips: range, views: int, seed: int) -> None:
        self.feeder, self.seed = feeder, seed
        self.asked = [(clip, view) for clip in clips for view in range(views)]

    def __len__(self) -> int:
        return len(self.asked)

    def __getitem__(self, number: int) -> Any:
        clip, view = self.asked[number]
        seed_everything(self.seed, clip, view)
        return self.feeder[clip]


class Extraction:
    def __init__(self, protocol: Protocol, recogniser: Recogniser, folder: Path, process: Process, views: int,
                 numbers: str) -> None:
        self.protocol, self.recogniser, self.folder, self.process = protocol, recogniser, folder, process
        self.views, self.numbers = views, numbers
        self.backbone = find_backbone(protocol.architecture, recogniser.network)
        recogniser.to(process.device)
        recogniser.eval()
        self.collate = protocol.collate(recogniser.network)

    def run(self) -> None:
        for train in (True, False):
            self._split(train)

    def _split(self, train: bool) -> None:
        data, views = self.protocol.config.data, self.views if train else 1
        footage = self.protocol.footage(list_clips(self.protocol.corpus, data.train if train else data.dev,
                                                   data.frame_subdir))
        feeder: Any = self.protocol.untimed(footage, self.recogniser.vocabulary, train)
        channels = self._features(StoredViews(feeder, range(1), 1, 0)[0]).shape[1]
        facts = facts_of(self.protocol, self.recogniser, self.backbone, train, len(footage.entries), views,
                         self.numbers, channels)
        store = StoreWriter(self.folder / (TRAIN if train else DEV), facts, self.process.first)
        self.process.wait()
        missing = store.missing()
        self.process.wait()       # before any of them is written
        log.info("%s: %d clips in %d views; %d of %d shards are to be made", facts.split, facts.clips, views,
                 len(missing), shards(facts.clips))
        for shard in tqdm(missing[self.process.rank::self.process.world], facts.split, unit="shard",
                          disable=None if self.process.first else True, leave=False):
            clips = range(shard * CLIPS, min((shard + 1) * CLIPS, facts.clips))
            store.write(shard, list(zip((footage.entries[clip] for clip in clips), self._shard(feeder, clips, views))))
        self.process.wait()

    def _shard(self, feeder: Any, clips: range, views: int) -> List[Tuple[np.ndarray, ...]]:
        config = self.protocol.config
        loader = DataLoader(StoredViews(feeder, clips, views, config.trainer.seed), batch_size=None,
                            num_workers=config.data.workers)
        made = [self._features(sample) for sample in loader]
        return [tuple(made[start:start + views]) for start in range(0, len(made), views)]

    @torch.no_grad()
    def _features(self, sample: Any) -> np.ndarray:
        """[T, C]; without the edges that a clip is read with where the backbone sees each frame alone."""
        batch = self.collate([sample])
        features = self.backbone.features(self.protocol.inputs(batch, self.process.device)).float().cpu()
        if not self.recogniser.frame_by_frame:
            return features.numpy()
        before = _edge(self.recogniser)
        return features[before:before + len(sample.frames)].numpy()


def _edge(recogniser: Recogniser) -> int:
    from training.collate import edges

    spec: Any = recogniser.network.kernel_spec
    return edges(list(spec))[0]
