import os
import subprocess
import sys
from pathlib import Path
from typing import Any, List, Tuple

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import train
from models.registry import CONFIGS
from terminal.errors import UserError
from tests.kit.tiers import full
from tests.kit.training import differing, make_trainer, write_data, write_recipe
from training import checkpointing
from training.checkpointing import LAST
from training.config import load_config
from training.curriculum import Curriculum, CurriculumConfig, Stage, at_strength
from training.feeder import SlowFastAugment
from training.feeder_mamba import MambaAugment
from training.feeder_mska import MSKAAugment
from training.feeder_twostream import TwoStreamAugment
from training.seeding import EpochOrder
from training.staged import StagedOrder

OVERRIDES = ("trainer.epochs", "3", "data.batch_size", "1", "trainer.accumulate", "2", "curriculum.frame_interval",
             "[[0, 3], [2, 1]]", "curriculum.strength", "[[0, 0], [1, 0.5], [2, 1]]", "curriculum.longest",
             "[[0, 31], [2, 0]]", "curriculum.short_first", "1")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Training clips of 30 to 35 frames."""
    root = write_data(tmp_path_factory.mktemp("workspace"), clips=6, frames=35)
    for number in range(6):
        for frame in range(30 + number, 35):
            (root / f"features/fullFrame-256x256px/train/train-{number}/1/{frame:04d}.png").unlink()
    return root


def make(**lists: Any) -> Curriculum:
    return Curriculum(CurriculumConfig(**lists), 2, 10, 4)


def test_a_value_holds_from_its_entry_on_and_before_it_the_recipes_own() -> None:
    made = make(frame_interval=((1.0, 4.0), (3.0, 1.0)), longest=((0.0, 50.0), (5.0, 0.0)), strength=((2.0, 0.25),))
    assert [made.at(4 * epoch) for epoch in (0, 1, 2, 3, 9)] == [
        Stage(2, 50, 1), Stage(4, 50, 1), Stage(4, 50, 0.25), Stage(1, 50, 0.25), Stage(1, 0, 0.25)]
    by_step = make(by="step", strength=((0.0, 0.0), (6.0, 1.0)))
    assert [by_step.at(step).strength for step in (0, 5, 6, 39)] == [0, 0, 1, 1]


def test_a_ramp_goes_straight_from_one_entry_to_the_next() -> None:
    made = make(by="step", ramp=True, longest=((0.0, 40.0), (10.0, 60.0)), strength=((0.0, 0.0), (20.0, 1.0)))
    assert [(made.at(step).longest, made.at(step).strength) for step in (0, 5, 10, 20)] == [
        (40, 0), (50, 0.25), (60, 0.5), (60, 1)]


@pytest.mark.parametrize("augment", [SlowFastAugment(), TwoStreamAugment(), MSKAAugment(), MambaAugment()])
def test_strength_goes_from_doing_nothing_to_what_the_recipe_says(augment: Any) -> None:
    assert at_strength(augment, 1) is augment
    nothing, half = at_strength(augment, 0), at_strength(augment, 0.5)
    for name in ("flip", "rescale", "jitter", "turned", "angle", "erase", "operations", "level"):
        assert getattr(nothing, name, 0) == 0
        if name != "operations":
            assert getattr(half, name, 0) == getattr(augment, name, 0) / 2
    assert getattr(nothing, "speed", (1, 1)) == getattr(nothing, "aspect", (1, 1)) == (1, 1)
    assert getattr(half, "speed", (0.75, 1.25)) == (0.75, 1.25)


def indices(order: StagedOrder) -> List[int]:
    return [draw.clip for draw in order]


def test_without_a_limit_the_order_is_that_of_an_epoch_without_a_curriculum() -> None:
    for rank in (0, 1):
        order = StagedOrder(make(strength=((0.0, 0.5),)), [9] * 7, 3, 2, rank, 2, 1, 1)
        assert indices(order) == EpochOrder(7, 3, 2, rank, 2).order


def test_short_clips_come_round_again_until_long_ones_are_let_in() -> None:
    lengths = [30, 31, 32, 33, 34, 35, 36, 37]
    curriculum = make(longest=((0.0, 32.0), (1.0, 34.0), (2.0, 0.0)))
    orders = [indices(StagedOrder(curriculum, lengths, 0, epoch, 0, 1, 2, 1)) for epoch in range(3)]
    assert [set(order) for order in orders] == [{0, 1, 2}, {0, 1, 2, 3, 4}, set(range(8))]
    assert all(len(order) == 8 for order in orders) and min(orders[0].count(index) for index in (0, 1, 2)) == 2
    sorted_ones = [indices(StagedOrder(make(short_first=1), lengths, 0, epoch, 0, 1, 2, 1)) for epoch in (0, 1)]
    assert sorted_ones[0] == list(range(8)) != sorted_ones[1]


def test_a_step_of_two_processes_is_in_one_stage() -> None:
    curriculum = make(by="step", frame_interval=((0.0, 5.0), (6.0, 1.0)), longest=((0.0, 40.0), (6.0, 0.0)))
    for rank in (0, 1):     # epoch 1 begins with step 4; 4 steps of 2 batches of 1 clip in each process
        order = StagedOrder(curriculum, [30] * 8 + [50] * 8, 0, 1, rank, 2, 1, 2)
        assert [draw.interval for draw in order] == [5] * 4 + [1] * 4
        assert max(indices(order)[:4]) < 8


@full
@pytest.mark.parametrize("workers", ["2"])
def test_a_resumed_curriculum_is_an_unbroken_one(data: Path, tmp_path: Path, workers: str) -> None:
    recipe, overrides = write_recipe(tmp_path), (*OVERRIDES, "data.workers", workers)
    make_trainer(data, tmp_path / "whole", recipe, overrides).run()
    killed = make_trainer(data, tmp_path / "killed", recipe, overrides)
    step = killed._step

    def stop(*arguments: Any) -> None:
        step(*arguments)
        if killed.epoch == 1:
            raise KeyboardInterrupt

    killed._step = stop      # type: ignore[method-assign,assignment]
    with pytest.raises(KeyboardInterrupt):
        killed.run()
    make_trainer(data, tmp_path / "killed", recipe, overrides, resume=True).run()
    whole, resumed = (checkpointing.load(tmp_path / name / LAST) for name in ("whole", "killed"))
    assert differing(whole, resumed) == []


def test_each_stage_trains_on_what_it_says_and_is_drawn(data: Path, tmp_path: Path) -> None:
    trainer = make_trainer(data, tmp_path, write_recipe(tmp_path), OVERRIDES)
    seen: List[Tuple[int, int]] = []        # epoch, frames of the longest clip before padding
    inputs = trainer.protocol.inputs

    def looked(batch: Any, device: torch.device) -> Any:
        if trainer.network.training:
            seen.append((trainer.epoch, int(batch.names[0].split("-")[1])))
        return inputs(batch, device)

    trainer.protocol.inputs = looked      # type: ignore[method-assign]
    trainer.run()
    assert {number for epoch, number in seen if epoch < 2} == {0, 1}        # of 30 and 31 frames
    assert {number for epoch, number in seen if epoch == 2} == set(range(6))
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert {name: [event.value for event in events.Scalars(f"curriculum/{name}")][0] for name in
            ("interval", "longest", "strength", "clips")} == {"interval": 3, "longest": 31, "strength": 0, "clips": 2}


@full
def test_two_processes_have_the_same_curriculum(data: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2",
               str(Path(train.__file__)), "-c", str(write_recipe(tmp_path)), "--data-root", str(data), "--device",
               "cpu", "--out", str(tmp_path / "out"), "--override", *OVERRIDES]
    done = subprocess.run(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert checkpointing.load(tmp_path / "out" / LAST)["training"]["step"] == 6


@pytest.mark.parametrize("pairs, message", [
    (["curriculum.longest", "[[5, 60], [2, 90]]"], "an entry ends before it begins"),
    (["curriculum.strength", "[[0, 0.1], [0, 0.2]]"], "an entry ends before it begins"),
    (["curriculum.strength", "[[0, 0.1], [3, 1]]"], "its last entry begins after 3 epochs and is never reached"),
    (["curriculum.strength", "[[0, 1.5]]"], "expected numbers from 0 to 1, got 1.5"),
    (["curriculum.strength", "[[.nan, 1]]"], "as whole numbers"),
    (["curriculum.strength", "[[.inf, 1]]"], "as whole numbers"),
    (["curriculum.longest", "[[0, 29]]"], "leave no clip of train, whose shortest has 30"),
    (["curriculum.longest", "[[0, 90], [1, 60]]"], "its lengths must grow"),
    (["curriculum.longest", "[[0, 0], [1, 60]]"], "clips can only become longer"),
    (["curriculum.longest", "[[0, 60.5]]"], "expected whole numbers"),
    (["curriculum.longest", "[[0, 60, 3]]"], r"expected a list of \[from, value\]"),
    (["curriculum.longest", "[0, 60]"], "expected a list"),
    (["curriculum.by", "month", "curriculum.short_first", "1"], "choose from epoch, step"),
    (["curriculum.by", "step"], "is empty"),
    (["curriculum.lenght", "[[0, 60]]"], "did you mean longest")])
def test_a_curriculum_that_is_none_is_one_line(data: Path, tmp_path: Path, pairs: List[str], message: str) -> None:
    with pytest.raises(UserError, match=message) as raised:
        make_trainer(data, tmp_path / "out", write_recipe(tmp_path), ("trainer.epochs", "3", *pairs))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("model", ["twostream", "mska"])
def test_a_network_that_draws_its_speed_has_no_interval(data: Path, tmp_path: Path, model: str) -> None:
    with pytest.raises(UserError, match=f"curriculum.frame_interval: {model} is trained on all frames"):
        make_trainer(data, tmp_path / "out", write_recipe(tmp_path, model), ("curriculum.frame_interval", "[[0, 2]]"))


@pytest.mark.parametrize("model, key, value", [
    ("twostream", "frame_interval", "2"), ("mska", "frame_interval", "2"), ("twostream", "image_scale", "0.5"),
    ("mska", "image_scale", "2"), ("mamba", "image_scale", "0.5")])
def test_what_a_network_s_feeder_does_not_heed_is_refused(data: Path, tmp_path: Path, model: str, key: str,
                                                          value: str) -> None:
    with pytest.raises(UserError, match=f"^data.{key} {value}: {model} .*; leave it out") as raised:
        make_trainer(data, tmp_path / "out", write_recipe(tmp_path, model), (f"data.{key}", value))
    assert "\n" not in str(raised.value)


def test_an_embedder_has_no_curriculum() -> None:
    with pytest.raises(UserError, match="curriculum: is for recognisers"):
        load_config(CONFIGS / "train_demo_arcface.yaml", ["curriculum.short_first", "1"])
