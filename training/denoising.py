"""Trains restorers: crops under noise, and how much of it is taken off again."""
import logging
import math
import time
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from datasets.layout import Corpus
from files.workspace import find_input
from models.checkpoint import AVERAGED
from models.restorer import weight_of
from models.restorers import build_restorer, create_restorer
from terminal.errors import UserError
from training import checkpointing
from training.averaging import RunningAverage
from training.checkpointing import BEST, LAST
from training.crops import CropProtocol, Crops, gather
from training.distributed import Process
from training.engines import Engine
from training.recipe import Config, plain, write_recipe
from training.schedules import make_optimizer, make_schedule
from training.seeding import EpochOrder, seed_everything, seed_worker

log = logging.getLogger("training")
LOOKED_AT = 1024        # dev crops a measurement takes at most


class RestorerTrainer:
    def __init__(self, config: Config, architecture: Dict[str, Any], corpus: Corpus, out: Path,
                 process: Process) -> None:
        _check(config)
        self.config, self.architecture, self.out, self.process = config, architecture, out, process
        data, trainer, augment = config.data, config.trainer, config.augment
        seed_everything(trainer.seed)
        self.restorer = create_restorer(architecture)
        if config.model.weights:
            self._start_from(find_input(config.model.weights))
        self.restorer.to(process.device)
        bars = None if process.first else True
        side = self.restorer.side
        crops = gather(corpus, data.train, data.frame_subdir, side + 2 * augment.shift, augment, trainer.seed, bars)
        self.crops = Crops(crops, augment.shift, augment.flip)
        dev = gather(corpus, data.dev, data.frame_subdir, side, augment, trainer.seed, bars)
        self.dev = torch.stack([Crops(dev, 0, 0)[row] for row in range(0, len(dev), -(-len(dev) // LOOKED_AT))])
        self.batches = len(self.crops) // process.world // data.batch_size
        if not self.batches:
            raise UserError(f"split {data.train} has {len(self.crops)} crops, less than one batch of {data.batch_size} "
                            f"for each of {process.world} processes; lower data.batch_size, or augment.every")
        self.optimizer = make_optimizer(config.optimizer, self.restorer.network.parameters(),
                                        data.batch_size * process.world)
        self.schedule = make_schedule(config.schedule, self.optimizer, trainer.epochs, self.batches)
        self.engine = Engine(self.restorer, self.optimizer, trainer, process)
        self.average = RunningAverage(self.restorer.network, trainer.ema) if trainer.ema else None
        self.epoch, self.best = 0, math.inf         # epochs done, dev loss
        self.board: Optional[SummaryWriter] = None

    def run(self) -> float:
        """All epochs that are left. Gives the best dev loss."""
        trainer = self.config.trainer
        if self.process.first:
            self.board = SummaryWriter(str(self.out / "tensorboard"), purge_step=self.epoch + 1)
        while self.epoch < trainer.epochs:
            started = time.time()
            seed_everything(trainer.seed, self.epoch, self.process.rank)
            mean = self._train_epoch()
            self.epoch += 1
            words = f"epoch {self.epoch}/{trainer.epochs}: loss {mean:.4f}, {time.time() - started:.0f} s"
            if self.epoch % trainer.eval_every == 0 or self.epoch == trainer.epochs:
                words += self._evaluate()
            log.info("%s", words)
            if self.board is not None:
                self.board.add_scalar("epoch/loss", mean, self.epoch)
            if self.process.first:
                checkpointing.save(self.out / LAST, self.state())
            self.process.wait()
        if self.board is not None:
            self.board.close()
        return self.best

    def _train_epoch(self) -> float:
        self.restorer.train()
        data, device = self.config.data, self.process.device
        order = EpochOrder(len(self.crops), self.config.trainer.seed, self.epoch, self.process.rank,
                           self.process.world)
        generator = torch.Generator().manual_seed(torch.initial_seed())
        loader = DataLoader(self.crops, data.batch_size, sampler=order, num_workers=data.workers, drop_last=True,
                            worker_init_fn=seed_worker, generator=generator)
        total = torch.zeros((), device=device)
        hidden = None if self.process.first else True
        for crops in tqdm(loader, f"epoch {self.epoch + 1}", disable=hidden, leave=False):
            loss = self._loss(crops.to(device), self._levels(len(crops)).to(device))
            self.optimizer.zero_grad(set_to_none=True)
            self.engine.backward(loss)
            self.engine.step()
            self.schedule.step()
            if self.average is not None:
                self.average.update(self.restorer.network)
            total += loss.detach()
        mean = float(total) / self.batches
        if not math.isfinite(mean):
            raise UserError(f"the loss is {mean} in epoch {self.epoch + 1}; lower optimizer.lr")
        return mean

    def _levels(self, count: int, generator: Optional[torch.Generator] = None) -> Tensor:
        levels = self.config.loss
        return (levels.middle + levels.spread * torch.randn(count, generator=generator)).exp()

    def _loss(self, crops: Tensor, sigma: Tensor, noise: Optional[Tensor] = None) -> Tensor:
        """Weighted so that the network's own task counts alike at all levels."""
        noise = torch.randn_like(crops) if noise is None else noise
        with self.engine.autocast():
            guess = self.engine.network(crops + sigma[:, None, None, None] * noise, sigma)
        return (weight_of(sigma) * (guess.float() - crops).square().mean((1, 2, 3))).mean()

    def _evaluate(self) -> str:
        loss = self._dev_loss()
        better = loss < self.best
        self.best = min(self.best, loss)
        if self.board is not None:
            self.board.add_scalar("dev/loss", loss, self.epoch)
        if better and self.process.first:
            checkpointing.save(self.out / BEST, self.state())
        which = " of the averaged weights" if self.average is not None else ""
        return f", dev loss{which} {loss:.4f}, best {self.best:.4f}"

    @torch.no_grad()
    def _dev_loss(self) -> float:
        """Always under the same noise."""
        self.restorer.eval()
        generator = torch.Generator().manual_seed(0)
        total, device = 0.0, self.process.device
        if self.average is not None:
            self.average.swap()
        try:
            for crops in self.dev.split(64):
                sigma, noise = self._levels(len(crops), generator), torch.randn(crops.shape, generator=generator)
                total += len(crops) * float(self._loss(crops.to(device), sigma.to(device), noise.to(device)))
        finally:
            if self.average is not None:
                self.average.swap()
        return total / len(self.dev)

    def state(self) -> Dict[str, Any]:
        network, optimizer, schedule = CropProtocol.states
        averaged = {AVERAGED: self.average.state()} if self.average is not None else {}
        return {
            "epoch": self.epoch, network: self.restorer.network.state_dict(), **averaged,
            optimizer: self.optimizer.state_dict(), schedule: self.schedule.state_dict(),
            "architecture": self.architecture,
            "training": {"best": self.best, "scaler": self.engine.scaler.state_dict()},
        }

    def _start_from(self, path: Path) -> None:
        trained = build_restorer(path)
        if trained.architecture != self.architecture:
            raise UserError(f"{path}: of another architecture than model.architecture "
                            f"{self.config.model.architecture}; give the one it was trained with")
        self.restorer.load_state_dict(trained.state_dict())
        log.info("weights from %s", path)

    def resume(self, path: Path) -> None:
        content = checkpointing.load(path)
        with checkpointing.resuming(path):
            self._resume(path, content)
        log.info("resumed %s after epoch %d, best dev loss %.4f", path, self.epoch, self.best)

    def _resume(self, path: Path, content: Dict[str, Any]) -> None:
        if content["architecture"] != self.architecture:
            raise UserError(f"{path}: of another architecture; resume with the recipe it was trained with")
        network, optimizer, schedule = CropProtocol.states
        self.restorer.network.load_state_dict(content[network])
        checkpointing.load_state(self.optimizer, content[optimizer])
        checkpointing.load_state(self.schedule, content[schedule])
        if self.average is not None:
            if AVERAGED not in content:
                raise UserError(f"{path}: trained without trainer.ema, so it has no average to continue with; "
                                "resume with the recipe it was trained with")
            self.average.load(content[AVERAGED])
        checkpointing.load_state(self.engine.scaler, content["training"]["scaler"])
        self.epoch, self.best = content["epoch"], content["training"]["best"]
        checkpointing.check_progress(self.epoch, self.best)


def start(config: Config, architecture: Dict[str, Any], corpus: Corpus, out: Path, process: Process,
          resume: bool) -> RestorerTrainer:
    checkpointing.check_free(out, resume)
    if not corpus.keypoints.is_file():
        raise UserError(f"{corpus.keypoints}: no such file; hands and faces are cut by keypoints; put them there")
    trainer = RestorerTrainer(config, architecture, corpus, out, process)
    log.info("%s: %.2f million parameters, %d training and %d dev crops, on %s x %d", architecture["model"],
             sum(p.numel() for p in trainer.restorer.parameters()) / 1e6, len(trainer.crops), len(trainer.dev),
             process.device, process.world)
    if resume:
        trainer.resume(out / LAST)
    elif process.first:
        write_recipe(out, plain(config))
    return trainer


def _check(config: Config) -> None:
    """UserError for what has no say in this training."""
    none: List[Tuple[str, Any, Any]] = [
        ("model.trunk", config.model.trunk, None), ("model.backbone", config.model.backbone, None),
        ("model.vocabulary", config.model.vocabulary, None), ("data.frame_interval", config.data.frame_interval, 1),
        ("data.image_scale", config.data.image_scale, 1), ("trainer.accumulate", config.trainer.accumulate, 1)]
    for key, value, rest in none:
        if value != rest:
            raise UserError(f"{key} {value}: has no effect when a restorer is trained; leave it out")
