import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np
import pytest
import torch
import yaml

import train
from models.registry import build
from terminal.errors import UserError
from tests.kit import networks
from tests.kit.tiers import first, full
from tests.kit.training import make_trainer, write_data, write_recipe
from training import feature_store
from training.backbones import find_backbone
from training.checkpointing import LAST
from training.extraction import StoredViews
from training.feature_store import FACTS, read_facts
from training.from_features import FeatureFeeder, FromFeatures
from training.trainer import Trainer


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips of 33 frames, but for one of 26."""
    root = write_data(tmp_path_factory.mktemp("workspace"), clips=4)
    for frame in range(26, 33):
        (root / f"features/fullFrame-256x256px/train/train-1/1/{frame:04d}.png").unlink()
    return root


def plain_recipe(folder: Path, model: str) -> Path:
    """Without a draw of a speed, or dropout, that would part two ways of training."""
    recipe = write_recipe(folder, model)
    tree = yaml.safe_load(recipe.read_text())
    still: Dict[str, Any] = {"rescale": 0.0} if "rescale" in tree["augment"] else {"speed": [1.0, 1.0], "jitter": 0.0}
    tree["augment"].update(still)
    if model == "twostream":
        tiny = yaml.safe_load((folder / "tiny.yaml").read_text())
        (folder / "tiny.yaml").write_text(yaml.safe_dump({**tiny, "dropout": 0.0}))
    recipe.write_text(yaml.safe_dump(tree))
    return recipe


def extract(recipe: Path, data: Path, folder: Path, *more: str) -> int:
    return train.main(["-c", str(recipe), "--data-root", str(data), "--device", "cpu", "--extract", str(folder), *more])


def from_store(data: Path, out: Path, recipe: Path, store: Path, *more: str) -> Trainer:
    return make_trainer(data, out, recipe, ("data.features", str(store), "trainer.epochs", "2", *more))


class Frozen(FromFeatures):
    """The same clips in the same views, but as frames through the backbone, which stays as it is."""

    def running(self) -> Any:
        from contextlib import nullcontext
        return nullcontext()

    def dataset(self, footage: Any, vocabulary: Any, train: bool) -> Any:
        feeder: Any = self.inner.untimed(footage, vocabulary, train)
        made = StoredViews(feeder, range(len(footage.entries)), 1, self.config.trainer.seed)
        made.asked = [(clip, 0) for clip in range(len(footage.entries))]
        return made

    def collate(self, network: Any) -> Any:
        return self.inner.collate(network)

    def inputs(self, batch: Any, device: torch.device) -> Any:
        return self.inner.inputs(batch, device)

    def tell(self) -> None:
        pass


def as_frozen(data: Path, out: Path, recipe: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> Trainer:
    import training.run

    monkeypatch.setattr(training.run, "FromFeatures", Frozen)
    trainer = from_store(data, out, recipe, Path("unused"), *more)
    monkeypatch.undo()
    backbone = trainer.protocol.backbone        # type: ignore[attr-defined]
    epoch = trainer._train_epoch

    def in_evaluation() -> float:
        train_mode = trainer.network.train

        def train(mode: bool = True) -> Any:
            train_mode(mode)
            backbone.module.eval()
            return trainer.network

        trainer.network.train = train      # type: ignore[method-assign,assignment]
        return epoch()

    trainer._train_epoch = in_evaluation      # type: ignore[method-assign]
    return trainer


class Plain(FeatureFeeder):
    """As it comes: neither the length rounded nor frames drawn anew."""

    def __init__(self, store: Any, footage: Any, vocabulary: Any, config: Any, timed: bool, train: bool) -> None:
        super().__init__(store, footage, vocabulary, config, False, train)


@pytest.mark.parametrize("model", first(["slowfast", "vac", "twostream", "smkd", "corrnet", "tlp", "swin", "sen",
                                         "corrnetplus", "signgraph"]))
def test_training_from_features_is_training_with_a_frozen_backbone(data: Path, tmp_path: Path, model: str,
                                                                   monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = plain_recipe(tmp_path, model)
    assert extract(recipe, data, tmp_path / "store", "--override", "trainer.seed", "0") == 0
    # Where a backbone sees each frame alone clips of unequal length share batches; others fill them up otherwise.
    batch = "2" if model in ("vac", "smkd", "tlp", "swin") else "1"
    more: Tuple[str, ...] = ("data.batch_size", batch, "data.eval_batch_size", "1", "optimizer.lr", "0.001")
    if model == "twostream":
        more = (*more, "loss.pyramid_rgb", "0", "loss.pyramid_keypoint", "0")
    frozen = as_frozen(data, tmp_path / "frozen", recipe, monkeypatch, *more)
    frozen.run()
    monkeypatch.setattr("training.from_features.FeatureFeeder", Plain)
    stored = from_store(data, tmp_path / "stored", recipe, tmp_path / "store", *more)
    before = {name: value.clone() for name, value in stored.network.named_parameters()}
    stored.run()
    name = stored.protocol.backbone.name      # type: ignore[attr-defined]
    moved, largest = 0, 0.0
    for (key, one), other in zip(frozen.network.state_dict().items(), stored.network.state_dict().values()):
        if key in before and not key.startswith(name):
            moved += int(not torch.equal(before[key], other))
        if one.is_floating_point():
            largest = max(largest, float((one - other).abs().max() / one.abs().max().clamp(min=1e-3)))
    assert moved > 3 and largest < 1e-6
    assert abs(frozen.best - stored.best) < 1e-9


@pytest.mark.parametrize("model", first(["vac", "slowfast", "twostream"]))
def test_losses_from_features_equal_those_of_frames_to_a_millionth(data: Path, tmp_path: Path, model: str) -> None:
    """One step in training mode: what the backbone gives of the frames, against what was stored."""
    recipe = plain_recipe(tmp_path, model)
    assert extract(recipe, data, tmp_path / "store") == 0
    trainer = from_store(data, tmp_path / "out", recipe, tmp_path / "store")
    protocol: Any = trainer.protocol
    protocol.timed = protocol.timed and model != "twostream"
    store, entries = protocol.stores[True], trainer.samples.train.entries
    feeder: Any = protocol.inner.untimed(trainer.samples.train, trainer.recogniser.vocabulary, True)
    samples = [StoredViews(feeder, range(len(entries)), 1, 0)[number] for number in (0, 1)]
    stored = [Plain(store, trainer.samples.train, trainer.recogniser.vocabulary, trainer.config, False, True)[number]
              for number in (0, 1)]
    count = 2 if trainer.recogniser.frame_by_frame else 1
    frames = protocol.inner.collate(trainer.recogniser.network)(samples[:count])
    features = protocol.collate(trainer.recogniser.network)(stored[:count])
    trainer.network.train()
    protocol.backbone.module.eval()
    totals = []
    for batch, running, inputs in ((frames, None, protocol.inner.inputs), (features, protocol.running(),
                                                                           protocol.inputs)):
        torch.manual_seed(3)
        if running is None:
            outputs = trainer.network(*inputs(batch, torch.device("cpu")), batch.lengths)
            outputs = {key: value for key, value in outputs.items() if "_remain" not in key and key != "remain_lengths"}
        else:
            with running:
                outputs = trainer.network(*inputs(batch, torch.device("cpu")), batch.lengths)
        totals.append(protocol.losses(outputs, batch)[0].item())
    assert totals[0] == pytest.approx(totals[1], rel=1e-6)


@full
def test_what_is_trained_from_features_is_a_whole_checkpoint(data: Path, tmp_path: Path,
                                                             capsys: pytest.CaptureFixture[str]) -> None:
    recipe = write_recipe(tmp_path, "vac")
    assert extract(recipe, data, tmp_path / "store", "--views", "3", "--half") == 0
    assert train.main(["-c", str(recipe), "--data-root", str(data), "--device", "cpu", "--out", str(tmp_path / "out"),
                       "--override", "data.features", str(tmp_path / "store"), "trainer.cam_every", "2"]) == 0
    assert "3 stored views" in (tmp_path / "out" / "train.log").read_text()
    trained = build("vac", tmp_path / "out" / LAST)
    trainer = from_store(data, tmp_path / "again", recipe, tmp_path / "store")
    assert trainer.protocol.backbone.digest() == find_backbone(      # type: ignore[attr-defined]
        trained.architecture, build("vac", tmp_path / "out" / LAST, fold=False).network).digest()


@pytest.mark.parametrize("model", ["vac", "slowfast", "corrnet", "corrnetplus", "sen", "tlp", "signgraph", "swin"])
def test_who_sees_each_frame_alone_is_as_told(model: str) -> None:
    made = networks.recogniser(model)
    backbone: Any = made.network.conv2d
    frames = torch.rand(1, 3, 24, 64, 64)
    other = frames.clone()
    other[:, :, 12] = 0
    with torch.no_grad():
        changed = (backbone(frames) - backbone(other)).abs().amax((0, 1)) > 0
    assert bool(changed[12]) and (int(changed.sum()) == 1) == made.frame_by_frame


def test_an_extraction_that_was_stopped_goes_on(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = write_recipe(tmp_path, "vac")
    monkeypatch.setattr(feature_store, "CLIPS", 1)
    monkeypatch.setattr("training.extraction.CLIPS", 1)
    assert extract(recipe, data, tmp_path / "whole", "--views", "2") == 0
    assert extract(recipe, data, tmp_path / "stopped", "--views", "2") == 0
    for name in ("shard-00001.json", "shard-00002.json", "shard-00002.bin"):
        (tmp_path / "stopped" / "train" / name).unlink()
    kept = (tmp_path / "stopped" / "train" / "shard-00000.bin").stat().st_mtime_ns
    with pytest.raises(UserError, match="half-written: shard 2 of 4 is missing"):
        from_store(data, tmp_path / "out", recipe, tmp_path / "stopped")
    assert extract(recipe, data, tmp_path / "stopped", "--views", "2") == 0
    assert (tmp_path / "stopped" / "train" / "shard-00000.bin").stat().st_mtime_ns == kept
    for path in (tmp_path / "whole").glob("*/shard*"):
        assert path.read_bytes() == (tmp_path / "stopped" / path.parent.name / path.name).read_bytes()


@full
def test_two_processes_store_what_one_stores(data: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, "vac")
    assert extract(recipe, data, tmp_path / "one") == 0
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2",
               str(Path(train.__file__)), "-c", str(recipe), "--data-root", str(data), "--device", "cpu", "--extract",
               str(tmp_path / "two")]
    done = subprocess.run(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for path in (tmp_path / "one").glob("*/*"):
        assert path.read_bytes() == (tmp_path / "two" / path.parent.name / path.name).read_bytes()


def test_half_precision_is_half_the_disk_and_nearly_the_same(data: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, "slowfast")
    for name, flags in (("whole", ()), ("half", ("--half",))):
        assert extract(recipe, data, tmp_path / name, *flags) == 0
    whole, half = (tmp_path / name / "dev" / "shard-00000.bin" for name in ("whole", "half"))
    assert whole.stat().st_size == 2 * half.stat().st_size
    np.testing.assert_allclose(np.fromfile(half, np.float16), np.fromfile(whole, np.float32), rtol=1e-3, atol=1e-6)


def _change_facts(folder: Path, **changes: Any) -> None:
    path = folder / "train" / FACTS
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def _change_settings(folder: Path, **changes: Any) -> None:
    _change_facts(folder, settings={**read_facts(folder / "train").settings, **changes})


Damage = Tuple[Any, Tuple[str, ...], str]
DAMAGE: Dict[str, Damage] = {
    "missing": (lambda s: (s / "train" / FACTS).unlink(), (), "no features there"),
    "not ours": (lambda s: (s / "train" / FACTS).write_text("[]"), (), "not what train.py --extract writes"),
    "no number of channels": (lambda s: _change_facts(s, channels="x"), (), "not what train.py --extract writes"),
    "no JSON": (lambda s: (s / "train" / FACTS).write_bytes(b"\0"), (), "not what train.py --extract writes"),
    "cut": (lambda s: os.truncate(s / "train/shard-00000.bin", 100), (), "holds 100 bytes, its index announces"),
    "a broken index": (lambda s: (s / "train/shard-00000.json").write_text('{"rows": 3}'), (), "damaged"),
    "rows without end": (lambda s: (s / "train/shard-00000.json").write_text('{"rows": Infinity, "clips": []}'), (),
                         "damaged"),
    "rows beyond": (lambda s: (s / "train/shard-00000.json").write_text(
        (s / "train/shard-00000.json").read_text().replace("[[0, ", "[[9999, ", 1)), (), "its index announces"),
    "another checkpoint": (None, ("trainer.seed", "5"), "features of another checkpoint: backbone is"),
    "another split": (None, ("data.train", "test"), "features of another split: split is train there and test here"),
    "another interval": (None, ("data.frame_interval", "2"), "features of another recipe: frame_interval is 1 there"),
    "another seed": (lambda s: _change_settings(s, seed=9), (), r"recipe: seed is 9 there and \d+ here"),
    "another network": (lambda s: _change_facts(s, network="tlp"), (), "network is tlp there and vac here"),
    "frames in memory": (None, ("data.cache", "true"), "leave one of them out"),
    "a curriculum of strength": (None, ("curriculum.strength", "[[0, 0]]"), "curriculum.strength: stored features"),
}


@pytest.fixture(scope="module")
def stored(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stored")
    assert extract(write_recipe(folder, "vac"), data, folder / "store") == 0
    return folder


@pytest.mark.parametrize("name", DAMAGE)
def test_a_store_that_does_not_fit_is_one_line(data: Path, stored: Path, tmp_path: Path, name: str) -> None:
    import shutil

    change, overrides, message = DAMAGE[name]
    store = shutil.copytree(stored / "store", tmp_path / "store")
    if change is not None:
        change(store)
    with pytest.raises(UserError, match=message) as raised:
        from_store(data, tmp_path / "out", stored / "vac.yaml", store, *overrides)
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 400


def test_training_clips_have_views_that_differ_and_others_one(data: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, "vac")
    assert extract(recipe, data, tmp_path / "store", "--views", "2", "--override", "augment.flip", "0.5") == 0
    assert read_facts(tmp_path / "store" / "dev").views == 1
    store = from_store(data, tmp_path / "out", recipe, tmp_path / "store").protocol.stores[True]  # type: ignore
    assert any(not np.array_equal(store.read(clip, 0), store.read(clip, 1)) for clip in range(len(store.clips)))


def test_other_frames_are_one_line(stored: Path, tmp_path: Path) -> None:
    other = write_data(tmp_path / "data", clips=4)
    with pytest.raises(UserError, match="features of other frames: train-1 had 26 in"):
        from_store(other, tmp_path / "out", stored / "vac.yaml", stored / "store")


def test_features_are_enough_where_frames_are_gone(data: Path, stored: Path, tmp_path: Path) -> None:
    import shutil

    bare = shutil.copytree(data, tmp_path / "data", ignore=shutil.ignore_patterns("*.png"))
    from_store(bare, tmp_path / "out", stored / "vac.yaml", stored / "store").run()


@pytest.mark.parametrize("model", ["mska", "mamba"])
def test_networks_without_a_backbone_are_one_line(data: Path, tmp_path: Path, model: str,
                                                  capsys: pytest.CaptureFixture[str]) -> None:
    assert extract(write_recipe(tmp_path, model), data, tmp_path / "store") == 2
    assert f"{model} can't be trained from stored features" in capsys.readouterr().err


@pytest.mark.parametrize("flags", [["--views", "2"], ["--half"], ["--extract", "x", "--resume"],
                                   ["--extract", "x", "--out", "y"]])
def test_flags_that_do_not_go_together_are_one_line(tmp_path: Path, flags: List[str],
                                                    capsys: pytest.CaptureFixture[str]) -> None:
    assert train.main(["-c", str(write_recipe(tmp_path, "vac")), *flags]) == 2
    line, = capsys.readouterr().err.splitlines()
    assert flags[-1 if flags[0] != "--views" else 0] in line or "--out" in line
