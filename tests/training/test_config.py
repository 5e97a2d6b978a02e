from pathlib import Path
from typing import Any, Dict

import pytest

from models.registry import CONFIGS
from terminal.errors import UserError
from training.config import ModelConfig, OptimizerConfig, build, load_config, override


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("train_*.yaml")), ids=lambda path: path.stem)
def test_every_recipe_is_whole(path: Path) -> None:
    config, architecture = load_config(path)
    assert config.trainer.epochs > 0 and architecture["model"] in ("slowfast", "twostream", "vac", "corrnet", "mamba")


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
