"""Restorers are trained by train.py as recognisers are."""
from pathlib import Path

import numpy as np
import pytest
import torch

import train
from datasets.corpora import open_corpus
from models.registry import build
from models.restorers import build_restorer
from poses.crops import CROPPED, Place
from tests.kit.restoring import checkpoint, drawn_clips, recipe
from tests.kit.tiers import full
from training import checkpointing, export
from training.crops import CropAugment, Crops, _sharpest, gather, sharpness


def run(folder: Path, out: str, *more: str) -> int:
    return train.main(["-c", str(folder / "recipe.yaml"), "--data-root", str(drawn_clips()), "--out",
                       str(folder / out), "--device", "cpu", *more])


@full
def test_a_resumed_training_ends_as_an_unbroken_one(tmp_path: Path) -> None:
    recipe(tmp_path)
    assert run(tmp_path, "whole") == 0
    assert run(tmp_path, "parts", "--override", "trainer.epochs", "1") == 0
    assert run(tmp_path, "parts") == 2          # holds a run
    assert run(tmp_path, "parts", "--resume") == 0
    resumed, unbroken = (checkpointing.load(tmp_path / name / "last.pt") for name in ("parts", "whole"))
    rates = [state["optimizer_state_dict"]["param_groups"][0]["lr"] for state in (resumed, unbroken)]
    assert rates == pytest.approx([0.2 * 2e-3] * 2)         # the schedule's milestone
    assert resumed["epoch"] == 2 and resumed["training"]["best"] == unbroken["training"]["best"]
    for key, value in unbroken["model_ema"].items():
        assert torch.equal(value, resumed["model_ema"][key])


@full
def test_the_loss_falls_below_that_of_no_network(tmp_path: Path) -> None:
    recipe(tmp_path, optimizer={"lr": 1e-2}, augment={"every": 4}, data={"dev": "train"}, schedule={"milestones": []})
    assert run(tmp_path, "run", "--override", "trainer.epochs", "20", "trainer.ema", "0.5") == 0
    assert checkpointing.load(tmp_path / "run" / "best.pt")["training"]["best"] < 0.8     # 1 before it is trained


def test_what_is_used_and_exported_is_the_average(tmp_path: Path) -> None:
    recipe(tmp_path)
    assert run(tmp_path, "run") == 0
    assert export.main([str(tmp_path / "run/best.pt"), str(tmp_path / "half.pt"), "--half"]) == 0
    averaged = checkpointing.load(tmp_path / "run/best.pt")["model_ema"]
    whole, half = (build_restorer(path).network.state_dict() for path in (tmp_path / "run/best.pt",
                                                                          tmp_path / "half.pt"))
    for key, value in averaged.items():
        assert torch.equal(whole[key], value)
        assert torch.allclose(half[key], value, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("more, said", [
    (("--extract", "features"), "--extract: a restorer of crops is trained"),
    (("--watch", "2"), "--watch: a restorer of crops is trained"),
    (("--override", "model.trunk", "other.pt"), "model.trunk other.pt: has no effect"),
    (("--override", "data.features", "store"), "data.features: is for recognisers; restorers"),
    (("--override", "trainer.accumulate", "2"), "trainer.accumulate 2: has no effect"),
    (("--override", "data.batch_size", "1000"), "less than one batch of 1000"),
    (("--override", "augment.every", "0"), "augment.every: expected from 1"),
])
def test_what_has_no_say_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture, more: tuple, said: str) -> None:
    recipe(tmp_path)
    more = tuple(str(tmp_path / word) if word == "features" else word for word in more)
    out = () if "--extract" in more else ("--out", str(tmp_path / "out"))
    assert train.main(["-c", str(tmp_path / "recipe.yaml"), "--data-root", str(drawn_clips()), *out, *more]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert said in error


def test_a_corpus_without_keypoints_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    recipe(tmp_path)
    root = tmp_path / "data"
    root.mkdir()
    for name in ("annotations", "features"):
        (root / name).symlink_to(drawn_clips() / name)
    assert train.main(["-c", str(tmp_path / "recipe.yaml"), "--data-root", str(root), "--out",
                       str(tmp_path / "out")]) == 2
    assert "keypoints.pkl: no such file; hands and faces are cut by keypoints" in capsys.readouterr().err


def test_a_restorer_is_not_taken_for_a_recogniser(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="not a checkpoint of SlowFastSign; it looks like one of the restorer"):
        build("slowfast", checkpoint(tmp_path))


def test_the_sharpest_of_each_part_are_kept() -> None:
    random = np.random.RandomState(0)
    crops = (random.rand(8, 6, 6, 3) * np.array([1, 5, 2, 7, 9, 3, 8, 4])[:, None, None, None] * 20).astype(np.uint8)
    parts = ["face", "left hand"] * 4
    kept = _sharpest(crops, [Place(0, part, 0, 0) for part in parts], 0.5)
    assert kept.tolist() == [1, 3, 4, 6]
    assert np.argsort(sharpness(crops)).tolist() == [0, 2, 5, 7, 1, 3, 6, 4]


def test_crops_are_the_frames_own_pixels(tmp_path: Path) -> None:
    corpus = open_corpus(drawn_clips())
    crops = gather(corpus, "dev", "fullFrame-256x256px", 32, CropAugment(every=20, sharpest=1), 0, True)
    assert crops.shape[1:] == (32, 32, 3) and crops.dtype == np.uint8 and len(crops) >= len(CROPPED)
    few = gather(corpus, "dev", "fullFrame-256x256px", 32, CropAugment(every=20, sharpest=1, most=2), 0, True)
    assert len(few) == 2 and all(any((crop == other).all() for other in crops) for crop in few)


def test_a_crop_is_moved_and_mirrored_but_never_changed() -> None:
    crops = np.random.RandomState(0).randint(0, 256, (1, 12, 12, 3)).astype(np.uint8)
    windows = {crops[0, top:top + 8, left:left + 8][:, ::way].tobytes() for top in range(5) for left in range(5)
               for way in (1, -1)}
    seen = set()
    for seed in range(40):
        torch.manual_seed(seed)
        taken = Crops(crops, 2, 0.5)[0]
        assert taken.shape == (3, 8, 8)
        seen.add(((taken + 1) * 127.5).round().byte().permute(1, 2, 0).numpy().tobytes())
    assert seen <= windows and len(seen) > 10
