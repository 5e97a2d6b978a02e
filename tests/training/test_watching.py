import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, List

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import train
from cam_runner import explain
from poses.regions import REGIONS, SIDE
from records.question import Question
from terminal.errors import UserError
from tests.kit.tiers import first, full
from tests.kit.training import differing, make_trainer, write_data, write_recipe
from training import checkpointing
from training.checkpointing import LAST
from training.watching import EVEN, Watch, Watched, read_watched, share_of_regions


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("workspace"), clips=4)


def trained(data: Path, out: Path, recipe: Path, *flags: str) -> Path:
    assert train.main(["-c", str(recipe), "--data-root", str(data), "--device", "cpu", "--out", str(out), *flags]) == 0
    return out


def drawn(out: Path) -> Any:
    return EventAccumulator(str(out / "tensorboard")).Reload()


def test_shares_are_of_the_whole_map() -> None:
    labels = np.full((3, SIDE, SIDE), REGIONS.index("elsewhere"), np.uint8)
    labels[:, :16] = REGIONS.index("hands")
    maps = np.zeros((3, SIDE, SIDE))
    maps[0, 10, 10], maps[2, 40, 3] = 3, 1
    share = share_of_regions(maps, labels)
    assert share is not None and share.tolist() == [0.75, 0, 0, 0.25]
    assert share_of_regions(np.zeros((3, SIDE, SIDE)), labels) is None
    even = share_of_regions(np.ones((3, SIDE, SIDE)), labels)
    assert even is not None and even.tolist() == [0.25, 0, 0, 0.75]


@pytest.mark.parametrize("model", first(["slowfast", "vac", "twostream", "corrnet", "mska"]))
def test_each_evaluation_is_a_point_of_curves_that_add_up_to_one(data: Path, tmp_path: Path, model: str) -> None:
    out = trained(data, tmp_path / "out", write_recipe(tmp_path, model), "--watch", "2")
    events = drawn(out)
    layers = {tag.split("/")[1] for tag in events.Tags()["scalars"] if tag.startswith("watch/")}
    assert EVEN in layers and len(layers) > 2
    for layer in layers:
        empty = events.Scalars(f"watch/{layer}/{'hands' if layer == EVEN else 'empty'}")
        assert [point.step for point in empty] == [1, 2]
        shown = [point.step for point in empty if point.value < 1]      # of networks that hardly learnt some are empty
        if not shown:
            continue
        curves = [events.Scalars(f"watch/{layer}/{region}") for region in REGIONS]
        assert [point.step for point in curves[0]] == shown
        assert np.sum([[point.value for point in curve] for curve in curves], axis=0) == pytest.approx(1, abs=1e-5)
    assert "watched for" in (out / "train.log").read_text()


@full
def test_a_watched_training_is_the_same_training(data: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, "vac")
    seen = trained(data, tmp_path / "seen", recipe, "--watch", "1,conv2d.layer3")
    alone = trained(data, tmp_path / "alone", recipe)
    assert differing(checkpointing.load(seen / LAST), checkpointing.load(alone / LAST)) == []
    assert {tag.split("/")[1] for tag in drawn(seen).Tags()["scalars"] if tag.startswith("watch/")} == {
        EVEN, "conv2d.layer3"}


def test_what_is_trained_from_features_is_watched_with_its_backbone(data: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, "vac")
    assert train.main(["-c", str(recipe), "--data-root", str(data), "--device", "cpu", "--extract",
                       str(tmp_path / "store")]) == 0
    out = trained(data, tmp_path / "out", recipe, "--watch", "1", "--override", "data.features",
                  str(tmp_path / "store"))
    assert any(tag.startswith("watch/conv2d") for tag in drawn(out).Tags()["scalars"])


def test_what_parts_are_worth_is_what_the_intervention_says(data: Path, tmp_path: Path) -> None:
    """Of a network that reads something, as one that was hardly trained may not."""
    trainer = make_trainer(data, tmp_path, write_recipe(tmp_path, "vac"))
    watch = Watch(Watched(1, ("conv2d.layer4",), True), trainer.protocol, trainer.recogniser, trainer.samples.dev)
    trainer.recogniser.network.classifier.bias.data[0] = -30      # type: ignore[union-attr,operator,index]
    figures = watch.look()
    clip = replace(trainer.protocol.clip(trainer.samples.dev, 0), keypoints=watch.keypoints[0])
    made = explain(trainer.recogniser, clip, Question(target="each", layers=("conv2d.layer4",), parts=4))
    assert made.parts is not None and made.parts.glosses
    for number, part in enumerate(made.parts.glosses[0].parts):
        worth = [gloss.parts[number].value for gloss in made.parts.glosses]
        values = [value for value in worth if value is not None]
        if values:
            assert figures[f"watch/worth/{part.name}"] == pytest.approx(np.mean(values))
    assert sum(name.startswith("watch/worth/") for name in figures) >= 3


@pytest.mark.parametrize("text", ["", "0", "many", "2,", "2,,conv2d.layer1", "-1", "1.5"])
def test_what_is_no_number_of_clips_is_one_line(text: str) -> None:
    with pytest.raises(UserError, match="expected a number of dev clips"):
        read_watched(text, False)
    assert read_watched("3, a,b", True) == Watched(3, ("a", "b"), True)


@pytest.mark.parametrize("flags, message", [
    (["--watch", "2,conv2d.layer9"], "conv2d.layer9 is not a layer of vac with height and width; choose from"),
    (["--watch", "2,temporal_model"], "temporal_model is not a layer of vac with height and width"),
    (["--watch-parts"], "--watch-parts: it is for --watch"),
    (["--watch", "x"], "expected a number of dev clips")])
def test_wrong_flags_are_one_line(data: Path, tmp_path: Path, flags: List[str], message: str,
                                  capsys: pytest.CaptureFixture[str]) -> None:
    assert train.main(["-c", str(write_recipe(tmp_path, "vac")), "--data-root", str(data), "--device", "cpu", "--out",
                       str(tmp_path / "out"), *flags]) == 2
    assert message in capsys.readouterr().err.strip().splitlines()[-1]


def test_without_keypoints_it_is_one_line(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bare = shutil.copytree(data, tmp_path / "data", ignore=shutil.ignore_patterns("keypoints"))
    assert train.main(["-c", str(write_recipe(tmp_path, "vac")), "--data-root", str(bare), "--device", "cpu", "--out",
                       str(tmp_path / "out"), "--watch", "1"]) == 2
    assert "--watch: no keypoints in" in capsys.readouterr().err.strip().splitlines()[-1]
