"""What the trainer must know of a model beyond the model itself: how its authors load data and count losses."""
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from typing import Any, Callable, ContextManager, Dict, Iterable, List, Sequence, Tuple, Type

import cv2
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from datasets.clip import Clip
from datasets.layout import Corpus
from glosses.vocabulary import GlossVocabulary
from models.pose_input import POINTS, gaussian_maps
from models.registry import recogniser_class
from poses.whole_body import KeypointStore
from terminal.errors import UserError
from training.batches import Batch, PosedBatch
from training.clips import Entry
from training.collate import collate
from training.curriculum import CurriculumConfig
from training.feeder import Feeder, SlowFastAugment, Views
from training.feeder_mamba import MambaAugment, MambaFeeder, collate_frames
from training.feeder_mska import MSKAAugment, PointFeeder, collate_points
from training.feeder_twostream import PosedFeeder, TwoStreamAugment, collate_posed
from training.footage import Footage, Size
from training.losses import (
    BranchWeights,
    LiftWeights,
    MambaWeights,
    MSKAWeights,
    SlowFastWeights,
    Terms,
    TwoStreamWeights,
    lifted_losses,
    mamba_losses,
    mska_losses,
    slowfast_losses,
    twostream_losses,
    vac_losses,
)
from training.parameter_groups import layer_decayed
from training.recipe import Config


class Protocol:
    """One for each way of training. Samples are made in worker processes, batches become inputs on the device."""

    Augment: Type[Any]
    Loss: Type[Any]
    # What the published checkpoints call the states of model, optimiser and schedule.
    states: Tuple[str, str, str]
    intervals = False       # whether data.frame_interval has a say
    scales = False          # whether data.image_scale has

    def __init__(self, config: Config, architecture: Dict[str, Any], corpus: Corpus) -> None:
        for key, value, has_a_say, why in (
                ("frame_interval", config.data.frame_interval, self.intervals, "reads all frames, at a speed it draws"),
                ("image_scale", config.data.image_scale, self.scales, "is fed its own size")):
            if value != 1 and not has_a_say:
                raise UserError(f"data.{key} {value:g}: {architecture['model']} {why}; leave it out")
        self.config = config
        self.architecture = architecture
        self.corpus = corpus

    def vocabulary(self) -> GlossVocabulary:
        """The one the authors number their classes by."""
        raise NotImplementedError(type(self).__name__)

    def footage(self, entries: Sequence[Entry]) -> Footage:
        raise NotImplementedError(type(self).__name__)

    def dataset(self, footage: Footage, vocabulary: GlossVocabulary, train: bool) -> Dataset:
        raise NotImplementedError(type(self).__name__)

    def untimed(self, footage: Footage, vocabulary: GlossVocabulary, train: bool) -> Dataset:
        """The same at the speed that was filmed, for features that are made once."""
        raise NotImplementedError(type(self).__name__)

    def collate(self, network: nn.Module) -> Callable[[List[Any]], Batch]:
        raise NotImplementedError(type(self).__name__)

    def inputs(self, batch: Batch, device: torch.device) -> Tuple[Tensor, ...]:
        """The network's, normalised; without the lengths."""
        raise NotImplementedError(type(self).__name__)

    def losses(self, outputs: Dict[str, Tensor], batch: Batch) -> Tuple[Tensor, Terms]:
        raise NotImplementedError(type(self).__name__)

    def parameters(self, network: nn.Module) -> Iterable[Any]:
        """What the optimiser is given: parameters, or groups of them with their shares of the rate."""
        return network.parameters()

    def check_curriculum(self, curriculum: CurriculumConfig) -> None:
        if curriculum.frame_interval and not self.intervals:
            raise UserError(f"curriculum.frame_interval: {self.architecture['model']} is trained on all frames, at a "
                            "speed that augment.speed draws; leave it out")

    def running(self) -> ContextManager[None]:
        """Around all that the network does with inputs of this protocol."""
        return nullcontext()

    def clip(self, footage: Footage, index: int) -> Clip:
        """A clip as it is explained, its frames as large as they are trained on."""
        entry = footage.entries[index]
        frames = footage.frames(index, range(footage.length(index)))
        return Clip(entry.seq_id, entry.split, frames, entry.glosses, signer=entry.row.signer, rule=self.corpus.rule)


class SlowFastProtocol(Protocol):
    Augment: Type[Any] = SlowFastAugment
    Loss: Type[Any] = SlowFastWeights
    states = ("model_state_dict", "optimizer_state_dict", "scheduler_state_dict")
    intervals = scales = True

    def vocabulary(self) -> GlossVocabulary:
        return self.corpus.vocabulary()

    def footage(self, entries: Sequence[Entry]) -> Footage:
        """A network smaller than its crop gets smaller frames to crop from, which costs less than shrinking crops."""
        shrink = self.architecture["size"] / self.architecture["crop"]

        def fit(height: int, width: int) -> Size:
            return round(height * shrink), round(width * shrink)

        whole = recogniser_class(self.architecture["model"]).takes_whole_frames
        return Footage(entries, None if shrink == 1 else fit, whole=whole)

    def dataset(self, footage: Footage, vocabulary: GlossVocabulary, train: bool) -> Dataset:
        data, augment = self.config.data, self.config.augment
        return Feeder(footage, vocabulary, Views(self.architecture["size"], train, data.frame_interval,
                                                 data.image_scale, augment.flip, augment.rescale))

    def untimed(self, footage: Footage, vocabulary: GlossVocabulary, train: bool) -> Dataset:
        feeder = self.dataset(footage, vocabulary, train)
        assert isinstance(feeder, Feeder)
        feeder.views = replace(feeder.views, timed=False)
        return feeder

    def collate(self, network: nn.Module) -> Callable[[List[Any]], Batch]:
        return partial(collate, kernel_spec=list(network.kernel_spec))      # type: ignore[arg-type]

    def inputs(self, batch: Batch, device: torch.device) -> Tuple[Tensor, ...]:
        frames = batch.tensors[0].to(device, non_blocking=True).float()
        frames = frames.div_(255).sub_(self.architecture["mean"]).div_(self.architecture["std"])
        return (frames.transpose(1, 2),)                                    # [B, 3, T, H, W]

    def losses(self, outputs: Dict[str, Tensor], batch: Batch) -> Tuple[Tensor, Terms]:
        return slowfast_losses(outputs, batch.labels, batch.label_lengths, self.config.loss)


class VACProtocol(SlowFastProtocol):
    """VAC's, SMKD's, CorrNet's and SEN's: the same but for the losses, of one branch."""

    Loss = BranchWeights

    def losses(self, outputs: Dict[str, Tensor], batch: Batch) -> Tuple[Tensor, Terms]:
        return vac_losses(outputs, batch.labels, batch.label_lengths, self.config.loss)


class SignGraphProtocol(VACProtocol):
    """VAC's, on frames as they were taken, made square as in evaluation."""

    def footage(self, entries: Sequence[Entry]) -> Footage:
        a = self.architecture
        side = round(a["frame"] * a["size"] / a["crop"])
        kernel = cv2.INTER_LANCZOS4 if side == a["frame"] else cv2.INTER_AREA
        return Footage(entries, lambda height, width: (side, side), interpolation=kernel, whole=True)


class LiftProtocol(VACProtocol):
    """CorrNet+'s and TLP's: their lift pools cost too."""

    Loss = LiftWeights

    def losses(self, outputs: Dict[str, Tensor], batch: Batch) -> Tuple[Tensor, Terms]:
        return lifted_losses(outputs, batch.labels, batch.label_lengths, self.config.loss)


class TwoStreamProtocol(Protocol):
    Augment = TwoStreamAugment
    Loss = TwoStreamWeights
    states = ("model_state", "optimizer_state", "scheduler_state")

    def vocabulary(self) -> GlossVocabulary:
        return self.corpus.file_vocabulary()

    def footage(self, entries: Sequence[Entry]) -> Footage:
        """Kept frames are square and a little larger than the network's, to leave something to crop."""
        side = round(self.architecture["size"] * 8 / 7)
        return Footage(entries, (lambda height, width: (side, side)) if self.config.data.cache else None)

    def dataset(self, footage: Footage, vocabulary: GlossVocabulary, train: bool) -> Dataset:
        return PosedFeeder(footage, self.corpus.keypoints, vocabulary, self.config.augment, self.architecture, train)

    def untimed(self, footage: Footage, vocabulary: GlossVocabulary, train: bool) -> Dataset:
        return PosedFeeder(footage, self.corpus.keypoints, vocabulary, replace(self.config.augment, speed=(1.0, 1.0)),
                           self.architecture, train)

    def collate(self, network: nn.Module) -> Callable[[List[Any]], Batch]:
        return collate_posed

    def inputs(self, batch: Batch, device: torch.device) -> Tuple[Tensor, ...]:
        assert isinstance(batch, PosedBatch)
        a = self.architecture
        frames, keypoints = (tensor.to(device, non_blocking=True) for tensor in batch.tensors)
        frames = frames.flip(2).float().div_(255).sub_(a["mean"]).div_(a["std"])
        # A crop of the maps is the maps of keypoints counted from the crop's corner.
        maps = torch.stack([gaussian_maps(clip[:, POINTS], crop, a["pose_size"], a["sigma"])
                            for clip, crop in zip(keypoints, batch.crops)])
        return frames.transpose(1, 2), maps.sub_(a["mean"]).div_(a["std"])

    def losses(self, outputs: Dict[str, Tensor], batch: Batch) -> Tuple[Tensor, Terms]:
        return twostream_losses(outputs, batch.labels, batch.label_lengths, self.config.loss)

    def clip(self, footage: Footage, index: int) -> Clip:
        clip = super().clip(footage, index)
        return replace(clip, keypoints=KeypointStore(self.corpus.keypoints).read(clip.seq_id, len(clip)))


class MSKAProtocol(Protocol):
    """Frames are counted, and shown in the maps; nothing is read from them."""

    Augment = MSKAAugment
    Loss = MSKAWeights
    states = ("model", "optimizer", "scheduler")

    def vocabulary(self) -> GlossVocabulary:
        return self.corpus.file_vocabulary("mska")

    def footage(self, entries: Sequence[Entry]) -> Footage:
        return Footage(entries)

    def dataset(self, footage: Footage, vocabulary: GlossVocabulary, train: bool) -> Dataset:
        return PointFeeder(footage, self.corpus, vocabulary, self.config.augment, self.architecture, train)

    def collate(self, network: nn.Module) -> Callable[[List[Any]], Batch]:
        return collate_points

    def inputs(self, batch: Batch, device: torch.device) -> Tuple[Tensor, ...]:
        return (batch.tensors[0].to(device, non_blocking=True),)

    def losses(self, outputs: Dict[str, Tensor], batch: Batch) -> Tuple[Tensor, Terms]:
        return mska_losses(outputs, batch.labels, batch.label_lengths, self.config.loss)

    def clip(self, footage: Footage, index: int) -> Clip:
        clip = super().clip(footage, index)
        return replace(clip, keypoints=KeypointStore(self.corpus.keypoints).read(clip.seq_id, len(clip)))


class MambaProtocol(SlowFastProtocol):
    """The vocabulary and the footage are SlowFastSign's."""

    Augment = MambaAugment
    Loss: Type[Any] = MambaWeights
    states = ("module", "optimizer", "lr_scheduler")
    scales = False

    def dataset(self, footage: Footage, vocabulary: GlossVocabulary, train: bool) -> Dataset:
        return MambaFeeder(footage, vocabulary, self.config.augment, self.architecture, train,
                           self.config.data.frame_interval)

    def collate(self, network: nn.Module) -> Callable[[List[Any]], Batch]:
        return collate_frames

    def inputs(self, batch: Batch, device: torch.device) -> Tuple[Tensor, ...]:
        return (batch.tensors[0].to(device, non_blocking=True).transpose(1, 2),)    # [B, 3, T, H, W]

    def losses(self, outputs: Dict[str, Tensor], batch: Batch) -> Tuple[Tensor, Terms]:
        return mamba_losses(outputs, batch.labels, batch.label_lengths, self.config.loss)

    def parameters(self, network: nn.Module) -> Iterable[Any]:
        optimizer = self.config.optimizer
        return layer_decayed(network, self.architecture["depth"], optimizer.weight_decay, optimizer.layer_decay)


PROTOCOLS: Dict[str, Type[Protocol]] = {
    "slowfast": SlowFastProtocol,
    "twostream": TwoStreamProtocol,
    "vac": VACProtocol,
    "corrnet": VACProtocol,
    "corrnetplus": LiftProtocol,
    "sen": VACProtocol,
    "tlp": LiftProtocol,
    "signgraph": SignGraphProtocol,
    "swin": VACProtocol,
    "mamba": MambaProtocol,
    "mska": MSKAProtocol,
}


def find_protocol(architecture: Dict[str, Any]) -> Type[Protocol]:
    model = architecture.get("model")
    if model not in PROTOCOLS:
        raise UserError(f"model.architecture: it says model: {model}; choose from {', '.join(PROTOCOLS)}")
    return PROTOCOLS[model]
