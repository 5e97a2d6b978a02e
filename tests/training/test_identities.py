"""Embedders are trained by train.py as recognisers are."""
import math
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import yaml

import train
from models.registry import build_embedder
from tests.kit.networks import SMALL_EMBEDDERS
from tests.kit.people import tiny_market
from training import checkpointing
from training.identities import Margin, MarginWeights


def recipe(folder: Path) -> Path:
    architecture = {**yaml.safe_load((Path(train.__file__).parent / "configs/arcface.yaml").read_text()),
                    **SMALL_EMBEDDERS["arcface"], "size": 32}
    (folder / "small.yaml").write_text(yaml.safe_dump(architecture))
    (folder / "recipe.yaml").write_text(yaml.safe_dump({
        "model": {"architecture": "small.yaml"}, "data": {"batch_size": 4, "workers": 0},
        "loss": {"scale": 8.0, "margin": 0.2}, "optimizer": {"name": "adamw", "lr": 1e-2},
        "trainer": {"epochs": 2, "clip": 5.0}}))
    return folder / "recipe.yaml"


def run(folder: Path, out: str, *more: str) -> int:
    return train.main(["-c", str(folder / "recipe.yaml"), "--data-root", str(folder / "market"), "--out",
                       str(folder / out), "--device", "cpu", *more])


def test_train_writes_a_checkpoint_that_compare_takes_and_goes_on_where_it_was(tmp_path: Path) -> None:
    recipe(tmp_path)
    tiny_market(tmp_path / "market")
    assert run(tmp_path, "whole") == 0
    loaded = build_embedder("arcface", tmp_path / "whole" / "best.pt")
    assert loaded.architecture["size"] == 32
    assert run(tmp_path, "parts", "--override", "trainer.epochs", "1") == 0
    assert run(tmp_path, "parts") == 2          # holds a run
    assert run(tmp_path, "parts", "--resume") == 0
    assert checkpointing.load(tmp_path / "parts" / "last.pt")["epoch"] == 2


def test_the_loss_falls_on_people_it_sees_again(tmp_path: Path) -> None:
    recipe(tmp_path)
    tiny_market(tmp_path / "market")
    assert run(tmp_path, "run", "--override", "trainer.epochs", "6") == 0
    losses = [float(line.split("loss ")[1].split(",")[0]) for line in (tmp_path / "run" / "train.log").read_text()
              .splitlines() if "loss" in line]
    assert losses[-1] < losses[0]


def test_a_margin_makes_the_own_angle_wider() -> None:
    torch.manual_seed(0)
    margin = Margin(5, 7, MarginWeights(scale=10, margin=0.4))
    embeddings, people = torch.randn(3, 7), torch.tensor([1, 4, 0])
    cosines = (F.normalize(embeddings) @ F.normalize(margin.weight).T).detach().numpy()
    total = 0.0
    for row, own in zip(cosines, people.tolist()):
        row = 10 * np.array([math.cos(math.acos(value) + 0.4) if index == own else value
                             for index, value in enumerate(row)])
        total += math.log(np.exp(row).sum()) - row[own]
    assert margin(embeddings, people).item() == pytest.approx(total / 3, rel=1e-4)
