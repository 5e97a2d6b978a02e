import copy
import errno
import math
import os
import subprocess
import sys
from itertools import chain
from pathlib import Path
from typing import Any, Iterator, List, Tuple

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import train
from models.registry import build
from terminal.errors import UserError
from tests.kit.tiers import first, full
from tests.kit.training import differing, make_trainer, write_data, write_recipe
from training import checkpointing
from training.checkpointing import BEST, LAST
from training.trainer import Trainer


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("workspace"))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def stop_in_epoch(trainer: Trainer, epoch: int) -> None:
    """As if killed after some steps of that epoch."""
    original = trainer._step

    def step(*arguments: Any) -> None:
        original(*arguments)
        if trainer.epoch + 1 == epoch:
            raise KeyboardInterrupt

    trainer._step = step      # type: ignore[method-assign,assignment]


@pytest.mark.parametrize("settings", first([
    [("trainer.accumulate", "2"), ("schedule.name", "onecycle")],
    [("data.workers", "2"), ("optimizer.name", "adamw")]]))
def test_interrupted_and_resumed_equals_uninterrupted(data: Path, tmp_path: Path,
                                                      settings: List[Tuple[str, str]]) -> None:
    recipe = write_recipe(tmp_path)
    overrides = ("trainer.epochs", "2", "data.batch_size", "1", "trainer.clip", "1.0", *chain(*settings))
    make_trainer(data, tmp_path / "whole", recipe, overrides).run()
    killed = make_trainer(data, tmp_path / "killed", recipe, overrides)
    stop_in_epoch(killed, 2)
    with pytest.raises(KeyboardInterrupt):
        killed.run()
    make_trainer(data, tmp_path / "killed", recipe, overrides, resume=True).run()
    whole, resumed = (checkpointing.load(tmp_path / name / LAST) for name in ("whole", "killed"))
    assert differing(whole, resumed) == []
    assert whole["epoch"] == 2


@pytest.mark.parametrize("model", first(["slowfast", "twostream", "corrnet", "vac", "smkd", "corrnetplus", "sen", "tlp",
                                         "signgraph", "swin", "mska"]))
def test_what_is_trained_loads_as_it_is(data: Path, tmp_path: Path, model: str) -> None:
    trainer = make_trainer(data, tmp_path / "out", write_recipe(tmp_path, model))
    trainer.run()
    readings = trainer.read()
    recogniser = build(trainer.recogniser.name, tmp_path / "out" / LAST)
    assert recogniser.vocabulary.names == trainer.recogniser.vocabulary.names
    trainer.recogniser = recogniser
    assert trainer.read() == readings


@full
@pytest.mark.parametrize("model", ["corrnetplus", "signgraph"])
def test_two_epochs_resumed_are_two_epochs_unbroken(data: Path, tmp_path: Path, model: str) -> None:
    recipe = write_recipe(tmp_path, model)
    make_trainer(data, tmp_path / "whole", recipe).run()
    killed = make_trainer(data, tmp_path / "killed", recipe)
    stop_in_epoch(killed, 2)
    with pytest.raises(KeyboardInterrupt):
        killed.run()
    make_trainer(data, tmp_path / "killed", recipe, resume=True).run()
    whole, resumed = (checkpointing.load(tmp_path / name / LAST) for name in ("whole", "killed"))
    assert differing(whole, resumed) == [] and whole["epoch"] == 2


@full
def test_training_lowers_the_loss(data: Path, tmp_path: Path) -> None:
    trainer = make_trainer(data, tmp_path, write_recipe(tmp_path), ("optimizer.lr", "0.003"))
    first = trainer._train_epoch()
    for _ in range(7):
        last = trainer._train_epoch()
    assert last < 0.7 * first


def test_bad_losses_are_skipped_and_counted_and_stop_the_run(data: Path, tmp_path: Path) -> None:
    trainer = make_trainer(data, tmp_path, write_recipe(tmp_path), ("trainer.bad_losses", "4"))
    before = {name: value.clone() for name, value in trainer.network.named_parameters()}
    losses = trainer.protocol.losses

    def bad(outputs: Any, batch: Any) -> Any:
        total, terms = losses(outputs, batch)
        return total * math.nan, terms

    trainer.protocol.losses = bad      # type: ignore[method-assign]
    with pytest.raises(UserError, match="4 NaN or infinite losses"):
        trainer.run()
    assert all(torch.equal(before[name], value) for name, value in trainer.network.named_parameters())


def test_frames_kept_in_memory_train_the_same(data: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path)
    for name in ("false", "true"):
        make_trainer(data, tmp_path / name, recipe, ("data.cache", name, "trainer.epochs", "1")).run()
    kept, read = (checkpointing.load(tmp_path / name / LAST)["model_state_dict"] for name in ("true", "false"))
    assert differing(kept, read) == []


def test_best_weights_are_those_of_the_lowest_dev_wer(data: Path, tmp_path: Path) -> None:
    trainer = make_trainer(data, tmp_path, write_recipe(tmp_path))
    best = trainer.run()
    assert checkpointing.load(tmp_path / BEST)["training"]["best"] == best
    assert "train" not in (tmp_path / "dev.hypotheses.txt").read_text()


def test_a_save_that_fails_leaves_the_checkpoint_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / LAST
    checkpointing.save(path, {"architecture": {}, "training": {}, "epoch": 1})

    def full_disk(content: Any, file: Any) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full_disk)
    with pytest.raises(OSError, match="No space"):
        checkpointing.save(path, {"epoch": 2})
    assert checkpointing.load(path)["epoch"] == 1


def test_resuming_another_architecture_is_refused(data: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path)
    make_trainer(data, tmp_path / "out", recipe, ("trainer.epochs", "1")).run()
    text = (tmp_path / "tiny.yaml").read_text()
    (tmp_path / "tiny.yaml").write_text(text.replace("hidden: 16", "hidden: 24"))
    with pytest.raises(UserError, match="another architecture: hidden is 16 there and 24 in the recipe"):
        make_trainer(data, tmp_path / "out", recipe, resume=True)


def test_a_file_from_before_a_key_came_was_built_as_published(data: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path)
    make_trainer(data, tmp_path / "out", recipe, ("trainer.epochs", "1")).run()
    content = checkpointing.load(tmp_path / "out" / LAST)
    for key, fits in (("alpha", True), ("hidden", False)):
        del content["architecture"][key]
        torch.save(content, tmp_path / "out" / LAST)
        if fits:
            assert make_trainer(data, tmp_path / "out", recipe, resume=True).epoch == 1
        else:
            with pytest.raises(UserError, match="hidden is 1024 there and 16 in the recipe"):
                make_trainer(data, tmp_path / "out", recipe, resume=True)


def test_a_run_is_not_written_over(data: Path, tmp_path: Path) -> None:
    make_trainer(data, tmp_path, write_recipe(tmp_path), ("trainer.epochs", "1")).run()
    with pytest.raises(UserError, match="--resume"):
        make_trainer(data, tmp_path, write_recipe(tmp_path))


def test_weights_of_another_vocabulary_are_refused(data: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path)
    make_trainer(data, tmp_path / "first", recipe, ("trainer.epochs", "1")).run()
    weights = ("model.weights", str(tmp_path / "first" / LAST))
    make_trainer(data, tmp_path / "tuned", recipe, weights)
    vocabulary = ("model.vocabulary", str(data / "annotations" / "manual" / "gloss2ids.pkl"))
    with pytest.raises(UserError, match="trained with 4 classes, the vocabulary of the data has 5"):
        make_trainer(data, tmp_path / "other", recipe, (*weights, *vocabulary))


def test_a_trunk_brings_all_but_what_names_glosses(data: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path)
    make_trainer(data, tmp_path / "first", recipe, ("trainer.epochs", "1")).run()
    trunk = ("model.trunk", str(tmp_path / "first" / BEST))
    vocabulary = ("model.vocabulary", str(data / "annotations" / "manual" / "gloss2ids.pkl"))
    trained = checkpointing.load(tmp_path / "first" / BEST)["model_state_dict"]
    for other in ((), vocabulary):              # the same classes get new classifiers too: their order may be another
        fresh = make_trainer(data, tmp_path / "fresh", recipe, other).recogniser.network.state_dict()
        tuned = make_trainer(data, tmp_path / "tuned", recipe, (*trunk, *other)).recogniser.network.state_dict()
        new = {key for key, value in tuned.items() if key not in trained or not torch.equal(value, trained[key])}
        assert new and all(torch.equal(tuned[key], fresh[key]) for key in new)
        assert {key.split(".")[0] for key in new} <= {"classifier", "conv1d"}, new
    with pytest.raises(UserError, match="model.trunk: has no effect together with model.weights"):
        make_trainer(data, tmp_path / "both", recipe, (*trunk, "model.weights", trunk[1]))


def test_command_reports_a_mistake_in_one_line(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = write_recipe(tmp_path)
    arguments = ["-c", str(recipe), "--data-root", str(data), "--out", str(tmp_path / "out"), "--override"]
    assert train.main([*arguments, "data.train", "tran"]) == 2
    assert "no corpus for split 'tran'" in capsys.readouterr().err
    assert train.main([*arguments, "trainer.epoch", "1"]) == 2
    assert "did you mean epochs?" in capsys.readouterr().err


@full
def test_two_processes_train_one_network(data: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, "corrnetplus")         # some of its parameters never run
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2",
               str(Path(train.__file__)), "-c", str(recipe), "--data-root", str(data), "--device", "cpu", "--out",
               str(tmp_path / "out"), "--override", "data.batch_size", "1", "trainer.accumulate", "2"]
    done = subprocess.run(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    log = (tmp_path / "out" / "train.log").read_text()
    assert "on cpu x 2" in log and log.count("dev WER") == 2
    content = checkpointing.load(tmp_path / "out" / LAST)
    # 6 clips are 3 batches of 1 in each process: 2 steps an epoch.
    assert content["training"]["step"] == 4
    assert all("module." not in key for key in content["model_state_dict"])


@pytest.mark.parametrize("workers", first(["0", "1"]))
def test_a_broken_frame_is_one_line(tmp_path: Path, workers: str, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_data(tmp_path / "data", clips=2)
    frame = sorted((data / "features").glob("fullFrame-256x256px/train/train-1/1/*.png"))[3]
    frame.write_bytes(frame.read_bytes()[:100])
    assert train.main(["-c", str(write_recipe(tmp_path)), "--data-root", str(data), "--out", str(tmp_path / "out"),
                       "--device", "cpu", "--override", "data.workers", workers]) == 2
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert line.startswith(f"train.py: {frame}: broken or truncated image")


def test_cam_grids_of_dev_clips_are_shown(data: Path, tmp_path: Path) -> None:
    trainer = make_trainer(data, tmp_path, write_recipe(tmp_path), ("trainer.cam_every", "2", "trainer.cam_clips", "1"))
    trainer.run()
    events = EventAccumulator(str(tmp_path / "tensorboard"), size_guidance={"images": 0}).Reload()
    assert events.Tags()["images"] == ["cam/dev-0"]
    (shown,) = events.Images("cam/dev-0")
    assert (shown.step, shown.width, shown.height) == (2, 8 * 32, 5 * 32)
    assert {"dev/WER", "train/learning rate", "train/loss", "epoch/SeqCTC/main"} <= set(events.Tags()["scalars"])


DAMAGE = {
    "an epoch in words": lambda c: c.update(epoch="two"), "an epoch below 0": lambda c: c.update(epoch=-1),
    "no training": lambda c: c.update(training=[]), "a best in words": lambda c: c["training"].update(best="x"),
    "a step that is none": lambda c: c["training"].update(step=None),
    "no architecture": lambda c: c.update(architecture=[1]),
    "a vocabulary of numbers": lambda c: c.update(vocabulary=3),
    "weights as a list": lambda c: c.update(model_state_dict=[1]),
    "an optimiser of text": lambda c: c.update(optimizer_state_dict="x"),
    "a rate in words": lambda c: c["optimizer_state_dict"]["param_groups"][0].update(lr="fast"),
    "moments of another shape": lambda c: c["optimizer_state_dict"]["state"][0].update(exp_avg=torch.zeros(3, 5)),
    "moments in words": lambda c: c["optimizer_state_dict"]["state"][0].update(exp_avg="x"),
    "a schedule of numbers": lambda c: c.update(scheduler_state_dict=7),
    "a schedule's epoch in words": lambda c: c["scheduler_state_dict"].update(last_epoch="x"),
}


@full
def test_a_state_that_was_changed_is_one_line(data: Path, tmp_path: Path) -> None:
    trainer = make_trainer(data, tmp_path / "out", write_recipe(tmp_path), ("trainer.epochs", "1", "data.workers", "0"))
    trainer.run()
    whole = torch.load(tmp_path / "out" / "last.pt", weights_only=False)
    for name, change in DAMAGE.items():
        content = copy.deepcopy(whole)
        change(content)
        torch.save(content, tmp_path / "last.pt")
        with pytest.raises(UserError, match=r"last\.pt") as error:
            trainer.resume(tmp_path / "last.pt")
        assert "\n" not in str(error.value), name


@pytest.mark.parametrize("there, words", [(False, "the same command starts over"), (True, "--resume continues")])
def test_the_advice_on_a_full_disk_is_one_that_can_be_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                               capsys: pytest.CaptureFixture[str], there: bool,
                                                               words: str) -> None:
    def full(_args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(train, "train", full)
    if there:
        (tmp_path / LAST).touch()
    assert train.main(["-c", "configs/train_slowfast.yaml", "--out", str(tmp_path)]) == 1
    line, = capsys.readouterr().err.splitlines()
    assert "the disk is full" in line and words in line
