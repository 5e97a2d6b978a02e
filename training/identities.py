"""Trains embedders: pictures of known people, a margin between them, and others found again as the measure."""
import logging
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from datasets.market import Shot, market
from datasets.pictures import picture_clip, read_picture
from models.embedder import Embedder, embed
from models.registry import create_embedder
from results.retrieval import Retrieval, retrieval, similarities
from terminal.errors import UserError
from training import checkpointing
from training.checkpointing import BEST, LAST
from training.distributed import Process
from training.recipe import Config, write_recipe
from training.schedules import make_optimizer, make_schedule
from training.seeding import EpochOrder, seed_everything, seed_worker

log = logging.getLogger("training")

STATES = ("state_dict_backbone", "state_optimizer", "state_lr_scheduler")     # as ArcFace's authors call them


@dataclass(frozen=True)
class PictureAugment:
    flip: float = 0.5           # probability of a mirror image


@dataclass(frozen=True)
class MarginWeights:
    scale: float = 64.0         # what cosines are multiplied by
    margin: float = 0.5         # radians by which a picture must be nearer to its own person than to the others


class IdentityProtocol:
    """What a recipe of an embedder can say beyond the common parts."""

    Augment = PictureAugment
    Loss = MarginWeights
    states = STATES


class Margin(nn.Module):
    """A direction for each person; the loss is a softmax over cosines, the true one's angle made wider by a margin."""

    def __init__(self, people: int, length: int, weights: MarginWeights) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(people, length) * 0.01)
        self.scale, self.margin = weights.scale, weights.margin

    def forward(self, embeddings: Tensor, people: Tensor) -> Tensor:
        """[B, D], [B] -> the mean loss"""
        cosines = F.linear(F.normalize(embeddings), F.normalize(self.weight)).clamp(-1 + 1e-6, 1 - 1e-6)
        own = torch.arange(len(people)), people
        # Beyond pi - margin a wider angle would be rewarded: there the margin is left out.
        wider = torch.cos(torch.acos(cosines[own]) + self.margin)
        logits = cosines.clone()
        logits[own] = torch.where(cosines[own] > math.cos(math.pi - self.margin), wider, cosines[own])
        return F.cross_entropy(self.scale * logits, people)


class Pictures(Dataset):
    def __init__(self, shots: Sequence[Shot], embedder: Embedder, flip: float) -> None:
        self.shots, self.embedder, self.flip = shots, embedder, flip
        names = sorted({shot.identity for shot in shots})
        self.numbers = {name: number for number, name in enumerate(names)}

    def __len__(self) -> int:
        return len(self.shots)

    def __getitem__(self, index: int) -> Tuple[Tensor, int]:
        """float32 [3, h, w] as in evaluation, perhaps mirrored; the person's number"""
        shot = self.shots[index]
        pixels = self.embedder.pixels(read_picture(shot.path))[0]
        mirrored = bool(torch.rand(()) < self.flip)
        return pixels.flip(2) if mirrored else pixels, self.numbers[shot.identity]


class IdentityTrainer:
    def __init__(self, config: Config, architecture: Dict[str, Any], root: Path, out: Path, process: Process) -> None:
        if process.world > 1:
            raise UserError("embedders are trained in one process; leave torchrun out")
        self.config, self.architecture, self.out, self.process = config, architecture, out, process
        seed_everything(config.trainer.seed)
        self.embedder = create_embedder(architecture).to(process.device)
        self.pictures = Pictures(market(root, "train"), self.embedder, config.augment.flip)
        self.queries, self.gallery = market(root, "query"), market(root, "gallery")
        self.margin = Margin(len(self.pictures.numbers), architecture["embedding"], config.loss).to(process.device)
        self.batches = len(self.pictures) // config.data.batch_size
        if not self.batches:
            raise UserError(f"{root}: {len(self.pictures)} pictures to train on, less than one batch of "
                            f"{config.data.batch_size}; lower data.batch_size")
        learnt = [p for p in (*self.embedder.network.parameters(), *self.margin.parameters()) if p.requires_grad]
        self.optimizer = make_optimizer(config.optimizer, learnt)
        self.schedule = make_schedule(config.schedule, self.optimizer, config.trainer.epochs, self.batches)
        self.learnt: List[nn.Parameter] = learnt
        self.epoch, self.best = 0, -1.0

    def run(self) -> float:
        """All epochs that are left. Gives the best mAP."""
        trainer = self.config.trainer
        while self.epoch < trainer.epochs:
            started = time.time()
            seed_everything(trainer.seed, self.epoch)
            mean = self._train_epoch()
            self.epoch += 1
            words = f"epoch {self.epoch}/{trainer.epochs}: loss {mean:.4f}, {time.time() - started:.0f} s"
            if self.epoch % trainer.eval_every == 0 or self.epoch == trainer.epochs:
                ranks = self.find_again()
                words += (f", mAP {100 * ranks.mean_precision:.1f}%, rank 1 {100 * ranks.cmc[0]:.1f}% "
                          f"of {ranks.queries} queries")
                if ranks.mean_precision > self.best:
                    self.best = ranks.mean_precision
                    checkpointing.save(self.out / BEST, self.state())
            log.info("%s", words)
            checkpointing.save(self.out / LAST, self.state())
        return self.best

    def _train_epoch(self) -> float:
        self.embedder.train()
        data, device = self.config.data, self.process.device
        order = EpochOrder(len(self.pictures), self.config.trainer.seed, self.epoch)
        generator = torch.Generator().manual_seed(torch.initial_seed())
        loader = DataLoader(self.pictures, data.batch_size, sampler=order, num_workers=data.workers, drop_last=True,
                            worker_init_fn=seed_worker, generator=generator)
        total = 0.0
        for pixels, people in tqdm(loader, f"epoch {self.epoch + 1}", disable=None, leave=False):
            loss = self.margin(self.embedder.network(pixels.to(device)), people.to(device))
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            if self.config.trainer.clip:
                nn.utils.clip_grad_norm_(self.learnt, self.config.trainer.clip)
            self.optimizer.step()
            self.schedule.step()
            if not math.isfinite(loss.item()):
                raise UserError(f"the loss is {loss.item()} in epoch {self.epoch + 1}; lower optimizer.lr")
            total += loss.item()
        return total / self.batches

    def find_again(self) -> Retrieval:
        """The queries of the data among its gallery."""
        self.embedder.eval()
        queries, gallery = ([(shot.identity, shot.camera) for shot in shots] for shots in (self.queries, self.gallery))
        embeddings = [embed(self.embedder, [picture_clip(shot.path) for shot in shots], 32).numpy()
                      for shots in (self.queries, self.gallery)]
        return retrieval(similarities(*embeddings), queries, gallery)

    def state(self) -> Dict[str, Any]:
        network, optimizer, schedule = STATES
        return {
            "epoch": self.epoch, network: self.embedder.network.state_dict(),
            "state_dict_softmax_fc": self.margin.state_dict(), optimizer: self.optimizer.state_dict(),
            schedule: self.schedule.state_dict(), "architecture": self.architecture, "training": {"best": self.best},
        }

    def resume(self, path: Path) -> None:
        content = checkpointing.load(path)
        with checkpointing.resuming(path):
            self._resume(path, content)
        log.info("resumed %s after epoch %d, best mAP %.1f%%", path, self.epoch, 100 * self.best)

    def _resume(self, path: Path, content: Dict[str, Any]) -> None:
        if content["architecture"] != self.architecture:
            raise UserError(f"{path}: of another architecture; resume with the recipe it was trained with")
        network, optimizer, schedule = STATES
        self.embedder.network.load_state_dict(content[network])
        self.margin.load_state_dict(content["state_dict_softmax_fc"])
        checkpointing.load_state(self.optimizer, content[optimizer])
        checkpointing.load_state(self.schedule, content[schedule])
        self.epoch, self.best = content["epoch"], content["training"]["best"]
        checkpointing.check_progress(self.epoch, self.best)


def start(config: Config, architecture: Dict[str, Any], root: Path, out: Path, process: Process,
          resume: bool) -> IdentityTrainer:
    checkpointing.check_free(out, resume)
    trainer = IdentityTrainer(config, architecture, root, out, process)
    log.info("%s: %.2f million parameters, %d people on %d pictures", trainer.embedder.title,
             sum(p.numel() for p in trainer.embedder.network.parameters()) / 1e6, len(trainer.pictures.numbers),
             len(trainer.pictures))
    if resume:
        trainer.resume(out / LAST)
    else:
        recipe = {name: asdict(part) for name, part in vars(config).items() if part is not None}
        recipe["optimizer"]["betas"] = list(recipe["optimizer"]["betas"])
        recipe["schedule"]["milestones"] = list(recipe["schedule"]["milestones"])
        write_recipe(out, recipe)
    return trainer
