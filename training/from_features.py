"""Training what comes after the backbone, from features that were made once."""
import logging
import random
from functools import partial
from pathlib import Path
from typing import Any, Callable, ContextManager, Dict, List, Sequence, Tuple

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from datasets.clip import Clip
from glosses.vocabulary import GlossVocabulary
from models.recogniser import Recogniser
from terminal.errors import UserError
from training.augment import draw_speed
from training.backbones import FrameBackbone, find_backbone
from training.batches import Batch, Sample
from training.collate import collate, concatenate, pad_edges
from training.curriculum import CurriculumConfig
from training.feature_store import Facts, FeatureStore
from training.footage import Footage
from training.losses import Terms
from training.protocols import Protocol
from training.recipe import Config

log = logging.getLogger("training")
TRAIN, DEV = "train", "dev"     # folders of a store, whatever the splits are called


def facts_of(protocol: Protocol, recogniser: Recogniser, backbone: FrameBackbone, train: bool, clips: int, views: int,
             numbers: str, channels: int) -> Facts:
    config, data = protocol.config, protocol.config.data
    settings: Dict[str, Any] = {"frame_subdir": data.frame_subdir, "frame_interval": data.frame_interval,
                                "image_scale": data.image_scale}
    if train:
        settings.update(seed=config.trainer.seed)
    return Facts(1, recogniser.name, backbone.digest(), dict(protocol.architecture), data.train if train else data.dev,
                 clips, views, numbers, channels, settings)


class FeatureFeeder(Dataset):
    """One of a clip's stored views at random for training. Where the backbone sees each frame alone, its speed is drawn
    here; elsewhere features of rescaled frames are other than rescaled features."""

    def __init__(self, store: FeatureStore, footage: Footage, vocabulary: GlossVocabulary, config: Config, timed: bool,
                 train: bool) -> None:
        self.store, self.footage, self.config, self.timed, self.train = store, footage, config, timed, train
        self.labels = [vocabulary.encode(word for word in entry.glosses if word in vocabulary)
                       for entry in footage.entries]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> Sample:
        features = self.store.read(index, random.randrange(self.store.facts.views) if self.train else 0)
        if self.train and self.timed:
            features = features[list(draw_speed(len(features), self.config.data.frame_interval,
                                                self.config.augment.rescale))]
        return Sample(torch.from_numpy(features), self.labels[index], self.footage.entries[index].seq_id)


def collate_whole(samples: Sequence[Sample]) -> Batch:
    """Features that were made with a clip's edges, longest first; shorter ones are held at their last."""
    ordered = sorted(samples, key=lambda sample: len(sample.frames), reverse=True)
    lengths = [len(sample.frames) for sample in ordered]
    padded = torch.stack([pad_edges(sample.frames, 0, lengths[0]) for sample in ordered])
    return Batch((padded,), torch.tensor(lengths), *concatenate([sample.labels for sample in ordered]),
                 tuple(sample.name for sample in ordered))


class FromFeatures(Protocol):
    """A network's protocol, fed from a store."""

    def __init__(self, inner: Protocol, recogniser: Recogniser, folder: Path) -> None:
        self.intervals, self.scales = inner.intervals, inner.scales
        super().__init__(inner.config, inner.architecture, inner.corpus)
        self.inner, self.folder, self.recogniser = inner, folder, recogniser
        self.states = inner.states
        self.backbone = find_backbone(inner.architecture, recogniser.network)
        self.backbone.freeze()
        self.timed = recogniser.frame_by_frame
        self.stores: Dict[bool, FeatureStore] = {}

    def footage(self, entries: Sequence[Any]) -> Footage:
        return self.inner.footage(entries)

    def dataset(self, footage: Footage, vocabulary: GlossVocabulary, train: bool) -> Dataset:
        if train not in self.stores:
            self.stores[train] = self._store(footage, train)
        return FeatureFeeder(self.stores[train], footage, vocabulary, self.config, self.timed, train)

    def _store(self, footage: Footage, train: bool) -> FeatureStore:
        from training.feature_store import read_facts

        folder = self.folder / (TRAIN if train else DEV)
        there = read_facts(folder)
        expected = facts_of(self.inner, self.recogniser, self.backbone, train, len(footage.entries), there.views,
                            there.numbers, there.channels)
        return FeatureStore(folder, expected, footage.entries)

    def collate(self, network: nn.Module) -> Callable[[List[Any]], Batch]:
        return partial(collate, kernel_spec=list(network.kernel_spec)) if self.timed else collate_whole  # type: ignore

    def inputs(self, batch: Batch, device: torch.device) -> Tuple[Tensor, ...]:
        return self.backbone.inputs(batch.tensors[0].to(device, non_blocking=True))

    def losses(self, outputs: Dict[str, Tensor], batch: Batch) -> Tuple[Tensor, Terms]:
        return self.inner.losses(outputs, batch)

    def parameters(self, network: nn.Module) -> Any:
        return [parameter for parameter in network.parameters() if parameter.requires_grad]

    def running(self) -> ContextManager[None]:
        return self.backbone.passed_by()

    def clip(self, footage: Footage, index: int) -> Clip:
        return self.inner.clip(footage, index)

    def check_curriculum(self, curriculum: CurriculumConfig) -> None:
        for name in ("frame_interval", "strength"):
            if getattr(curriculum, name):
                raise UserError(f"curriculum.{name}: stored features were made with a fixed value; leave this key "
                                "or data.features out")

    def tell(self) -> None:
        """What such a training leaves out of the published one."""
        store = self.stores[True]
        speed = ("the speed is drawn, on features of single frames" if self.timed else
                 "no speed is drawn, as its backbone's kernels span time; what fills up a batch are the last features, "
                 "not those of repeated frames")
        log.info("from features in %s: %s stays as it is, in evaluation mode; %d stored view%s of each clip (crop, "
                 "flip and whatever else was drawn) and no others; %s%s", self.folder, self.backbone.name,
                 store.facts.views, "" if store.facts.views == 1 else "s", speed,
                 f"; without {self.backbone.lacks}" if self.backbone.lacks else "")
