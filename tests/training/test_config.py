import dataclasses
from pathlib import Path
from typing import Any, Dict, Optional

import pytest

from models.registry import CONFIGS, EMBEDDERS, MODELS
from records.networks import RESTORER
from terminal.errors import UserError
from training.config import ModelConfig, OptimizerConfig, build, load_config, override
from training.feeder import SlowFastAugment
from training.feeder_twostream import TwoStreamAugment
from training.losses import SlowFastWeights, TwoStreamWeights
from training.recipe import DataConfig, ScheduleConfig, TrainerConfig


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("train_*.yaml")), ids=lambda path: path.stem)
def test_every_recipe_is_whole(path: Path) -> None:
    config, architecture = load_config(path)
    assert config.trainer.epochs > 0 and architecture["model"] in (*MODELS, *EMBEDDERS, RESTORER)


def test_overrides_reach_into_sections() -> None:
    config, _ = load_config(CONFIGS / "train_slowfast.yaml",
                            ["trainer.epochs", "1", "optimizer.lr", "1e-5", "schedule.milestones", "[3, 5]"])
    assert (config.trainer.epochs, config.optimizer.lr, config.schedule.milestones) == (1, 1e-5, (3, 5))


def test_published_protocol() -> None:
    config, _ = load_config(CONFIGS / "train_slowfast.yaml")
    assert (config.loss.Dist, config.loss.Slow, config.loss.Fast) == (25, 0.25, 0.25)
    assert (config.optimizer.lr, config.schedule.milestones, config.trainer.epochs) == (1e-4, (40, 60), 80)


@pytest.mark.parametrize("key, nearest", [("trainer.epoch", "epochs"), ("optimiser.lr", "optimizer"),
                                          ("loss.Dst", "Dist"), ("augment.flipp", "flip")])
def test_a_typo_names_the_nearest_key(key: str, nearest: str) -> None:
    with pytest.raises(UserError, match=f"did you mean {nearest}\\?"):
        load_config(CONFIGS / "train_slowfast.yaml", [key, "1"])


@pytest.mark.parametrize("pairs, message", [
    (["trainer.epochs"], "a key without a value"),
    (["trainer.epochs", "many"], "expected int, got 'many'"),
    (["optimizer.lr", "fast"], "expected a number, got 'fast'"),
    (["trainer.amp", "1"], "expected bool"),
    (["trainer.epochs", "true"], "expected int"),
    (["schedule.milestones", "3"], "expected a list"),
    (["trainer.epochs.more", "3"], "epochs is a value, not a section")])
def test_wrong_values_are_refused(pairs: list, message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_config(CONFIGS / "train_slowfast.yaml", pairs)


@pytest.mark.parametrize("key, value", [
    ("data.batch_size", "0"), ("data.eval_batch_size", "-1"), ("data.workers", "-1"), ("data.frame_interval", "0"),
    ("data.image_scale", "0"), ("data.image_scale", "nan"), ("optimizer.lr", ".nan"), ("optimizer.lr", "-1"),
    ("optimizer.lr", "inf"), ("optimizer.weight_decay", "nan"), ("optimizer.betas", "[2.0, 0.9]"),
    ("optimizer.betas", "[0.9]"), ("optimizer.betas", "[0.9, 1.0]"), ("schedule.milestones", "[-1]"),
    ("schedule.gamma", "nan"), ("schedule.floor", "7"), ("schedule.warmup", "-0.1"), ("trainer.epochs", "-1"),
    ("trainer.epochs", "0"), ("trainer.seed", "-1"), ("trainer.seed", str(2 ** 70)), ("trainer.accumulate", "0"),
    ("trainer.clip", "-1"), ("trainer.eval_every", "0"), ("trainer.beam", "-1"), ("trainer.cam_every", "-1"),
    ("trainer.cam_clips", "-1"), ("trainer.bad_losses", "0"), ("augment.flip", "7"), ("augment.rescale", "1.0"),
    ("loss.SeqCTC", "nan"), ("loss.Dist", "-1"), ("optimizer.lr", "1" + "0" * 400)])
def test_a_senseless_number_is_refused_with_what_it_may_be(key: str, value: str) -> None:
    with pytest.raises(UserError, match=f"{key}: expected "):
        load_config(CONFIGS / "train_slowfast.yaml", [key, value])


@pytest.mark.parametrize("value", ["[1.3, 0.75]", "[0.75]", "[0, 1]"])
def test_a_range_ascends(value: str) -> None:
    with pytest.raises(UserError, match="augment.aspect: expected 2 numbers in ascending order, each from 0.05 to 20"):
        load_config(CONFIGS / "train_twostream.yaml", ["augment.aspect", value])


def test_no_number_of_a_recipe_is_without_limits() -> None:
    for kind in (DataConfig, OptimizerConfig, ScheduleConfig, TrainerConfig, SlowFastAugment, TwoStreamAugment,
                 SlowFastWeights, TwoStreamWeights):
        for field in dataclasses.fields(kind):
            assert field.type in (str, bool, Optional[str]) or "within" in field.metadata, field.name


@pytest.mark.parametrize("value", ["[1", "a: b: c", "'"])
def test_a_value_that_is_no_yaml_is_refused(value: str) -> None:
    with pytest.raises(UserError, match="is not a YAML value"):
        load_config(CONFIGS / "train_slowfast.yaml", ["trainer.epochs", value])


def test_a_device_is_no_recipe() -> None:
    with pytest.raises(UserError, match="/dev/zero: not a file"):
        load_config(Path("/dev/zero"))


def test_a_missing_key_is_named() -> None:
    with pytest.raises(UserError, match="model: architecture is missing"):
        tree: Dict[str, Any] = {}
        override(tree, ["model.weights", "null"])
        build(ModelConfig, tree["model"], "model")


def test_yaml_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("a: [1")
    with pytest.raises(UserError, match="not YAML"):
        load_config(tmp_path / "broken.yaml")
    with pytest.raises(UserError, match="can't be read"):
        load_config(tmp_path / "nowhere.yaml")


def test_exponents_without_a_point_are_numbers() -> None:
    assert build(OptimizerConfig, {"lr": "1e-4"}, "optimizer").lr == 1e-4


@pytest.mark.parametrize("content, words", [
    (b"model: \xff\xfe", "not UTF-8 text"), (b"a: " + b"[" * 20_000, "not YAML"),
    (b"a: &x [1]\nb: *x\n", r"refers to another part of itself with \*"),
    (b"? [1]\n: 2", "not YAML"), (b"a: 9999-99-99", "not YAML"), (b"a: !!python/name:os.system x", "not YAML")])
def test_a_recipe_that_is_none_is_one_line(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "r.yaml").write_bytes(content)
    with pytest.raises(UserError, match=words) as error:
        load_config(tmp_path / "r.yaml")
    assert len(str(error.value)) < 500 and "\n" not in str(error.value)
