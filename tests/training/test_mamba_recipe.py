"""What of Mamba-SLR's training is its own: rates by layer, and an average of the weights."""
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from models.registry import build
from terminal.errors import UserError
from tests.kit import networks
from tests.kit.tiers import full
from tests.kit.training import make_trainer, write_data, write_recipe
from training.averaging import RunningAverage
from training.parameter_groups import layer_decayed


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("workspace"))


def test_rates_fall_towards_the_stem_and_temporal_layers_keep_theirs() -> None:
    network = networks.recogniser("mamba").network          # 3 blocks
    rates = {}
    for group in layer_decayed(network, 3, 0.05, 0.75):
        for parameter in group["params"]:
            rates[id(parameter)] = (group["scale"], group["weight_decay"])
    named = {name: rates[id(parameter)] for name, parameter in network.named_parameters()}
    assert named["cls_token"] == (0.75 ** 4, 0.0)
    assert named["patch_embed.stem.weight"] == (0.75 ** 4, 0.05)
    assert named["layers.0.spatial_mixer.in_proj.weight"] == (0.75 ** 3, 0.05)
    assert named["layers.2.mlp.fc1.bias"] == (0.75, 0.0) and named["layers.2.spatial_norm.weight"] == (0.75, 0.0)
    assert named["layers.0.temporal_mixer.in_proj.weight"] == (1.0, 0.05)
    assert named["layers.0.temporal_norm.weight"] == (1.0, 0.0) and named["head.weight"] == (1.0, 0.05)
    assert len(rates) == len(list(network.parameters()))


def test_only_what_has_fractions_is_averaged() -> None:
    network: Any = nn.BatchNorm1d(2)
    average = RunningAverage(network, 0.75)
    with torch.no_grad():
        network.weight.add_(4)
        network.num_batches_tracked.add_(4)
    average.update()
    assert average.state()["weight"].tolist() == [2, 2] and int(average.state()["num_batches_tracked"]) == 4
    average.swap()
    assert network.weight.tolist() == [2, 2]
    average.swap()
    assert network.weight.tolist() == [5, 5] and average.state()["weight"].tolist() == [2, 2]


@full
def test_a_resumed_run_goes_on_with_its_average_to_the_bit(data: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, "mamba")
    ema = ("trainer.ema", "0.5", "schedule.name", "step")
    make_trainer(data, tmp_path / "whole", recipe, ema).run()
    make_trainer(data, tmp_path / "parts", recipe, (*ema, "trainer.epochs", "1")).run()
    make_trainer(data, tmp_path / "parts", recipe, ema, resume=True).run()
    whole, parts = (torch.load(tmp_path / name / "last.pt", weights_only=False) for name in ("whole", "parts"))
    for key, value in whole["model_ema"].items():
        assert torch.equal(value, parts["model_ema"][key]), key
    moved = [key for key, value in whole["model_ema"].items() if not torch.equal(value, whole["module"][key])]
    assert moved and not any(key.endswith("scan_indices") for key in moved)


def test_a_run_without_an_average_cannot_go_on_with_one(data: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, "mamba")
    make_trainer(data, tmp_path / "out", recipe, ("trainer.epochs", "1")).run()
    with pytest.raises(UserError, match="without trainer.ema"):
        make_trainer(data, tmp_path / "out", recipe, ("trainer.ema", "0.9"), resume=True)


def test_what_it_writes_is_explained_as_it_is(data: Path, tmp_path: Path) -> None:
    make_trainer(data, tmp_path / "out", write_recipe(tmp_path, "mamba"), ("trainer.epochs", "1", "trainer.ema",
                                                                           "0.5")).run()
    loaded: Any = build("mamba", tmp_path / "out" / "last.pt")
    assert loaded.vocabulary.names[1:] == ("ABEND", "REGEN", "WIND")
    assert any("as trained" in note for note in loaded.notes) and set(loaded.default_layers) <= set(loaded.layers)
