"""From frames on disk and a published file to cams.npz, at full size, as a user runs it."""
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import main
from models.registry import published_architecture
from results.cams import read_cams
from tests.golden import published, recipe
from tests.kit.tiers import full

NAMES = ("corrnetplus", "signgraph")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    manual, frames = root / "annotations" / "manual", root / "features" / "fullFrame-256x256px" / "dev" / "golden" / "1"
    manual.mkdir(parents=True)
    frames.mkdir(parents=True)
    for split in ("train", "dev", "test"):
        (manual / f"{split}.corpus.csv").write_text("id|folder|signer|annotation\ngolden|golden/1/*.png|S|REGEN WIND\n")
    for number, frame in enumerate(recipe.frames(26, 256, 256, 0)):
        cv2.imwrite(str(frames / f"{number:06d}.png"), frame[..., ::-1])
    return root


@full
@pytest.mark.parametrize("name", NAMES)
def test_the_files_hold_the_authors_logits_and_maps(name: str, data: Path, tmp_path: Path) -> None:
    golden = published.golden(name)
    weights = {f"module.{key}": value for key, value in published.state(name).items()}
    changes = published.COMPUTED_WITH.get(name)
    own = {"architecture": {**published_architecture(name), **changes}} if changes else {}
    torch.save({"epoch": 1, "model_state_dict": weights, **own,
                "rng_state": {"numpy": np.random.get_state()}}, tmp_path / "file.pt")
    assert main.main(["--data-root", str(data), "--split", "dev", "--seq", "golden", "--models", name,
                      f"--{name}-ckpt", str(tmp_path / "file.pt"), "--out", str(tmp_path / "out"), "--write", "cams",
                      "--device", "cpu", "--quiet"]) == 0
    explanation = read_cams(tmp_path / "out" / "golden" / "cams.npz")[name]
    assert abs(explanation.logits - golden["logits"]).max() <= 1e-4 * abs(golden["logits"]).max()
    assert len(explanation.layers) == 5
    for layer, layer_map in explanation.layers.items():
        ours, theirs = layer_map.laid.raw, golden[f"cam/{layer}"]
        assert abs(ours - theirs).max() <= published.FLOAT32.get(name, 5e-3) * theirs.max(), layer
        assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.9999, layer
