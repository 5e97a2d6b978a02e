"""The training loop. It knows no model: protocols and recognisers bring what differs."""
import logging
import math
import time
from pathlib import Path
from typing import Any, Dict, List, Optional

import torch
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from models.checkpoint import AVERAGED
from models.plain_layout import guard
from models.recogniser import Recogniser
from terminal.errors import UserError
from training import checkpointing
from training.averaging import RunningAverage
from training.batches import Batch
from training.checkpointing import BEST, LAST
from training.curriculum import lengths_reached
from training.distributed import Process
from training.engines import Engine
from training.evaluation import Reading, score, write_hypotheses
from training.losses import Terms
from training.protocols import Protocol
from training.recipe import Config
from training.samples import Samples
from training.schedules import make_optimizer, make_schedule
from training.seeding import seed_everything
from training.watching import Watch, Watched

log = logging.getLogger("training")


class Trainer:
    def __init__(self, config: Config, protocol: Protocol, recogniser: Recogniser, out: Path, process: Process,
                 watched: Optional[Watched] = None) -> None:
        self.config, self.protocol, self.recogniser, self.out, self.process = config, protocol, recogniser, out, process
        data, trainer = config.data, config.trainer
        self.samples = Samples(config, protocol, recogniser, process)
        self.watch = (Watch(watched, protocol, recogniser, self.samples.dev) if watched is not None and process.first
                      else None)
        recogniser.to(process.device)
        guard(recogniser.network)
        self.optimizer = make_optimizer(config.optimizer, protocol.parameters(recogniser.network),
                                        data.batch_size * trainer.accumulate * process.world)
        self.schedule = make_schedule(config.schedule, self.optimizer, trainer.epochs, self.samples.steps)
        self.engine = self._engine()
        self.network: nn.Module = self.engine.network
        self.average = RunningAverage(recogniser.network, trainer.ema) if trainer.ema else None
        self.epoch = 0              # epochs done
        self.step = 0               # optimiser steps done
        self.best = math.inf        # dev WER
        self.bad_losses = 0
        self.board: Optional[SummaryWriter] = None
        self.bars = None if process.first else True   # tqdm's disable: None is where the output is no terminal

    def _engine(self) -> Engine:
        config, network = self.config, self.recogniser.network
        if config.trainer.deepspeed:
            from training.deepspeed_engine import DeepSpeedEngine

            return DeepSpeedEngine(network, self.optimizer, config.trainer, self.process, config.data.batch_size)
        idle = self.recogniser.rests or any(not getattr(config.loss, name) for name in config.loss.__dataclass_fields__)
        return Engine(network, self.optimizer, config.trainer, self.process, idle)

    def run(self) -> float:
        """All epochs that are left. Gives the best dev WER."""
        if self.config.data.cache:
            self.samples.keep(self.bars)
        if self.process.first:
            self.board = SummaryWriter(str(self.out / "tensorboard"), purge_step=self.step + 1)
        config = self.config.trainer
        while self.epoch < config.epochs:
            started = time.time()
            seed_everything(config.seed, self.epoch, self.process.rank)
            with self.protocol.running():
                mean = self._train_epoch()
            self.engine.collect()
            self.epoch += 1
            words = f"epoch {self.epoch}/{config.epochs}: loss {mean:.4f}, {time.time() - started:.0f} s"
            if self.epoch % config.eval_every == 0 or self.epoch == config.epochs:
                words += ", " + self._evaluate() + self._look()
            log.info("%s", words)
            if config.cam_every and self.epoch % config.cam_every == 0:
                self._draw_cams()
            if self.process.first:
                checkpointing.save(self.out / LAST, self.state())
            self.process.wait()
        if self.board is not None:
            self.board.close()
        return self.best

    def _train_epoch(self) -> float:
        """Gives the mean loss of the batches that counted."""
        self.network.train()
        accumulate, device = self.config.trainer.accumulate, self.process.device
        sums: Dict[str, Tensor] = {}
        counted, spoiled = 0, False
        loader = self.samples.loader(True, self.epoch)
        progress = tqdm(loader, f"epoch {self.epoch + 1}", disable=self.bars, leave=False)
        for number, batch in enumerate(progress):
            first = number // accumulate * accumulate
            group = min(accumulate, self.samples.batches - first)
            ends = number + 1 == first + group
            with self.engine.together(ends):
                outputs = self.engine.forward(*self.protocol.inputs(batch, device), batch.lengths.to(device))
                total, terms = self.protocol.losses(outputs, batch)
                self.engine.backward(total / group)
                bad = self.process.any(not bool(torch.isfinite(total)))     # a card is waited for only here
            if bad:
                spoiled = True
                self._count_bad(batch)
            else:
                counted += 1
                for name, term in {"loss": total, **terms}.items():
                    sums[name] = sums.get(name, torch.zeros((), device=device)) + term.detach()
                if self.process.first and number % 10 == 0:
                    progress.set_postfix(loss=f"{total.item():.3f}")
            if ends:
                self._step(spoiled, total, terms)
                spoiled = False
        means = {name: value.item() / max(counted, 1) for name, value in sums.items()}
        if self.board is not None:
            for name, mean in means.items():
                self.board.add_scalar(f"epoch/{name}", mean, self.epoch + 1)
        return means.get("loss", math.nan)

    def _count_bad(self, batch: Batch) -> None:
        self.bad_losses += 1
        log.warning("NaN or infinite loss, number %d, on %s with %s frames and %s glosses: step skipped",
                    self.bad_losses, ", ".join(batch.names), batch.lengths.tolist(), batch.label_lengths.tolist())
        if self.bad_losses >= self.config.trainer.bad_losses:
            raise UserError(f"{self.bad_losses} NaN or infinite losses; stopped. The last complete epoch is in "
                            f"{self.out / LAST}; lower optimizer.lr, or drop the clips that {self.out}/train.log names")

    def _step(self, spoiled: bool, total: Tensor, terms: Terms) -> None:
        """A step of the optimiser and the schedule, unless a bad loss is among the gradients."""
        if not spoiled:
            self.engine.step()
            self.schedule.step()
            if self.average is not None:
                self.average.update(self.engine.live)
        self.optimizer.zero_grad(set_to_none=True)
        if self.board is not None and not spoiled and self.step % 10 == 0:
            self.board.add_scalar("train/learning rate", self.optimizer.param_groups[0]["lr"], self.step)
            for name, term in {"loss": total, **terms}.items():
                self.board.add_scalar(f"train/{name}", term.item(), self.step)
            self._draw_curriculum(self.board)
        self.step += 1

    def _draw_curriculum(self, board: SummaryWriter) -> None:
        if self.samples.curriculum is None:
            return
        stage = self.samples.curriculum.at(self.step)
        for name, value in stage._asdict().items():
            board.add_scalar(f"curriculum/{name}", value, self.step)
        board.add_scalar("curriculum/clips", lengths_reached(self.samples.lengths, stage), self.step)

    def _evaluate(self) -> str:
        """Reads the dev split, keeps the best weights. Gives a line for the log."""
        readings = self.read()
        counts = score(readings, self.protocol.corpus.rule)
        averaged = self._evaluate_average()
        if self.board is not None:
            self.board.add_scalar("dev/WER", counts.percent, self.epoch)
        better = counts.percent < self.best
        self.best = min(self.best, counts.percent)
        if better and self.process.first:
            write_hypotheses(self.out / f"{self.config.data.dev}.hypotheses.txt", readings, self.protocol.corpus.rule)
            checkpointing.save(self.out / BEST, self.state())
        return (f"dev WER {counts.percent:.2f}% (sub {counts.substitutions}, ins {counts.insertions}, "
                f"del {counts.deletions} of {counts.reference}), best {self.best:.2f}%{averaged}")

    def _evaluate_average(self) -> str:
        """How the averaged weights read the dev split; they are kept beside the others, and never chosen for that."""
        if self.average is None:
            return ""
        self.average.swap()
        try:
            percent = score(self.read(), self.protocol.corpus.rule).percent
        finally:
            self.average.swap()
        if self.board is not None:
            self.board.add_scalar("dev/WER of the average", percent, self.epoch)
        return f", of the averaged weights {percent:.2f}%"

    @torch.no_grad()
    def read(self) -> List[Reading]:
        """The dev split, in its order."""
        with self.protocol.running():
            return self._read()

    def _read(self) -> List[Reading]:
        self.recogniser.eval()
        beam = self.config.trainer.beam or None
        truths = {entry.seq_id: entry.glosses for entry in self.samples.dev.entries}
        readings = []
        for batch in tqdm(self.samples.loader(False, self.epoch), "dev", disable=self.bars, leave=False):
            device = self.process.device
            with self.engine.autocast():
                outputs = self.recogniser.network(*self.protocol.inputs(batch, device), batch.lengths.to(device))
            for name, logits, steps in zip(batch.names, outputs["logits"], outputs["lengths"].tolist()):
                readings.append(Reading(name, truths[name], self.recogniser.decode(logits[:steps], beam)))
        return self.process.gather(readings)

    def _look(self) -> str:
        """What the epoch's network looks at, beside its WER."""
        if self.watch is None or self.board is None:
            return ""
        for name, value in self.watch.look().items():
            self.board.add_scalar(name, value, self.epoch)
        self.recogniser.network.zero_grad(set_to_none=True)
        return f", watched for {self.watch.seconds:.1f} s"

    def _draw_cams(self) -> None:
        from training.cam_grid import cam_grid

        if self.board is None:
            return
        self.recogniser.eval()
        for index in range(min(self.config.trainer.cam_clips, len(self.samples.dev.entries))):
            clip = self.protocol.clip(self.samples.dev, index)
            self.board.add_image(f"cam/{clip.seq_id}", cam_grid(self.recogniser, clip), self.epoch, dataformats="HWC")
        self.recogniser.network.zero_grad(set_to_none=True)

    def state(self) -> Dict[str, Any]:
        """The published keys, the network's build, and what only a resumed run needs."""
        model, optimizer, schedule = self.protocol.states
        averaged = {AVERAGED: self.average.state()} if self.average is not None else {}
        return {
            "epoch": self.epoch, model: self.recogniser.network.state_dict(), **averaged,
            optimizer: self.optimizer.state_dict(),
            schedule: self.schedule.state_dict(), "rng_state": checkpointing.rng_state(),
            "architecture": self.protocol.architecture, "vocabulary": list(self.recogniser.vocabulary.names),
            "training": {"step": self.step, "best": self.best, "bad_losses": self.bad_losses,
                         "scaler": self.engine.scaler.state_dict(), "seed": self.config.trainer.seed,
                         "epochs": self.config.trainer.epochs},
        }

    def resume(self, path: Path) -> None:
        content = checkpointing.load(path)
        with checkpointing.resuming(path):
            self._resume(path, content)
        log.info("resumed %s after epoch %d, best dev WER %.2f%%", path, self.epoch, self.best)

    def _resume(self, path: Path, content: Dict[str, Any]) -> None:
        checkpointing.check_same_network(path, content, self.protocol.architecture, self.recogniser.vocabulary)
        model, optimizer, schedule = self.protocol.states
        self.recogniser.network.load_state_dict(content[model])
        checkpointing.load_state(self.optimizer, content[optimizer])
        checkpointing.load_state(self.schedule, content[schedule])
        if self.average is not None:
            if AVERAGED not in content:
                raise UserError(f"{path}: trained without trainer.ema, so it has no average to continue with; "
                                "resume with the recipe it was trained with")
            self.average.load(content[AVERAGED])
        state = content["training"]
        checkpointing.check_progress(content["epoch"], state["step"], state["best"], state["bad_losses"])
        checkpointing.load_state(self.engine.scaler, state["scaler"])
        self.engine.spread()
        self.epoch, self.step = content["epoch"], state["step"]
        self.best, self.bad_losses = state["best"], state["bad_losses"]
